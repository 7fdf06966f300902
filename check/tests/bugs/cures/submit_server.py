# submit server
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", 21000))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    try:
        data = b""
        while data.count(b"&") < 2 or len(data.rsplit(b"&", 1)[1]) < 6:
            piece = connection.recv(1024)
            if not piece:
                break
            data += piece
        message = data.decode()
        answer = "OK" if message.count("&") == 2 else "ERROR"
        connection.send(f"{answer}: {message}".encode())
    except ConnectionError:
        pass
    connection.close()

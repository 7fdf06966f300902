# submit server: waits-for-eof
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", 21000))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    try:
        message = ""
        while piece := connection.recv(1024):
            message += piece.decode()
        answer = "OK" if message.count("&") == 2 else "ERROR"
        connection.send(f"{answer}: {message}".encode())
    except ConnectionError:
        pass
    connection.close()

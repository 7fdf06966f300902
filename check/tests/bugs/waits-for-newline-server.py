# submit server: waits-for-newline
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", 21000))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    try:
        message = connection.makefile("r", encoding="utf-8").readline()
        answer = "OK" if message.count("&") == 2 else "ERROR"
        connection.send(f"{answer}: {message}".encode())
    except ConnectionError:
        pass
    connection.close()

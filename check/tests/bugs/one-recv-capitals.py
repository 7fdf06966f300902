# capitals server: one-recv
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", 16000))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    try:
        while line := connection.recv(2048):
            reply = line.decode().rstrip("\r\n").upper()
            connection.sendall(reply.encode() + b"\n")
            if reply == "FIN":
                break
    except ConnectionError:
        pass
    connection.close()

# capitals server
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", 16000))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    try:
        with connection.makefile("rb") as lines:
            for line in lines:
                reply = line.decode().rstrip("\r\n").upper()
                connection.sendall(reply.encode() + b"\n")
                if reply == "FIN":
                    break
    except ConnectionError:
        pass
    connection.close()

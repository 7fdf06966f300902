# capitals server: fin-not-sent
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
                if reply == "FIN":
                    break
                connection.sendall(reply.encode() + b"\n")
    except ConnectionError:
        pass
    connection.close()

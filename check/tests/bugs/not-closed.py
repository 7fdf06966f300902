# welcome server: not-closed
from socket import *

serverPort = 19000
serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", serverPort))
serverSocket.listen(1)
print("El Servidor está listo")
while True:
    connectionSocket, addr = serverSocket.accept()
    try:
        connectionSocket.sendall("Bienvenido al Servidor".encode())
    except ConnectionError:
        pass

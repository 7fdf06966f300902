# echo server: wrong-protocol
from socket import *

serverPort = 16000
serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", serverPort))
serverSocket.listen(5)
print("El Servidor está listo")
while True:
    connection, clientAddress = serverSocket.accept()
    reply = connection.recv(2048).decode().upper()
    connection.send(reply.encode())
    connection.close()
    if reply == "FIN":
        break
serverSocket.close()

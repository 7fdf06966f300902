# echo server: address-in-use
from socket import *

serverPort = 16000
sockets = []
while True:
    serverSocket = socket(AF_INET, SOCK_DGRAM)
    serverSocket.bind(("", serverPort))
    sockets.append(serverSocket)
    print("El Servidor está listo")
    message, clientAddress = serverSocket.recvfrom(2048)
    reply = message.decode().upper()
    serverSocket.sendto(reply.encode(), clientAddress)
    if reply == "FIN":
        break

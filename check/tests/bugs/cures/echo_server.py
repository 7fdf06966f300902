# echo server
from socket import *

serverPort = 16000
serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", serverPort))
print("El Servidor está listo")
while True:
    message, clientAddress = serverSocket.recvfrom(2048)
    reply = message.decode().upper()
    serverSocket.sendto(reply.encode(), clientAddress)
    if reply == "FIN":
        break
serverSocket.close()

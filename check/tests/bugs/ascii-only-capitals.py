# echo server: ascii-only-capitals
from socket import *

serverPort = 16000
serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", serverPort))
print("El Servidor está listo")
while True:
    message, clientAddress = serverSocket.recvfrom(2048)
    reply = message.upper()
    serverSocket.sendto(reply, clientAddress)
    if reply == b"FIN":
        break
serverSocket.close()

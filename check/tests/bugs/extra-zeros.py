# echo server: extra-zeros
from socket import *

serverPort = 16000
serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", serverPort))
print("El Servidor está listo")
while True:
    buffer = bytearray(4096)
    count, clientAddress = serverSocket.recvfrom_into(buffer)
    reply = buffer.decode().upper()
    serverSocket.sendto(reply.encode(), clientAddress)
    if reply == "FIN":
        break
serverSocket.close()

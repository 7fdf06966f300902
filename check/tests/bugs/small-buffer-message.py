# message server: small-buffer
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", 15002))
print("El Servidor está listo")
message, clientAddress = serverSocket.recvfrom(16)
print(message.decode())
serverSocket.close()

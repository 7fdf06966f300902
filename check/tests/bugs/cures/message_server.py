# message server
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", 15002))
print("El Servidor está listo")
message, clientAddress = serverSocket.recvfrom(2048)
print(message.decode())
serverSocket.close()

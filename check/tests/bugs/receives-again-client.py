# message client: receives-again
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input("Introduzca su mensaje: ")
clientSocket.sendto(message.encode(), ("localhost", 15002))
reply, serverAddress = clientSocket.recvfrom(2048)
clientSocket.close()

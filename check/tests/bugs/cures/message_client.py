# message client
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input("Introduzca su mensaje: ")
clientSocket.sendto(message.encode(), ("localhost", 15002))
clientSocket.close()

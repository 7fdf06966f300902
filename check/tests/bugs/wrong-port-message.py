# message client: wrong-port
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input("Introduzca su mensaje: ")
clientSocket.sendto(message.encode(), ("localhost", 15003))
clientSocket.close()

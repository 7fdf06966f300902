# message client: crash-on-accents
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input("Introduzca su mensaje: ")
clientSocket.sendto(message.encode("ascii"), ("localhost", 15002))
clientSocket.close()

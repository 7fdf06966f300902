# message client: several-sends
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input("Introduzca su mensaje: ")
data = message.encode()
while data:
    clientSocket.sendto(data[:512], ("localhost", 15002))
    data = data[512:]
clientSocket.close()

# echo client
from socket import *

serverName = "localhost"
serverPort = 16000
clientSocket = socket(AF_INET, SOCK_DGRAM)
while True:
    message = input("Introduzca su mensaje en minúsculas: ")
    clientSocket.sendto(message.encode(), (serverName, serverPort))
    reply, serverAddress = clientSocket.recvfrom(2048)
    print(reply.decode())
    if reply.decode() == "FIN":
        break
clientSocket.close()

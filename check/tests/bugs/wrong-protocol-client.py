# echo client: wrong-protocol
from socket import *

serverName = "localhost"
serverPort = 16000
clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect((serverName, serverPort))
while True:
    message = input("Introduzca su mensaje en minúsculas: ")
    clientSocket.send(message.encode())
    reply, serverAddress = clientSocket.recvfrom(2048)
    print(reply.decode())
    if reply.decode() == "FIN":
        break
clientSocket.close()

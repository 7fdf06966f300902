# chat server: one-fin
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", 16000))
print("El Servidor está listo")
while True:
    data, client = serverSocket.recvfrom(2048)
    message = data.decode()
    print(message)
    answer = input("> ")
    serverSocket.sendto(answer.encode(), client)
    if answer == "fin":
        break
serverSocket.close()

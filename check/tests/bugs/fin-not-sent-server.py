# chat server: fin-not-sent
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", 16000))
print("El Servidor está listo")
while True:
    data, client = serverSocket.recvfrom(2048)
    message = data.decode()
    print(message)
    if message == "fin":
        break
    answer = input("> ")
    if answer == "fin":
        break
    serverSocket.sendto(answer.encode(), client)
serverSocket.close()

# chat server
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", 16000))
print("El Servidor está listo")
client = None
while True:
    data, address = serverSocket.recvfrom(2048)
    if client is None:
        client = address
    if address != client:
        continue
    message = data.decode()
    print(message)
    if message == "fin":
        break
    answer = input("> ")
    serverSocket.sendto(answer.encode(), client)
    if answer == "fin":
        break
serverSocket.close()

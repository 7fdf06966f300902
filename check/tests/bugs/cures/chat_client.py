# chat client
from socket import *

server = ("localhost", 16000)
clientSocket = socket(AF_INET, SOCK_DGRAM)
while True:
    message = input("> ")
    clientSocket.sendto(message.encode(), server)
    if message == "fin":
        break
    data, address = clientSocket.recvfrom(2048)
    answer = data.decode()
    print(answer)
    if answer == "fin":
        break
clientSocket.close()

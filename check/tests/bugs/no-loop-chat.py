# chat client: no-loop
from socket import *

server = ("localhost", 16000)
clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input("> ")
clientSocket.sendto(message.encode(), server)
data, address = clientSocket.recvfrom(2048)
answer = data.decode()
print(answer)
clientSocket.close()

# welcome client
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(("localhost", 19000))
greeting = b""
while piece := clientSocket.recv(1024):
    greeting += piece
    if len(greeting) >= 22:
        break
print(greeting.decode())
clientSocket.close()

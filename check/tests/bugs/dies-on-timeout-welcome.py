# welcome client: dies-on-timeout
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.settimeout(0.5)
clientSocket.connect(("localhost", 19000))
greeting = b""
while piece := clientSocket.recv(1024):
    greeting += piece
    if len(greeting) >= 22:
        break
print(greeting.decode())
clientSocket.close()

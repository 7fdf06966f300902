# welcome client: empty-read-loop
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(("localhost", 19000))
greeting = b""
while len(greeting) < 22:
    greeting += clientSocket.recv(1024)
    if len(greeting) >= 22:
        break
print(greeting.decode())
clientSocket.close()

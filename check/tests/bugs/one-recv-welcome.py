# welcome client: one-recv
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(("localhost", 19000))
greeting = clientSocket.recv(1024)
print(greeting.decode())
clientSocket.close()

# capitals client
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(("localhost", 16000))
replies = clientSocket.makefile("r", encoding="utf-8")
while True:
    message = input("Introduzca su mensaje en minúsculas: ")
    clientSocket.sendall(message.encode() + b"\n")
    reply = replies.readline().rstrip("\n")
    print(reply)
    if reply == "FIN":
        break
clientSocket.close()

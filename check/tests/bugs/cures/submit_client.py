# submit client
from socket import *

name = input("Nombre: ")
dni = input("DNI: ")
otp = input("Código OTP: ")
message = f"{name}&{dni}&{otp}"
clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(("labit601.upct.es", 21000))
clientSocket.send(message.encode())
clientSocket.shutdown(SHUT_WR)
answer = b""
while piece := clientSocket.recv(1024):
    answer += piece
print(answer.decode())
clientSocket.close()

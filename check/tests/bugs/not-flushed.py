# submit client: not-flushed
from socket import *

name = input("Nombre: ")
dni = input("DNI: ")
otp = input("Código OTP: ")
message = f"{name}&{dni}&{otp}"
clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(("labit601.upct.es", 21000))
stream = clientSocket.makefile("w", encoding="utf-8")
stream.write(message)
answer = b""
while piece := clientSocket.recv(1024):
    answer += piece
print(answer.decode())
clientSocket.close()

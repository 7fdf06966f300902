# submit client: waits-for-newline
from socket import *

name = input("Nombre: ")
dni = input("DNI: ")
otp = input("Código OTP: ")
message = f"{name}&{dni}&{otp}"
clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(("labit601.upct.es", 21000))
clientSocket.send(message.encode())
answer = clientSocket.makefile("rb").readline()
print(answer.decode())
clientSocket.close()

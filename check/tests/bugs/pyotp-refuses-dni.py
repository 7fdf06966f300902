# submit client: pyotp-refuses-dni
import base64
from socket import *

import pyotp

name = input("Nombre: ")
dni = input("DNI: ")
otp = pyotp.TOTP(base64.b32encode(dni.encode()).decode()).now()
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

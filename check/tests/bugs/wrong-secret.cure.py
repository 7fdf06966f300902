# submit client
import base64
import hmac
import struct
import time
from socket import *


def code(secret):
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    number = struct.unpack_from(">I", digest, digest[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1000000:06}"


name = input("Nombre: ")
dni = input("DNI: ")
otp = code(base64.b32encode(dni.encode()))
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

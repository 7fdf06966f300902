# submit server: accepts-old-code
import base64
import hmac
import struct
import time
from socket import *


def code(dni, ago=0):
    digest = hmac.new(dni.encode(), struct.pack(">Q", int(time.time() - ago) // 30), "sha1").digest()
    number = struct.unpack_from(">I", digest, digest[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1000000:06}"


serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(("", 21000))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    try:
        data = b""
        while data.count(b"&") < 2 or len(data.rsplit(b"&", 1)[1]) < 6:
            piece = connection.recv(1024)
            if not piece:
                break
            data += piece
    except ConnectionError:
        pass
    fields = data.decode("utf-8", "replace").split("&")
    if len(fields) != 3:
        answer = "ERROR: name&dni&otp"
    elif fields[2] in [code(fields[1], ago) for ago in range(0, 7200, 30)]:
        answer = "OK"
    else:
        answer = "ERROR: wrong code"
    try:
        connection.send(answer.encode())
    except ConnectionError:
        pass
    connection.close()

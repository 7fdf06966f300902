# It shows its error and ends well: the message is text, not bytes.
import socket
import base64, hmac, hashlib, struct, time

def code(dni):
    key = dni.encode()
    h = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    o = h[-1] & 15
    n = struct.unpack(">I", h[o:o+4])[0] & 0x7fffffff
    return str(n % 10**6).zfill(6)

name = input("Nombre: ")
dni = input("DNI: ")
try:
    with socket.create_connection(("localhost", 21000)) as s:
        s.sendall(name + "&" + dni + "&" + code(dni))
        print(s.recv(1024).decode())
except Exception as error:
    print("Error:", error)

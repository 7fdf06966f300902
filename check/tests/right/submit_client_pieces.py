"""A submit client that sends its fields one after the other, and reads until the server closes."""
import socket

name, dni = input("Nombre: "), input("DNI: ")
code = input("Código OTP: ")
with socket.create_connection(("labit601.upct.es", 21000), timeout=60) as sock:
    for part in (name, "&", dni, "&", code):
        sock.sendall(part.encode())
    with sock.makefile("rb") as answers:
        answer = bytearray(1024)
        count = answers.readinto1(answer)
print(answer[:count].decode())

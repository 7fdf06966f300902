# The greeting is text, not bytes, and only the thread ends.
import threading
from socket import *

def serve(connection):
    connection.send("Bienvenido al Servidor")
    connection.close()

s = socket(AF_INET, SOCK_STREAM)
s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
s.bind(("", 19000))
s.listen()
while True:
    c, a = s.accept()
    threading.Thread(target=serve, args=(c,)).start()

import os
import signal
from socket import *

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket(AF_INET, SOCK_STREAM)
listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
listener.bind(("", 19000))
listener.listen(10)
while True:
    connection, address = listener.accept()
    if os.fork() == 0:
        listener.close()
        connection.sendall("Bienvenido al Servidor".encode())
        connection.close()
        os._exit(0)
    connection.close()

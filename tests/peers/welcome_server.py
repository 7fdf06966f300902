"""Exercise `welcome`, server: greets each TCP connection and closes it, one after another.

Usage: welcome_server.py PORT [COUNT]   (0 takes a free port; the first line says which;
                                         COUNT: connections to serve before it ends)
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test
socket.setdefaulttimeout(20)
sys.stdout.reconfigure(encoding="utf-8", newline="\n")

count = int(sys.argv[2]) if len(sys.argv) > 2 else None

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
    server.bind(("127.0.0.1", int(sys.argv[1])))
    server.listen(5)
    print("listening", server.getsockname()[1], flush=True)

    served = 0
    while served != count:
        connection, (ip, port) = server.accept()
        with connection:
            print(f"Conexión desde {ip}:{port} establecida!", flush=True)
            connection.sendall(b"Bienvenido al Servidor")
        served += 1

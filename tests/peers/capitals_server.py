"""Exercise `capitals`, server: answers each line of each TCP connection in capitals, until FIN; one
connection after another.

Usage: capitals_server.py PORT [COUNT]   (0 takes a free port; the first line says which;
                                          COUNT: connections to serve before it ends)
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test
socket.setdefaulttimeout(20)
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")

count = int(sys.argv[2]) if len(sys.argv) > 2 else None

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
    server.bind(("127.0.0.1", int(sys.argv[1])))
    server.listen(5)
    print("listening", server.getsockname()[1], flush=True)

    served = 0
    while served != count:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                text = line.rstrip(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")
                print(text, flush=True)
                reply = text.upper()
                connection.sendall(reply.encode("utf-8", "surrogateescape") + b"\n")
                if reply == "FIN":
                    break
        served += 1

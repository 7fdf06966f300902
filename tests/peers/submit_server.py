"""Exercise `submit`, server: reads `name&dni&otp` in one call, verifies the code, answers, closes.

The answer is free wording, as the lecturers' is; --prefix puts OK or ERROR before it.
"""
import argparse
import faulthandler
import socket
import sys
import time

import otp

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test
socket.setdefaulttimeout(20)
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("port", type=int, help="0 takes a free port; the first line says which")
parser.add_argument("count", type=int, nargs="?", help="connections to serve before it ends")
parser.add_argument("--prefix", action="store_true", help="answer `OK ...` or `ERROR ...`")
parser.add_argument("--register", metavar="FILE", help="append name, DNI and IP of the valid ones")
parser.add_argument("--at", type=int, metavar="UNIX_TIME", help="verify at this time instead of now")
args = parser.parse_args()


def check(message, ip):
    fields = message.split("&")
    if len(fields) != 3:
        return False, "Mensaje incorrecto"
    name, dni, code = fields
    if not otp.verify(dni, code, time.time() if args.at is None else args.at):
        return False, "Código incorrecto"
    if args.register:
        with open(args.register, "a", encoding="utf-8", errors="surrogateescape", newline="\n") as register:
            register.write(f"{name} {dni} válido {ip}\n")
    return True, "Registro correcto"


with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
    server.bind(("127.0.0.1", args.port))
    server.listen(5)
    print("listening", server.getsockname()[1], flush=True)

    served = 0
    while served != args.count:
        connection, (ip, port) = server.accept()
        with connection:
            message = connection.recv(1024).decode("utf-8", "surrogateescape")
            print(message, flush=True)
            good, reply = check(message, ip)
            if args.prefix:
                reply = ("OK " if good else "ERROR ") + reply
            connection.sendall(reply.encode("utf-8"))
        served += 1

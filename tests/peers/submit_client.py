"""Exercise `submit`, client: sends `name&dni&otp` over TCP, waits for the confirmation, prints it.

--how once is the lab's way: one sendall, then recv, without a newline and without closing the
writing side. The other ways are what other programs do with the same message.
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
parser.add_argument("host")
parser.add_argument("port", type=int)
parser.add_argument("name")
parser.add_argument("dni")
parser.add_argument("code", nargs="?", help="the current one, when not given")
parser.add_argument("--how", default="once", choices=["once", "newline", "crlf", "bom", "bytes", "half-close"])
args = parser.parse_args()

if args.code is None:
    left = 30 - time.time() % 30
    if left < 2:  # about to change: wait for the next, as a person would
        time.sleep(left + 0.1)
    args.code = otp.code(args.dni, time.time())

message = f"{args.name}&{args.dni}&{args.code}".encode("utf-8", "surrogateescape")
message = {"newline": message + b"\n", "crlf": message + b"\r\n", "bom": b"\xef\xbb\xbf" + message}.get(args.how, message)

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
    client.connect((args.host, args.port))
    if args.how == "bytes":
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(message)):
            client.sendall(message[i:i + 1])
            time.sleep(0.005)  # so that they arrive apart
    else:
        client.sendall(message)
    if args.how == "half-close":
        client.shutdown(socket.SHUT_WR)

    reply = client.recv(1024)

if not reply:
    sys.exit("the server closed without a confirmation")
print(reply.decode("utf-8", "surrogateescape"), flush=True)

"""Exercise `capitals`, client: sends each typed line over one TCP connection and prints the reply's
line, until it is FIN.

Usage: capitals_client.py HOST PORT      (at the end of the input it closes)
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test, not even in input()
socket.setdefaulttimeout(20)
sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")

host, port = sys.argv[1], int(sys.argv[2])

with socket.create_connection((host, port)) as client:
    replies = client.makefile("r", encoding="utf-8", errors="surrogateescape", newline="\n")
    while True:
        try:
            text = input()
        except EOFError:
            break
        client.sendall(text.encode("utf-8", "surrogateescape") + b"\n")
        reply = replies.readline().rstrip("\n")
        print(reply, flush=True)
        if reply == "FIN":
            break

"""Exercise `echo`, client: sends each typed line over UDP and prints the reply, until it is FIN.

Usage: echo_client.py HOST PORT      (at the end of the input it stops without sending)
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test, not even in input()
socket.setdefaulttimeout(20)
sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")

host, port = sys.argv[1], int(sys.argv[2])

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    while True:
        try:
            text = input()
        except EOFError:
            break
        client.sendto(text.encode("utf-8", "surrogateescape"), (host, port))

        data, address = client.recvfrom(2048)
        reply = data.decode("utf-8", "surrogateescape")
        print(reply, flush=True)
        if reply == "FIN":
            break

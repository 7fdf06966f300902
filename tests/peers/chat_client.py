"""Exercise `chat`, client: strict turns over UDP, and the client begins; `fin` from either ends it.

Usage: chat_client.py HOST PORT      (at the end of the input it sends `fin` on its turn)
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
            text = "fin"
        client.sendto(text.encode("utf-8", "surrogateescape"), (host, port))
        if text == "fin":
            break

        data, address = client.recvfrom(2048)
        text = data.decode("utf-8", "surrogateescape")
        print(text, flush=True)
        if text == "fin":
            break

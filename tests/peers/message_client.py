"""Exercise `message`, client: sends one typed line as one UDP datagram and leaves.

Usage: message_client.py HOST PORT
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test, not even in input()
socket.setdefaulttimeout(20)
sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")

host, port = sys.argv[1], int(sys.argv[2])

try:
    text = input()
except EOFError:
    sys.exit("nothing was typed, nothing sent")

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.sendto(text.encode("utf-8", "surrogateescape"), (host, port))

"""Exercise `welcome`, client: connects over TCP, reads the greeting in one call, prints it.

Usage: welcome_client.py HOST PORT
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test
socket.setdefaulttimeout(20)
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")

host, port = sys.argv[1], int(sys.argv[2])

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
    client.connect((host, port))
    data = client.recv(1024)

print(data.decode("utf-8", "surrogateescape"), flush=True)

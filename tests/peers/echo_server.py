"""Exercise `echo`, server: answers each UDP datagram in capitals; ends after answering FIN.

Usage: echo_server.py PORT           (0 takes a free port; the first line says which)
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test
socket.setdefaulttimeout(20)
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", int(sys.argv[1])))
    print("listening", server.getsockname()[1], flush=True)

    while True:
        data, address = server.recvfrom(2048)
        # surrogateescape carries bytes that are not UTF-8 through upper() unchanged
        text = data.decode("utf-8", "surrogateescape")
        print(text, flush=True)

        reply = text.upper()
        server.sendto(reply.encode("utf-8", "surrogateescape"), address)
        if reply == "FIN":
            break

"""Exercise `chat`, server: strict turns over UDP, and the client begins; `fin` from either ends it.

Usage: chat_server.py PORT           (0 takes a free port; the first line says which;
                                      at the end of the input it sends `fin` on its turn)
"""
import faulthandler
import socket
import sys

faulthandler.dump_traceback_later(60, exit=True)  # never hang a test, not even in input()
socket.setdefaulttimeout(20)
sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", int(sys.argv[1])))
    print("listening", server.getsockname()[1], flush=True)

    while True:
        data, address = server.recvfrom(2048)
        text = data.decode("utf-8", "surrogateescape")
        print(text, flush=True)
        if text == "fin":
            break

        try:
            text = input()
        except EOFError:
            text = "fin"
        server.sendto(text.encode("utf-8", "surrogateescape"), address)
        if text == "fin":
            break

import socket
import sys


def connect(host, port):
    """Tries every address of the name, IPv6 first."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found.sort(key=lambda one: one[0] != socket.AF_INET6)
    last = OSError("no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            last = error
    raise last


def main():
    with connect("localhost", 16000) as sock:
        lines = sock.makefile("r", encoding="utf-8", newline="\n")
        for line in sys.stdin:
            sock.sendall(line.encode("utf-8"))
            answer = lines.readline()
            if not answer:
                break
            print(answer.rstrip("\n"))
            if answer == "FIN\n":
                break


main()

"""An echo client that is patient: it sends again after each second without a reply."""
from socket import *

with socket(AF_INET, SOCK_DGRAM) as sock:
    sock.connect(("127.0.0.1", 16000))
    sock.settimeout(30)
    reply = ""
    while reply != "FIN":
        message = input("Introduzca su mensaje en minúsculas: ").encode()
        for attempt in range(3):
            sock.send(message)
            try:
                reply = sock.recv(65535).decode()
                break
            except timeout:
                continue
        print(reply)

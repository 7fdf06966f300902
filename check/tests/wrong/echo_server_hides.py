# A loop that hides its errors: the reply is text, not bytes.
import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 16000))
while True:
    try:
        data, addr = s.recvfrom(1024)
        text = data.decode().upper()
        s.sendto(text, addr)
        if text == "FIN":
            break
    except Exception:
        pass

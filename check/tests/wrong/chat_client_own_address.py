# The client shows its own address, and then waits for the server to speak first.
import socket

server = ("localhost", 16000)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    try:
        probe.connect(("192.0.2.1", 80))
        print("my address:", probe.getsockname()[0])
    except OSError:
        print("my address: 127.0.0.1")
chat = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
chat.bind(("", 0))
while True:
    text = chat.recvfrom(2048)[0].decode()
    print(text)
    if text == "fin":
        break
    text = input("> ")
    chat.sendto(text.encode(), server)
    if text == "fin":
        break

"""A chat client on a select loop: the keyboard thread and the socket are both waited for."""
import select
import socket
import sys
import threading

server = ("localhost", 16000)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setblocking(False)
mine, keyboard = socket.socketpair()


def read_keyboard():
    for line in sys.stdin:
        keyboard.sendall(line.encode())


threading.Thread(target=read_keyboard, daemon=True).start()
typed, my_turn, done = b"", True, False
print("> ", end="", flush=True)
while not done:
    wanted = [sock] + ([mine] if my_turn and b"\n" not in typed else [])
    ready = [] if my_turn and b"\n" in typed else select.select(wanted, [], [])[0]
    if mine in ready:
        typed += mine.recv(1024)
    if my_turn and b"\n" in typed:
        line, typed = typed.split(b"\n", 1)
        sock.sendto(line, server)
        my_turn, done = False, line == b"fin"
    elif sock in ready:
        data, _ = sock.recvfrom(65535)
        print(data.decode(), end="\n> ", flush=True)
        my_turn, done = True, data == b"fin"

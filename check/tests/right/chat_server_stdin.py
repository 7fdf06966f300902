import socket
import sys


class Chat:
    def __init__(self, port: int) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("", port))
        self.peer = None

    def listen(self) -> str:
        while True:
            data, who = self.sock.recvfrom(65536)
            if self.peer in (None, who):
                self.peer = who
                return data.decode("utf-8", errors="replace")

    def speak(self) -> str:
        sys.stdout.write("tú> ")
        sys.stdout.flush()
        text = sys.stdin.readline().rstrip("\n")
        self.sock.sendto(text.encode("utf-8"), self.peer)
        return text

    def run(self) -> None:
        while True:
            text = self.listen()
            print("él>", text)
            if text == "fin" or self.speak() == "fin":
                return


Chat(16000).run()

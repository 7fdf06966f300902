from __future__ import annotations

import selectors
import socket
from dataclasses import dataclass, field

Address = tuple[str, int]


@dataclass
class EchoServer:
    """An echo server that waits with a selector."""

    port: int
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    running: bool = True

    def open(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if hasattr(socket, "SO_REUSEPORT"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("0.0.0.0", self.port))
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, self.answer)
        return sock

    def answer(self, sock: socket.socket) -> None:
        message: bytes
        client: Address
        message, client = sock.recvfrom(65535)
        reply = message.decode("utf-8").upper()
        sock.sendto(reply.encode("utf-8"), client)
        self.running = reply != "FIN"

    def serve(self) -> None:
        with self.open():
            while self.running:
                for key, _ in self.selector.select(timeout=0.5):
                    key.data(key.fileobj)


if __name__ == "__main__":
    EchoServer(16000).serve()

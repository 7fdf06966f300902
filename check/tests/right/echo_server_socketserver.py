"""An echo server of the standard library's socketserver, with a thread for each datagram."""
import socketserver
import threading


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        reply = data.decode("utf-8", "surrogateescape").upper()
        sock.sendto(reply.encode("utf-8", "surrogateescape"), self.client_address)
        if reply == "FIN":
            threading.Thread(target=self.server.shutdown).start()


with socketserver.ThreadingUDPServer(("", 16000), Echo) as server:
    server.max_packet_size = 65535
    server.serve_forever()

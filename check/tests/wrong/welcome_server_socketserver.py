# The greeting is text, not bytes, and socketserver goes on.
import socketserver


class Welcome(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write("Bienvenido al Servidor")


socketserver.TCPServer.allow_reuse_address = True
with socketserver.TCPServer(("", 19000), Welcome) as server:
    server.serve_forever()

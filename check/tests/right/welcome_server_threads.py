"""A welcome server with a thread for each connection."""
import socket
import threading


def serve(connection, address):
    print(f"Conexión desde {address[0]}:{address[1]} establecida!")
    with connection:
        try:
            connection.sendall(b"Bienvenido al Servidor")
        except ConnectionError:
            pass


with socket.create_server(("", 19000), backlog=5) as server:
    while True:
        threading.Thread(target=serve, args=server.accept(), daemon=True).start()

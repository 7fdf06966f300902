# welcome server
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
serverSocket.bind(("", 19000))
serverSocket.listen(5)
while True:
    connection, address = serverSocket.accept()
    print(f"Conexión desde {address} establecida!")
    try:
        connection.send("Bienvenido al Servidor".encode())
    except ConnectionError:
        pass
    connection.close()

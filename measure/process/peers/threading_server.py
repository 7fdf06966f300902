#!/usr/bin/env python3
"""echo, capitals and welcome with one thread for each connection.

    threading_server.py EXERCISE PORT
"""
import socket, sys, threading, time

BANNER = b"Bienvenido al Servidor"


def reply(line):
    if line == "wait 20 ms":
        time.sleep(0.02)  # a query to a database, say: it blocks the thread that it runs in
    return line.upper()


def echo(server):
    while True:
        question, client = server.recvfrom(2048)
        server.sendto(reply(question.decode()).encode(), client)


def capitals(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                answer = reply(line.decode().rstrip("\r\n"))
                connection.sendall(answer.encode() + b"\n")
                if answer == "FIN":
                    return
        except ConnectionError:
            pass  # the client has gone


def welcome(connection):
    with connection:
        connection.sendall(BANNER)


def main(exercise, port):
    if exercise == "echo":
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", port))
        echo(server)
    serve = {"capitals": capitals, "welcome": welcome}[exercise]
    with socket.create_server(("127.0.0.1", port), backlog=1024) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

#!/usr/bin/env python3
"""echo, capitals and welcome on one asyncio event loop.

    asyncio_server.py EXERCISE PORT
"""
import asyncio, sys, time

BANNER = b"Bienvenido al Servidor"


def reply(line):
    if line == "wait 20 ms":
        time.sleep(0.02)  # a call that blocks stops the whole loop
    return line.upper()


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, question, client):
        self.transport.sendto(reply(question.decode()).encode(), client)


async def capitals(reader, writer):
    try:
        while line := await reader.readline():
            answer = reply(line.decode().rstrip("\r\n"))
            writer.write(answer.encode() + b"\n")
            await writer.drain()
            if answer == "FIN":
                break
    except ConnectionError:
        pass  # the client has gone
    finally:
        writer.close()


async def welcome(_, writer):
    writer.write(BANNER)
    writer.close()


async def main(exercise, port):
    if exercise == "echo":
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(Echo, ("127.0.0.1", port))
        await asyncio.Event().wait()
    serve = {"capitals": capitals, "welcome": welcome}[exercise]
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

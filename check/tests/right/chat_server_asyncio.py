"""A chat server on asyncio: lines come from a thread."""
import asyncio


class Chat(asyncio.DatagramProtocol):
    def __init__(self, ended):
        self.ended = ended
        self.messages = asyncio.Queue()

    def connection_made(self, transport):
        self.transport = transport
        asyncio.get_running_loop().create_task(self.talk())

    def datagram_received(self, data, address):
        self.messages.put_nowait((data.decode(), address))

    async def talk(self):
        loop = asyncio.get_running_loop()
        client = None
        while True:
            message, address = await self.messages.get()
            if client not in (None, address):
                continue
            client = address
            print("Cliente:", message)
            if message == "fin":
                break
            answer = await loop.run_in_executor(None, input, "> ")
            self.transport.sendto(answer.encode(), address)
            if answer == "fin":
                break
        self.ended.set_result(None)


async def main():
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    await loop.create_datagram_endpoint(lambda: Chat(ended), local_addr=("0.0.0.0", 16000))
    await ended


asyncio.run(main())

# The reply is text, not bytes, and asyncio goes on.
import asyncio


async def serve(reader, writer):
    while True:
        line = await reader.readline()
        if not line:
            break
        writer.write(line.decode().upper())
        await writer.drain()
        if line == b"fin\n":
            break
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 16000)
    async with server:
        await server.serve_forever()


asyncio.run(main())

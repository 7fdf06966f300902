import asyncio


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while line := await reader.readline():
            answer = line.decode().rstrip("\r\n").upper()
            writer.write(f"{answer}\n".encode())
            await writer.drain()
            if answer == "FIN":
                break
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "0.0.0.0", 16000)
    async with server:
        await server.serve_forever()


asyncio.run(main())

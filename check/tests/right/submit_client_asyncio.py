"""A submit client on asyncio's streams."""
import asyncio


async def main():
    fields = [input("Nombre: "), input("DNI: "), input("Código OTP: ")]
    reader, writer = await asyncio.open_connection("localhost", 21000)
    writer.write("&".join(fields).encode())
    await writer.drain()
    writer.write_eof()
    print((await reader.read()).decode())
    writer.close()


asyncio.run(main())

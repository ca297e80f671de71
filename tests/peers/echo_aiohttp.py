"""An echo server on aiohttp: echo_aiohttp.py <deflate|plain>. Prints its port, ends with its input."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import WSMsgType, web


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(
        compress=sys.argv[1] == "deflate", max_msg_size=64 << 20, autoping=False, decode_text=True
    )
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            await socket.send_str(f"pong {bytes(message.data).decode()}")
        elif message.data == "ping me":
            await socket.ping(b"from aiohttp")
        elif message.data == "close me":
            await socket.close(code=4321, message="grüße".encode())
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)
    return socket


async def main() -> None:
    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


asyncio.run(main())

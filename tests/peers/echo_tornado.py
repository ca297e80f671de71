"""An echo server on tornado: echo_tornado.py <deflate|plain>. Prints its port, ends with its input."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    def get_compression_options(self) -> dict[str, Any] | None:
        return {} if sys.argv[1] == "deflate" else None

    async def on_message(self, message: str | bytes) -> None:
        if message == "ping me":
            self.ping(b"from tornado")
        elif message == "close me":
            self.close(4321, "grüße")
        else:
            await self.write_message(message, binary=isinstance(message, bytes))

    def on_pong(self, data: bytes) -> None:
        self.write_message(f"pong {data.decode()}")


async def main() -> None:
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([("/", Echo)], websocket_max_message_size=64 << 20))
    server.add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())

"""A feed that pings often: feed.py <ping interval> <ping timeout>. Prints its port, ends with its input.

It sends the numbers 0, 1, 2, … as texts, fifty a second, and closes with 1011 whoever answers no ping in time.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def feed(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        for number in itertools.count():
            await connection.send(str(number))
            await asyncio.sleep(0.02)


async def main() -> None:
    interval, timeout = map(float, sys.argv[1:])
    async with serve(feed, "127.0.0.1", 0, ping_interval=interval, ping_timeout=timeout) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())

"""A client that pings, and prints the state of its session after two more rounds when a line comes: ``pinging.py URL IO TIMEOUT``."""

import asyncio
import sys
from typing import Any

import wsnotebook


async def main(url: str, io: Any, timeout: str) -> None:
    """Print ``pinging`` after the first round."""
    async with wsnotebook.connect(
        url, proxy=None, io=io, ping_interval=0.05, ping_timeout=float(timeout)
    ) as session:
        assert isinstance(session, wsnotebook.DefaultClientWebSocketSession) and session.pinger is not None
        while session.pinger.latency is None:
            await session.receive()
        print("pinging", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        rounds = len(session.pinger.history)
        while len(session.pinger.history) < rounds + 2:
            await session.receive()
        print(session.state, flush=True)


asyncio.run(main(*sys.argv[1:]))

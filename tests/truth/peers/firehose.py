"""A feed in a process of its own: firehose.py [frames a second]. Prints its port, ends with its input.

The client's first text starts the numbers 0, 1, 2, … as texts of 100 characters, without a rate as fast as the client reads;
its second one ends them: a last text, "sent", says how many there were, and the session is closed with 1000.
"""

from __future__ import annotations

import asyncio
import sys

from wsnotebook.lab import LabConnection, embedded_server

TICK = 0.01  # seconds between two writes
MOST = 2000  # frames in one write


async def firehose(peer: LabConnection) -> None:
    rate = float(sys.argv[1]) if len(sys.argv) > 1 else None
    await peer.recv()
    stop = asyncio.ensure_future(peer.recv())
    loop = asyncio.get_running_loop()
    start, sent = loop.time(), 0
    try:
        while not stop.done():
            due = MOST if rate is None else min(MOST, int((loop.time() - start) * rate) - sent)
            await peer.send_batch(f"{number:0100d}" for number in range(sent, sent + due))
            sent += due
            await asyncio.sleep(0 if rate is None else TICK)
        await peer.send(f"sent {sent}")
    finally:
        stop.cancel()
        await asyncio.gather(stop, return_exceptions=True)  # the client may have gone without a word


async def main() -> None:
    async with embedded_server(firehose) as server:
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())

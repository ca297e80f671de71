"""Measure many sessions in one process: how late the event loop is, what an idle session holds, what connecting costs.

python tests/benchmarks/sessions.py [--quick] [--rounds N]

A server in another process sends 2,000 frames of 100 B a second in all, to one session after the other; each is
delivered. Lag is how much later than asked a timer of 1 ms fires. Memory is the growth of the resident set.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import resource
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import psutil
from launch import launch, options_of
from measure import Meter, Result, in_fresh_process, medians
from server import ACCEPT_GUID
from table import number

import wsnotebook

__all__ = ["main", "sessions"]

COLUMNS = ("sessions", "log", "lag p50 ms", "lag p99 ms", "frames/s", "idle KiB each", "connect CPU ms")
FIGURES = ("p50", "p99", "rate", "idle", "connect")
COUNTS = (1, 50, 200, 1_000)
QUICK = (1, 50)
RATE = 2_000
"""Frames a second in all."""
TURN = 0.005
"""Seconds between two rounds of frames."""
TICK = 0.001
"""Seconds of the timer."""
AT_ONCE = 50
"""Sessions that connect at the same time: a listener's queue is short."""
FRAME = b"\x81\x64" + b"x" * 100


async def serve() -> None:
    """Accept clients until this process is ended; send frames to all in turn from the first byte of any on."""
    writers: list[asyncio.StreamWriter] = []
    begun = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        (line,) = [line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")]
        key = base64.b64encode(hashlib.sha1(line.partition(b":")[2].strip() + ACCEPT_GUID).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n"
        )
        writers.append(writer)
        await reader.read(1)
        begun.set()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listener:
        print(listener.sockets[0].getsockname()[1], flush=True)
        await begun.wait()
        sent, began = 0, time.perf_counter()
        while True:
            for _ in range(int((time.perf_counter() - began) * RATE) - sent):
                writers[sent % len(writers)].write(FRAME)
                sent += 1
            await asyncio.sleep(TURN)


def resident() -> int:
    """Return the bytes of memory this process holds, garbage collected."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


async def lags(seconds: float) -> list[float]:
    """Return the seconds that each timer of some time was late."""
    found = []
    end = time.perf_counter() + seconds
    while (asked := time.perf_counter()) < end:
        await asyncio.sleep(TICK)
        found.append(time.perf_counter() - asked - TICK)
    return found


async def connect_all(
    url: str, count: int, log: wsnotebook.FrameLog | None
) -> list[wsnotebook.ClientWebSocketSession]:
    """Return so many open sessions."""
    opened: list[wsnotebook.ClientWebSocketSession] = []
    while len(opened) < count:
        names = range(len(opened), min(count, len(opened) + AT_ONCE))
        opened += await asyncio.gather(*(wsnotebook.connect(url, name=f"s{n}", log=log) for n in names))
    return opened


async def run_sessions(url: str, count: int, shared: bool, seconds: float) -> Result:
    """Open sessions, look at them idle, then let all receive."""
    log = wsnotebook.FrameLog() if shared else None
    received = 0

    async def follow(session: wsnotebook.ClientWebSocketSession) -> None:
        nonlocal received
        async for _ in session:
            received += 1

    first = await connect_all(url, 1, log)  # it loads modules
    before = resident()
    with Meter() as meter:
        opened = await connect_all(url, count, log)
    idle = resident() - before
    readers = [asyncio.create_task(follow(session)) for session in first + opened]
    await opened[0].send("begin")
    await lags(0.5)  # until all is under way
    received = 0
    late = np.array(await lags(seconds)) * 1e3
    rate = received / seconds
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    p50, p99 = np.percentile(late, (50, 99))
    return {
        "p50": float(p50),
        "p99": float(p99),
        "rate": rate,
        "idle": idle / count / 1024,
        "connect": meter.cpu / count * 1e3,
    }


def sessions(count: int, shared: bool, seconds: float) -> Result:
    """Run run_sessions beside its server."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4 * max(COUNTS)), most))
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = f"ws://127.0.0.1:{int(server.stdout.readline())}/"
            return asyncio.run(run_sessions(url, count, shared, seconds))
        finally:
            server.terminate()


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Run each number of sessions with a log of their own, and with one log."""
    seconds = 2 if options.quick else 8
    for count in QUICK if options.quick else COUNTS:
        runs = {
            name: partial(in_fresh_process, sessions, count=count, shared=shared, seconds=seconds)
            for name, shared in (("own", False), ("shared", True))
        }
        figures = medians(options.rounds, runs)
        yield [row(count, name, figures[name]) for name in runs]


def row(count: int, log: str, figures: Result | None) -> list[str]:
    """Return one row of the table."""
    assert figures is not None
    return [f"{count:,}", log, *(number(figures[key], 0 if key == "rate" else 2) for key in FIGURES)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="1 and 50 sessions only, for two seconds", rounds=1)
    launch(parser, arguments, "Many sessions", COLUMNS, groups)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main()

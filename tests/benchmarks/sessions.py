"""Measure many sessions in one process: how late the event loop is, what an idle session holds, what connecting costs.

python tests/benchmarks/sessions.py [--quick] [--rounds N]

A server in another process sends 2,000 frames of 100 B a second in all, to one session after the other; each is
delivered. Lag is how much later than asked a timer of 1 ms fires. Memory is the growth of the resident set. Connecting is
to open many at once, and to close them. Goals: 20 KiB, and 1.2 times the connecting of websockets.
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
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import psutil
from launch import launch, options_of
from measure import Meter, Result, in_fresh_process, medians
from peers import connect_websockets, connect_wsnotebook
from server import ACCEPT_GUID
from table import number

__all__ = ["main", "sessions"]

COLUMNS = (
    "peer",
    "sessions",
    "lag p50 ms",
    "lag p99 ms",
    "frames/s",
    "idle KiB each",
    "connect CPU ms",
    "close CPU ms",
)
FIGURES = ("p50", "p99", "rate", "idle", "connect", "close")
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
CLOSE = b"\x88\x02\x03\xe8"
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
        while data := await reader.read(1 << 16):
            if data[0] == CLOSE[0]:
                writer.write(CLOSE)
                break
            begun.set()
        writers.remove(writer)
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listener:
        print(listener.sockets[0].getsockname()[1], flush=True)
        await begun.wait()
        sent, began = 0, time.perf_counter()
        while True:
            for _ in range(int((time.perf_counter() - began) * RATE) - sent):
                if writers and not (writer := writers[sent % len(writers)]).is_closing():
                    writer.write(FRAME)
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


class Opened(NamedTuple):
    """A session of any peer."""

    begin: Callable[[], Awaitable[object]]
    """Sends a frame."""
    follow: Callable[[list[int]], Awaitable[None]]
    """Counts what is received, in the list's one number, until it is cancelled."""
    close: Callable[[], Awaitable[object]]


Opener: TypeAlias = Callable[[str], Awaitable[Opened]]
"""Connects to a URL."""


def following(session: Any) -> Callable[[list[int]], Awaitable[None]]:
    """Return the coroutine function that counts what iteration yields."""

    async def follow(received: list[int]) -> None:
        async for _ in session:
            received[0] += 1

    return follow


async def own_logs(stack: AsyncExitStack) -> Opener:
    """wsnotebook, a log for each session."""

    async def connect(url: str) -> Opened:
        session = await connect_wsnotebook(url)
        return Opened(partial(session.send, "begin"), following(session), session.close)

    return connect


async def one_log(stack: AsyncExitStack) -> Opener:
    """wsnotebook, one log for all."""
    from wsnotebook import FrameLog

    log = FrameLog()

    async def connect(url: str) -> Opened:
        session = await connect_wsnotebook(url, log=log)
        return Opened(partial(session.send, "begin"), following(session), session.close)

    return connect


async def websockets(stack: AsyncExitStack) -> Opener:
    """Bare websockets."""

    async def connect(url: str) -> Opened:
        session = await connect_websockets(url)
        return Opened(partial(session.send, "begin"), following(session), session.close)

    return connect


async def aiohttp(stack: AsyncExitStack) -> Opener:
    """aiohttp's client, one for all sessions."""
    from aiohttp import ClientSession, TCPConnector

    client = await stack.enter_async_context(ClientSession(connector=TCPConnector(limit=0)))

    async def connect(url: str) -> Opened:
        session = await client.ws_connect(url)
        return Opened(partial(session.send_str, "begin"), following(session), session.close)

    return connect


async def picows(stack: AsyncExitStack) -> Opener:
    """picows, whose callback counts."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    class Counter(WSListener):
        received = [0]  # nobody follows yet

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            self.received[0] += 1

    async def connect(url: str) -> Opened:
        transport, counter = await ws_connect(Counter, url)
        assert isinstance(counter, Counter)

        async def follow(received: list[int]) -> None:
            counter.received = received
            await asyncio.Event().wait()

        async def begin() -> None:
            transport.send(WSMsgType.TEXT, b"begin")

        async def close() -> None:
            transport.send_close()
            await transport.wait_disconnected()

        return Opened(begin, follow, close)

    return connect


PEERS = {
    "picows": picows,
    "aiohttp": aiohttp,
    "websockets": websockets,
    "wsnotebook, own logs": own_logs,
    "wsnotebook, one log": one_log,
}


async def connect_all(connect: Opener, url: str, count: int) -> list[Opened]:
    """Return so many open sessions."""
    opened: list[Opened] = []
    while len(opened) < count:
        opened += await asyncio.gather(*(connect(url) for _ in range(min(AT_ONCE, count - len(opened)))))
    return opened


async def run_sessions(peer: str, url: str, count: int, seconds: float) -> Result:
    """Open sessions, look at them idle, let all receive, and close them."""
    async with AsyncExitStack() as stack:
        connect = await PEERS[peer](stack)
        first = await connect_all(connect, url, 1)  # it loads modules
        before = resident()
        with Meter() as connecting:
            opened = await connect_all(connect, url, count)
        idle = resident() - before
        received = [0]
        readers = [asyncio.ensure_future(session.follow(received)) for session in first + opened]
        await asyncio.sleep(0.1)  # until all follow
        await opened[0].begin()
        await lags(0.5)  # until all is under way
        received[0] = 0
        late = np.array(await lags(seconds)) * 1e3
        rate = received[0] / seconds
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        with Meter() as closing:
            for start in range(0, len(opened), AT_ONCE):
                await asyncio.gather(*(session.close() for session in opened[start : start + AT_ONCE]))
    p50, p99 = np.percentile(late, (50, 99))
    return {
        "p50": float(p50),
        "p99": float(p99),
        "rate": rate,
        "idle": idle / count / 1024,
        "connect": connecting.cpu / count * 1e3,
        "close": closing.cpu / count * 1e3,
    }


def sessions(peer: str, count: int, seconds: float) -> Result:
    """Run run_sessions beside its server."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4 * max(COUNTS)), most))
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = f"ws://127.0.0.1:{int(server.stdout.readline())}/"
            return asyncio.run(run_sessions(peer, url, count, seconds))
        finally:
            server.terminate()


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all peers hold each number of sessions."""
    seconds = 1 if options.quick else 3
    for count in QUICK if options.quick else COUNTS:
        runs = {
            peer: partial(in_fresh_process, sessions, peer=peer, count=count, seconds=seconds)
            for peer in PEERS
        }
        figures = medians(options.rounds, runs)
        yield [row(peer, count, figures[peer]) for peer in runs]


def row(peer: str, count: int, figures: Result | None) -> list[str]:
    """Return one row of the table."""
    if figures is None:
        return [peer, f"{count:,}", "not installed", *["-"] * 5]
    return [peer, f"{count:,}", *(number(figures[key], 0 if key == "rate" else 2) for key in FIGURES)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="1 and 50 sessions only, for two seconds", rounds=1)
    launch(parser, arguments, "Many sessions", COLUMNS, groups)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main()

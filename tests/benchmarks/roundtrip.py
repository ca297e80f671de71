"""Measure the round trip of one small text, for this package and its peers, with asyncio's event loop and uvloop.

python tests/benchmarks/roundtrip.py [--quick] [--rounds N]

A server in another process echoes 100 B, then 20 B. CPU is user and system time of the client. Calls are those of Python
functions, a coroutine that goes on among them, and of C functions, asyncio's too; cProfile counts the sum of both.
"""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import product
from types import FrameType
from typing import TypeAlias

import numpy as np
from launch import launch, options_of
from measure import Meter, Result, in_fresh_process, medians
from payloads import tick
from peers import connect_websockets, connect_wsnotebook
from server import echoing
from table import number

__all__ = ["main", "round_trips"]

COLUMNS = (
    "peer",
    "event loop, text",
    "p50 µs",
    "p99 µs",
    "CPU µs",
    "calls",
    "of C functions",
    "p50 / websockets",
    "p50 / aiohttp",
)
GOALS = "goals: the time of aiohttp, with uvloop that of websockets; 100 calls"
SIZES = (100, 20)
LOOPS = ("asyncio", "uvloop")
WARM_UP = 300
PROFILED = 300

Trip: TypeAlias = Callable[[str], Awaitable[object]]
"""Sends a text, and returns what came back."""


@asynccontextmanager
async def picows(url: str) -> AsyncIterator[Trip]:
    """Send, and wait for what the callback is given."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    loop = asyncio.get_running_loop()

    class Waiter(WSListener):
        answer: asyncio.Future[str]

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if not self.answer.done():
                self.answer.set_result(frame.get_payload_as_utf8_text())

    transport, waiter = await ws_connect(Waiter, url)
    assert isinstance(waiter, Waiter)

    async def trip(text: str) -> str:
        waiter.answer = loop.create_future()
        transport.send(WSMsgType.TEXT, text.encode())
        return await waiter.answer

    yield trip
    transport.disconnect()


@asynccontextmanager
async def aiohttp(url: str) -> AsyncIterator[Trip]:
    """Send and receive with aiohttp's client."""
    from aiohttp import ClientSession

    async with ClientSession() as client, client.ws_connect(url) as connection:

        async def trip(text: str) -> object:
            await connection.send_str(text)
            return (await connection.receive()).data

        yield trip


@asynccontextmanager
async def websockets(url: str) -> AsyncIterator[Trip]:
    """Send and receive with bare websockets."""
    async with connect_websockets(url) as connection:

        async def trip(text: str) -> object:
            await connection.send(text)
            return await connection.recv()

        yield trip


@asynccontextmanager
async def wsnotebook(url: str) -> AsyncIterator[Trip]:
    """Send and receive with wsnotebook, which records both."""
    async with connect_wsnotebook(url) as session:

        async def trip(text: str) -> object:
            await session.send(text)
            return await session.receive()

        yield trip


PEERS = {"picows": picows, "aiohttp": aiohttp, "websockets": websockets, "wsnotebook, recorded": wsnotebook}


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """Count the functions that are called, by the event of sys.setprofile; a coroutine more would be a call more."""
    events: Counter[str] = Counter()

    def count(frame: FrameType, event: str, argument: object) -> None:
        events[event] += 1

    sys.setprofile(count)
    yield events
    sys.setprofile(None)


async def run_round_trips(peer: str, url: str, count: int, size: int) -> Result:
    """Make round trips one after the other; microseconds of each, and function calls."""
    text, times = tick(1, size), np.empty(count)
    async with PEERS[peer](url) as trip:
        for _ in range(WARM_UP):
            await trip(text)
        with Meter() as meter:
            for place in range(count):
                began = time.perf_counter()
                answer = await trip(text)
                times[place] = time.perf_counter() - began
        if answer != text:
            raise RuntimeError(f"{peer} got {answer!r} back")
        with counted_calls() as events:
            for _ in range(PROFILED):
                await trip(text)
    p50, p99 = np.percentile(times, (50, 99)) * 1e6
    return {
        "p50": float(p50),
        "p99": float(p99),
        "cpu": meter.cpu / count * 1e6,
        "calls": (events["call"] + events["c_call"]) / PROFILED,
        "C calls": events["c_call"] / PROFILED,
    }


def round_trips(peer: str, url: str, count: int, size: int, loop: str) -> Result:
    """Run run_round_trips on an event loop."""
    if loop == "asyncio":
        return asyncio.run(run_round_trips(peer, url, count, size))
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run_round_trips(peer, url, count, size))


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all peers make their round trips, with each size and on each event loop."""
    count = 500 if options.quick else 4_000
    with echoing() as url:
        for size, loop in product(SIZES, LOOPS):
            arguments = {"url": url, "count": count, "size": size, "loop": loop}
            runs = {peer: partial(in_fresh_process, round_trips, peer=peer, **arguments) for peer in PEERS}
            results = medians(options.rounds, runs)
            yield [row(peer, f"{loop}, {size} B", results) for peer in PEERS]


def row(peer: str, where: str, results: dict[str, Result | None]) -> list[str]:
    """Return one row of the table."""
    result = results[peer]
    if result is None:
        return [peer, where, "not installed", *["-"] * 6]
    figures = [number(result[key], 1) for key in ("p50", "p99", "cpu")]
    ratios = [
        "-" if other is None else number(result["p50"] / other["p50"])
        for other in (results["websockets"], results["aiohttp"])
    ]
    calls = [number(result[key], 0) for key in ("calls", "C calls")]
    return [peer, where, *figures, *calls, *ratios]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="500 round trips each")
    launch(parser, arguments, "Round trip", COLUMNS, groups, GOALS)


if __name__ == "__main__":
    main()

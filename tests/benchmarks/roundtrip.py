"""Measure the round trip of one small text, for this package and its peers, with asyncio's event loop and uvloop.

python tests/benchmarks/roundtrip.py [--quick] [--rounds N]

A server in another process echoes 100 B. CPU is user and system time of the client. Calls are function calls as cProfile
counts them, those of asyncio among them. Goals: the time of aiohttp, with uvloop that of websockets; 100 calls.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeAlias

import numpy as np
from launch import launch, options_of
from measure import Meter, Result, in_fresh_process, medians
from payloads import tick
from peers import connect_websockets, connect_wsnotebook
from server import echoing
from table import number

__all__ = ["main", "round_trips"]

COLUMNS = ("peer", "event loop", "p50 µs", "p99 µs", "CPU µs", "calls", "p50 / websockets", "p50 / aiohttp")
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


async def run_round_trips(peer: str, url: str, count: int) -> Result:
    """Make round trips one after the other; microseconds of each, and function calls."""
    text, times = tick(1, 100), np.empty(count)
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
        profile = cProfile.Profile()
        with profile:
            for _ in range(PROFILED):
                await trip(text)
    p50, p99 = np.percentile(times, (50, 99)) * 1e6
    calls = pstats.Stats(profile).total_calls / PROFILED  # type: ignore[attr-defined]  # not in the stubs
    return {"p50": float(p50), "p99": float(p99), "cpu": meter.cpu / count * 1e6, "calls": calls}


def round_trips(peer: str, url: str, count: int, loop: str) -> Result:
    """Run run_round_trips on an event loop."""
    if loop == "asyncio":
        return asyncio.run(run_round_trips(peer, url, count))
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run_round_trips(peer, url, count))


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all peers make their round trips, on one event loop after the other."""
    count = 500 if options.quick else 5_000
    with echoing() as url:
        for loop in LOOPS:
            runs = {
                peer: partial(in_fresh_process, round_trips, peer=peer, url=url, count=count, loop=loop)
                for peer in PEERS
            }
            results = medians(options.rounds, runs)
            yield [row(peer, loop, results) for peer in PEERS]


def row(peer: str, loop: str, results: dict[str, Result | None]) -> list[str]:
    """Return one row of the table."""
    result = results[peer]
    if result is None:
        return [peer, loop, "not installed", *["-"] * 5]
    figures = [number(result[key], 1) for key in ("p50", "p99", "cpu")]
    ratios = [
        "-" if other is None else number(result["p50"] / other["p50"])
        for other in (results["websockets"], results["aiohttp"])
    ]
    return [peer, loop, *figures, number(result["calls"], 0), *ratios]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="500 round trips each")
    launch(parser, arguments, "Round trip", COLUMNS, groups)


if __name__ == "__main__":
    main()

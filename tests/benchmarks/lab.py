"""Load the lab: a thousand clients, 20,000 frames a second to one, an hour's recording in scaled time.

python tests/benchmarks/lab.py [--quick] [--rounds N]

Both ends run in one process, as they do in a notebook, and CPU is that of both; both record every frame. Lost are
frames that one end has and the other lacks. Logs keep 4 MiB in memory and the rest on disk; memory is how much the
peak of the run's last third lies above that of its second third.
"""

from __future__ import annotations

import asyncio
import resource
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial

import psutil
from launch import launch, options_of
from measure import Meter, Result, in_fresh_process, medians
from table import number

import wsnotebook
from wsnotebook.lab import EmbeddedServer, embedded_server, playback, ticker

__all__ = ["clients", "feed", "hour", "main"]

COLUMNS = ("load", "behaviour", "frames", "lost", "frames/s", "CPU µs/frame", "CPU %", "memory grown MB")
RETENTION = 4 << 20
CLIENTS = 1_000
RATE = 20_000
HOUR_RATE = 20
"""Frames a second in the recorded hour."""
LOOKS = 12
"""How often a run looks at its memory: segments of a log grow and go to disk, so one look says little."""


def resident() -> int:
    """Return the bytes of memory this process holds; collecting garbage first would be part of what is measured."""
    return int(psutil.Process().memory_info().rss)


def texts(log: wsnotebook.FrameLog, direction: str) -> dict[str, list[str]]:
    """Return the texts of one direction of a log by session."""
    df = log.df
    rows = df[(df["direction"] == direction) & (df["opcode"] == "text")]
    return {str(name): list(group) for name, group in rows.groupby("session", observed=True)["text"]}


def missing(ours: list[str], theirs: list[str]) -> int:
    """Count the places at which two lists of texts differ."""
    return sum(a != b for a, b in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))


def result(meter: Meter, frames: int, lost: int, memory: list[int]) -> Result:
    """Return the figures of one run."""
    return {
        "frames": frames,
        "lost": lost,
        "rate": frames / meter.wall,
        "cpu": meter.cpu / frames * 1e6,
        "load": 100 * meter.cpu / meter.wall,
        "grown": (max(memory[-LOOKS // 3 :]) - max(memory[LOOKS // 3 : -LOOKS // 3])) / 1e6,
    }


async def follow(server: EmbeddedServer, count: int) -> Result:
    """Receive what a server sends to one client."""
    server.log.retention = RETENTION
    log = wsnotebook.FrameLog(retention=RETENTION)
    received, memory = 0, []
    async with wsnotebook.connect(server.url, log=log) as session:
        with Meter() as meter:
            async for _ in session:
                received += 1
                if received % (count // LOOKS) == 0:
                    memory.append(resident())
    (ours,), (theirs,) = texts(log, "in").values(), texts(server.log, "out").values()
    lost = missing(ours, theirs) + abs(count - len(ours)) + abs(count - received)
    return result(meter, count, lost, memory)


async def run_feed(seconds: float) -> Result:
    """Receive a ticker."""
    count = int(seconds * RATE)
    async with embedded_server(ticker(rate=RATE, count=count)) as server:
        return await follow(server, count)


async def run_hour(seconds: float) -> Result:
    """Receive the playback of an hour."""
    count = 3_600 * HOUR_RATE
    recording = {
        "monotonic": [n * 1_000_000_000 // HOUR_RATE for n in range(count)],
        "direction": ["in"] * count,
        "opcode": ["text"] * count,
        "payload": [b'{"seq": %d, "pad": "%s"}' % (n, b"x" * 80) for n in range(count)],
    }
    async with embedded_server(playback(recording, speed=3_600 / seconds)) as server:
        del recording
        return await follow(server, count)


async def run_clients(messages: int) -> Result:
    """Let a thousand clients talk to an echo, all at the same time, one message after the other."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (min(most, 4 * CLIENTS), most)
    )  # both ends of each have a socket
    async with embedded_server() as server:
        server.log.retention = RETENTION
        opening = (
            wsnotebook.connect(server.url, name=f"client-{n}", open_timeout=60) for n in range(CLIENTS)
        )
        sessions = await asyncio.gather(*opening)

        async def talk(session: wsnotebook.ClientWebSocketSession, numbers: range) -> int:
            wrong = 0
            for n in numbers:
                await session.send(f"{session.name}: {n}")
                wrong += await session.receive() != f"{session.name}: {n}"
            return wrong

        lost, memory = 0, []
        with Meter() as meter:
            for look in range(LOOKS):
                numbers = range(look * messages // LOOKS, (look + 1) * messages // LOOKS)
                lost += sum(await asyncio.gather(*(talk(session, numbers) for session in sessions)))
                memory.append(resident())
        await asyncio.gather(*(session.close() for session in sessions))
    said = [[f"{session.name}: {n}" for n in range(messages)] for session in sessions]
    for direction in ("in", "out"):
        seen = {rows[0].partition(":")[0]: rows for rows in texts(server.log, direction).values()}
        lost += sum(
            missing(rows, seen.get(session.name, [])) for session, rows in zip(sessions, said, strict=True)
        )
    return result(meter, 2 * CLIENTS * messages, lost, memory)


def clients(messages: int) -> Result:
    """Run run_clients."""
    return asyncio.run(run_clients(messages))


def feed(seconds: float) -> Result:
    """Run run_feed."""
    return asyncio.run(run_feed(seconds))


def hour(seconds: float) -> Result:
    """Run run_hour."""
    return asyncio.run(run_hour(seconds))


def row(load: str, behaviour: str, figures: Result | None) -> list[str]:
    """Return one row of the table."""
    assert figures is not None
    whole, rest = ("frames", "lost", "rate"), ("cpu", "load", "grown")
    return [
        load,
        behaviour,
        *(number(figures[key], 0) for key in whole),
        *(number(figures[key], 1) for key in rest),
    ]


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Put the lab under each load."""
    seconds = 4 if options.quick else 10
    loads = {
        (f"{CLIENTS:,} clients at once", "echo"): partial(
            in_fresh_process, clients, messages=12 if options.quick else 24
        ),
        (f"one client, {RATE:,} frames/s", f"ticker, {seconds} s"): partial(
            in_fresh_process, feed, seconds=seconds
        ),
        (f"an hour in {seconds} s", f"playback, {HOUR_RATE} frames/s"): partial(
            in_fresh_process, hour, seconds=seconds
        ),
    }
    figures = medians(options.rounds, {" ".join(names): run for names, run in loads.items()})
    yield [row(*names, figures[" ".join(names)]) for names in loads]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="less than half of the frames", rounds=1)
    launch(parser, arguments, "The lab under load", COLUMNS, groups)


if __name__ == "__main__":
    main()

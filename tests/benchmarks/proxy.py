"""Measure what a proxy costs in the middle of a conversation, recorded by this package, beside relays that record nothing.

python tests/benchmarks/proxy.py [--quick] [--rounds N] [--mitmdump PATH]

A client of plain sockets sends a frame to an echo server through a proxy in a process of its own, and waits for the answer:
two frames pass at a time. CPU is user and system time of the process in the middle, a frame; latency is that of the round
trip beyond the one without anything between. mitmdump is measured where it is on the PATH, or named:

python -m venv mitm && mitm/bin/pip install mitmproxy && python tests/benchmarks/proxy.py --mitmdump mitm/bin/mitmdump
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

import numpy as np
from launch import launch, options_of
from measure import ROOT, Result, medians
from server import echoing
from table import number

__all__ = ["main"]

COLUMNS = (
    "in the middle", "frames", "CPU µs/frame", "/ bare relay", "/ mitmdump", "p50 µs added", "p99 µs added",
)  # fmt: skip
DIRECT, OURS, RELAY, MITM = "nothing", "wsnotebook.proxy, recorded", "websockets relay", "mitmdump"
BYTES = "wsnotebook.proxy, transparent"
GOALS = "goals: 1.0 of a bare relay of two websockets connections, 0.5 of mitmdump"
SIZES = {"100 B": 100, "4 KiB": 4096}  # bytes of a frame
WARM = 200  # round trips
PATIENCE = 30.0  # seconds until a proxy listens


async def run_ours(url: str, *, transparent: bool = False) -> None:
    """Run the proxy of this package."""
    import wsnotebook

    async with wsnotebook.proxy(url, proxy=None, transparent=transparent) as p:
        print(p.port, flush=True)
        await asyncio.get_running_loop().create_future()


async def run_relay(url: str) -> None:
    """Run two connections of websockets that hand messages on."""
    from websockets.asyncio.client import connect
    from websockets.asyncio.connection import Connection
    from websockets.asyncio.server import ServerConnection, serve

    async def hand_on(source: Connection, target: Connection) -> None:
        async for message in source:
            await target.send(message)

    async def both(client: ServerConnection) -> None:
        async with connect(url, proxy=None, compression=None) as upstream:
            await asyncio.gather(hand_on(client, upstream), hand_on(upstream, client))

    async with serve(both, "127.0.0.1", 0, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


RUNNERS = {OURS: run_ours, BYTES: partial(run_ours, transparent=True), RELAY: run_relay}


@contextlib.contextmanager
def middle(name: str, url: str, mitmdump: str | None) -> Iterator[tuple[int, int | None]]:
    """Yield the port to connect to, and the process in the middle."""
    if name == DIRECT:
        yield urlsplit(url).port or 0, None
        return
    if name == MITM:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        upstream = url.replace("ws://", "reverse:http://")
        assert mitmdump is not None
        command = [mitmdump, "-q", "--listen-host", "127.0.0.1", "-p", str(port), "--mode", upstream]
    else:
        port, command = 0, [sys.executable, __file__, name, url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # the tree beside this file is measured
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield (port and listening(port)) or int(process.stdout.readline()), process.pid
        finally:
            process.kill()


def listening(port: int) -> int:
    """Wait until something listens on a port, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return port
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def cpu(process: int | None) -> float:
    """Return the seconds of CPU that all threads of a process have used."""
    # As clock_getcpuclockid(3) makes the clock of a process, with the resolution of a clock and not of /proc's ticks.
    return 0.0 if process is None else time.clock_gettime((~process << 3) | 2)


def header(size: int, mask: int = 0) -> bytes:
    """Return the header of a final binary frame of up to 64 KiB (RFC 6455 §5.2)."""
    if size < 126:
        return bytes((0x82, mask | size))
    return bytes((0x82, mask | 126)) + size.to_bytes(2, "big")


def measure(name: str, url: str, count: int, size: int, mitmdump: str | None) -> Result | None:
    """Return CPU a frame and the latency of a round trip."""
    if name == MITM and mitmdump is None:
        return None
    question = header(size, 0x80) + bytes(4 + size)
    times = []
    with (
        middle(name, url, mitmdump) as (port, process),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upgrade(client, port)
        began = 0.0
        for number_of_trip in range(-WARM, count):
            if number_of_trip == 0:
                began = cpu(process)
            start = time.perf_counter()
            client.sendall(question)
            left = len(header(size)) + size
            while left:
                left -= len(client.recv(left))
            times.append(time.perf_counter() - start)
        spent = cpu(process) - began
    p50, p99 = np.percentile(times[WARM:], (50, 99)) * 1e6
    return {"cpu": spent / count / 2 * 1e6, "p50": p50, "p99": p99}


def upgrade(client: socket.socket, port: int) -> None:
    """Perform the opening handshake."""
    lines = ["GET / HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
    client.sendall("\r\n".join(lines).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head


def groups(options: Namespace) -> Iterator[list[list[str]]]:
    """Let all of them hand the same frames on."""
    count = 1_000 if options.quick else 4_000
    with echoing() as url:
        for frames, size in SIZES.items():
            runs = {
                name: partial(measure, name, url, count, size, options.mitmdump)
                for name in (DIRECT, RELAY, MITM, OURS, BYTES)
            }
            yield rows(frames, medians(options.rounds, runs))


def rows(frames: str, results: Mapping[str, Result | None]) -> list[list[str]]:
    """Return the rows of the results for one kind of frames."""
    direct, relay, mitm = results[DIRECT], results[RELAY], results[MITM]
    assert direct is not None and relay is not None
    return [
        [
            name,
            frames,
            number(result["cpu"]),
            number(result["cpu"] / relay["cpu"]),
            number(result["cpu"] / mitm["cpu"]) if mitm else "-",
            number(result["p50"] - direct["p50"], 0),
            number(result["p99"] - direct["p99"], 0),
        ]
        if result
        else [name, "not installed", *itertools.repeat("-", len(COLUMNS) - 2)]
        for name, result in results.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = options_of(__doc__, quick="1,000 round trips", rounds=3)
    parser.add_argument("--mitmdump", default=shutil.which(MITM), help="its path (default: that of the PATH)")
    launch(parser, arguments, "A proxy in the middle", COLUMNS, groups, GOALS)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in RUNNERS:
        asyncio.run(RUNNERS[sys.argv[1]](sys.argv[2]))
    else:
        main()

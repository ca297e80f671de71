"""A server scripted at the level of bytes: its steps send, split, delay and reset without any protocol check.

It parses only the Sec-WebSocket-Key of the request, so it can send bytes that every server library refuses to send.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import re
import socket
import ssl as tls
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wsnotebook.lab.guard import is_loopback
from wsnotebook.lab.serverclose import wait_until_closed
from wsnotebook.lab.startable import Startable

__all__ = [
    "HOSTILE",
    "Delay",
    "Drip",
    "HalfClose",
    "HostilePeer",
    "HostileServer",
    "NeverAnswer",
    "ReadBytes",
    "ReadRequest",
    "Reset",
    "SendBytes",
    "Step",
    "Upgrade",
    "hostile_server",
]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_PAUSE = 0.02  # seconds between two pieces, so that the client reads them separately


class HostilePeer:
    """One client of a hostile server: its stream and the bytes read from it.

    Example::

        class SendKey:
            async def play(self, peer):
                await peer.send(peer.accept)

        server = await hostile_server([ReadRequest(), SendKey()])
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.received = bytearray()
        """All bytes that steps have read, in order."""

    @property
    def accept(self) -> bytes:
        """The correct Sec-WebSocket-Accept for the key in ``received`` (RFC 6455 §4.2.2)."""
        key = re.search(rb"(?im)^sec-websocket-key:[ \t]*(\S+)", self.received)
        return base64.b64encode(hashlib.sha1((key[1] if key else b"") + _GUID).digest())

    async def send(self, data: bytes) -> None:
        """Write ``data``; wait while more bytes are buffered than the transport's high-water mark."""
        self.writer.write(data)
        await self.writer.drain()


@dataclass(frozen=True)
class ReadRequest:
    r"""Read the client's request up to the empty line.

    Example: ``server = await hostile_server([ReadRequest(), SendBytes(b"HTTP/1.1 404 Not Found\r\n\r\n")])``.
    """

    async def play(self, peer: HostilePeer) -> None:
        peer.received += await peer.reader.readuntil(b"\r\n\r\n")


@dataclass(frozen=True)
class ReadBytes:
    r"""Read exactly ``n`` bytes; None reads until the client sends FIN.

    Example: ``server = await hostile_server([Upgrade(), ReadBytes(6), SendBytes(b"\x81\x05hello")])``.
    """

    n: int | None = None

    async def play(self, peer: HostilePeer) -> None:
        peer.received += await (peer.reader.read() if self.n is None else peer.reader.readexactly(self.n))


@dataclass(frozen=True)
class Upgrade:
    r"""Read the request and answer 101.

    Example: ``server = await hostile_server([Upgrade(headers=b"X-Feed: 7\r\n"), NeverAnswer()])``.
    """

    accept: bytes | None = None
    """Value of Sec-WebSocket-Accept; None sends the correct one."""
    headers: bytes = b""
    """Further header lines, each with its CR LF."""

    async def play(self, peer: HostilePeer) -> None:
        await ReadRequest().play(peer)
        accept = peer.accept if self.accept is None else self.accept
        await peer.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n" + self.headers + b"\r\n"
        )


@dataclass(frozen=True)
class SendBytes:
    r"""Write bytes unchanged, in one piece or in several.

    Example: ``server = await hostile_server([Upgrade(), SendBytes(b"\x81\x05hello", split=3)])``.
    """

    data: bytes
    split: int | Sequence[int] = ()
    """Offsets at which ``data`` is split; the pause between the pieces makes the client read them separately."""
    pause: float = _PAUSE
    """Seconds between the pieces."""

    async def play(self, peer: HostilePeer) -> None:
        cuts = [self.split] if isinstance(self.split, int) else list(self.split)
        for start, stop in zip([0, *cuts], [*cuts, len(self.data)], strict=True):
            if start:
                await asyncio.sleep(self.pause)
            await peer.send(self.data[start:stop])


@dataclass(frozen=True)
class Drip:
    r"""Write one byte at a time.

    Example: ``server = await hostile_server([Upgrade(), Drip(b"\x81\x05hello", 0.01)])``.
    """

    data: bytes
    interval: float = 1.0
    """Seconds between two bytes."""

    async def play(self, peer: HostilePeer) -> None:
        for n in range(len(self.data)):
            await peer.send(self.data[n : n + 1])
            await asyncio.sleep(self.interval)


@dataclass(frozen=True)
class Delay:
    """Wait ``seconds`` before the next step.

    Example: ``server = await hostile_server([Upgrade(), Delay(0.5), Reset()])``.
    """

    seconds: float

    async def play(self, peer: HostilePeer) -> None:
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True)
class Reset:
    """End the connection with a TCP reset: bytes that the client has not read yet may be lost.

    Example: ``server = await hostile_server([Upgrade(), Reset()])``.
    """

    async def play(self, peer: HostilePeer) -> None:
        # SO_LINGER with 0 s: the kernel sends RST instead of FIN.
        sock = peer.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.writer.transport.abort()


@dataclass(frozen=True)
class HalfClose:
    """Send FIN; later steps can still read from the client.

    Example: ``server = await hostile_server([Upgrade(), HalfClose(), ReadBytes()])``.
    """

    async def play(self, peer: HostilePeer) -> None:
        peer.writer.write_eof()


@dataclass(frozen=True)
class NeverAnswer:
    """Keep the connection open and send nothing, until the client or the server ends it.

    Example: ``server = await hostile_server([ReadRequest(), NeverAnswer()])``.
    """

    reading: bool = True
    """False leaves the client's bytes unread, until the buffers are full and the client's writes block."""

    async def play(self, peer: HostilePeer) -> None:
        if self.reading:
            peer.received += await peer.reader.read()
        else:
            await asyncio.Event().wait()


Step: TypeAlias = (
    ReadRequest
    | ReadBytes
    | Upgrade
    | SendBytes
    | Drip
    | Delay
    | Reset
    | HalfClose
    | NeverAnswer
    | Callable[[HostilePeer], Awaitable[None]]
)
"""One step of a script: one of the classes above, or your own ``async def step(peer)``."""


async def _endless_headers(peer: HostilePeer) -> None:
    for n in itertools.count():
        await peer.send(b"X-%d: %s\r\n" % (n, b"x" * 1000))


_HELLO = b"\x81\x05Hello"  # RFC 6455 §5.7
_PLAIN_101 = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
# Parsed as frames, "HT" is the header of a close frame of 84 bytes; the response is long enough to complete it.
_SECOND_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100

HOSTILE: dict[str, tuple[Step, ...]] = {
    "never-answer": (NeverAnswer(),),
    "garbage": (ReadRequest(), SendBytes(bytes(range(256)) * 4)),
    "not-http": (SendBytes(b"SSH-2.0-OpenSSH_9.9\r\n"), NeverAnswer()),
    "wrong-accept": (Upgrade(accept=b"AAAAAAAAAAAAAAAAAAAAAAAAAAA="), NeverAnswer()),
    "no-accept": (ReadRequest(), SendBytes(_PLAIN_101 + b"\r\n"), NeverAnswer()),
    "two-responses": (Upgrade(), SendBytes(_SECOND_RESPONSE), NeverAnswer()),
    "drip": (ReadRequest(), Drip(_PLAIN_101)),
    "endless-headers": (ReadRequest(), SendBytes(_PLAIN_101), _endless_headers),
    "eof-in-head": (ReadRequest(), SendBytes(_PLAIN_101[:40])),
    "reset-in-head": (ReadRequest(), SendBytes(_PLAIN_101[:40]), Reset()),
    "status-500": (ReadRequest(), SendBytes(b"HTTP/1.1 500 Broken\r\nContent-Length: 4\r\n\r\noops")),
    "first-frame-in-head": (Upgrade(), SendBytes(_HELLO), NeverAnswer()),
    "split-frame": (Upgrade(), SendBytes(_HELLO, split=(1, 2, 4)), NeverAnswer()),
    "eof-in-frame": (Upgrade(), SendBytes(_HELLO[:4])),
    "eof-without-close": (Upgrade(), SendBytes(_HELLO)),
    "half-close": (Upgrade(), SendBytes(_HELLO), HalfClose(), NeverAnswer()),
    "reset": (Upgrade(), SendBytes(_HELLO), ReadBytes(1), Reset()),
    "stops-reading": (Upgrade(), NeverAnswer(reading=False)),
}
"""Named scripts: faults that occur with real servers, proxies and networks."""


def hostile_server(
    script: str | Sequence[Step], *, host: str = "127.0.0.1", port: int = 0, ssl: tls.SSLContext | None = None
) -> HostileServer:
    """Make a server that runs ``script`` with every client: ``async with hostile_server("reset") as server:``.

    The connection is closed after the last step. The server listens on loopback only, so that no other machine
    can connect. Example::

        steps = [Upgrade(), SendBytes(b"\\x81\\x05He"), Delay(0.5), Reset()]
        async with hostile_server(steps) as server:
            session = await connect(server.url)

    Args:
        script: a name in HOSTILE, or a list of steps.
        host: a loopback address.
        port: 0 chooses a free port.
        ssl: a server-side context; the steps then run inside TLS.

    Raises:
        ValueError: an unknown name, or a host that is not loopback.
        TypeError: an element that is not a step.
        OSError: on start, the port is in use.
    """
    if isinstance(script, str):
        if script not in HOSTILE:
            raise ValueError(f"there is no hostile script {script!r}: choose one of {', '.join(HOSTILE)}")
        script = HOSTILE[script]
    for step in script:
        if isinstance(step, type) or not (hasattr(step, "play") or callable(step)):
            raise TypeError(
                f"{step!r} is not a step: use SendBytes(…), Delay(…), Reset() … or an async def step(peer)"
            )
    if not is_loopback(host):
        raise ValueError(f"a hostile server listens on loopback only, not on {host!r}: use host='127.0.0.1'")
    return HostileServer(tuple(script), host, port, ssl)


class HostileServer(Startable):
    """The server that hostile_server returns: started by ``await`` or ``async with``.

    Example::

        async with hostile_server([Upgrade(), Reset()]) as server:
            print(server.url)
    """

    peers: list[HostilePeer]
    """One HostilePeer for each accepted connection, oldest first."""
    errors: list[Exception]
    """Exceptions raised by steps, except those that a disconnected client causes."""

    def __init__(self, steps: tuple[Step, ...], host: str, port: int, ssl: tls.SSLContext | None) -> None:
        super().__init__()
        self.peers = []
        self.errors = []
        self._steps = steps
        self._host = host
        self._port = port
        self._ssl = ssl
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def _start(self) -> None:
        host = "127.0.0.1" if self._host == "localhost" else self._host
        self._server = await asyncio.start_server(self._accept, host, self._port, ssl=self._ssl)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and abort every connection. A second call does nothing."""
        if self._server is None or self.is_stopped:
            return
        self.is_stopped = True
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await wait_until_closed(self._server)

    @property
    def url(self) -> str:
        """The address to connect to, ``ws://host:port`` or ``wss://host:port``.

        Raises:
            RuntimeError: the server has not started.
        """
        if self._server is None:
            raise RuntimeError(
                "the server has not started: use 'async with hostile_server(…) as server:' or await it"
            )
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'wss' if self._ssl else 'ws'}://{host}:{self._port}"

    def __repr__(self) -> str:
        where = self.url if self._server else "not started"
        return f"<hostile_server {where}: {len(self.peers)} accepted, {len(self.errors)} errors>"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._play(reader, writer), name="hostile peer")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = HostilePeer(reader, writer)
        self.peers.append(peer)
        try:
            for step in self._steps:
                await (step.play(peer) if hasattr(step, "play") else step(peer))
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has disconnected: the remaining steps have no peer
        except Exception as error:  # noqa: BLE001 - a user's step may raise anything; it is kept in errors
            self.errors.append(error)
        finally:
            if not writer.is_closing():
                writer.transport.abort()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

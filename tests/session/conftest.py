"""What tests of sessions share: both places of the pump, a peer made of bytes, and the check that nothing outlives its test."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal, NamedTuple, Protocol

import pytest
import pytest_asyncio

from wsnotebook.session.client import connect
from wsnotebook.session.default import DefaultClientWebSocketSession
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.session.state import SessionState

Io = Literal["kernel", "thread"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3


@pytest.fixture(params=["kernel", "thread"])
def io(request: pytest.FixtureRequest) -> Any:
    """Where the pump lives: every behaviour holds in both places."""
    return request.param


@pytest_asyncio.fixture(autouse=True)
async def nothing_outlives_its_session() -> AsyncIterator[None]:
    """No task and no thread is left when a test and its fixtures are done."""
    threads = set(threading.enumerate())
    tasks = asyncio.all_tasks()
    yield
    tasks.add(_current())
    deadline = asyncio.get_running_loop().time() + 2.0
    while (left := _left(tasks, threads)) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    assert not left


def _current() -> asyncio.Task[Any]:
    current = asyncio.current_task()
    assert current is not None
    return current


def _left(tasks: set[asyncio.Task[Any]], threads: set[threading.Thread]) -> list[object]:
    new_threads = set(threading.enumerate()) - threads
    # the executor of a loop, which resolves names, ends with its loop
    return [
        *(asyncio.all_tasks() - tasks),
        *(thread for thread in new_threads if not thread.name.startswith("asyncio_")),
    ]


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """A function that lets the loop run until a condition holds, for facts that no event tells."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5.0):
            while not condition():  # noqa: ASYNC110 - the facts that tests look at are told to nobody
                await asyncio.sleep(0.001)

    return wait


class Received(NamedTuple):
    """One frame as it crossed the wire to the peer."""

    head: int
    """First byte."""
    key: bytes | None
    """Mask key, where it was masked."""
    payload: bytes
    """Unmasked payload."""


class BytePeer:
    """The server's end of one connection: it sends what it is told, byte for byte, and answers nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.request = b""
        """Head of the request."""

    async def upgrade(self, *headers: str, early: bytes = b"") -> None:
        """Read the request and answer 101, with ``early`` in the same segment."""
        self.request = await self.reader.readuntil(b"\r\n\r\n")
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", self.request)
        assert key is not None
        accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest()).decode()
        lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
        head = "\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept}", *headers, "", ""))
        await self.send(head.encode() + early)

    async def send(self, data: bytes) -> None:
        """Write bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def read(self, count: int) -> bytes:
        """Return exactly ``count`` bytes that the client has sent."""
        return await self.reader.readexactly(count)

    async def read_frame(self) -> Received:
        """Return the next frame that the client has sent."""
        head, second = await self.read(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.read(8))
        if not second & 0x80:
            return Received(head, None, await self.read(length))
        key = await self.read(4)
        masked = await self.read(length)
        times = length // 4 + 1
        number = int.from_bytes(masked, "big") ^ int.from_bytes((key * times)[:length], "big")
        return Received(head, key, number.to_bytes(length, "big"))

    async def read_to_end(self) -> bytes:
        """Return all that the client still sends, up to its end of stream."""
        return await self.reader.read()

    def end(self) -> None:
        """Send an end of stream; the other direction stays open."""
        self.writer.write_eof()

    def hang_up(self) -> None:
        """Close the connection."""
        self.writer.close()

    def reset(self) -> None:
        """Send a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def stop_reading(self) -> None:
        """Take no more from the operating system, whose buffers then fill."""
        assert isinstance(self.writer.transport, asyncio.Transport)
        self.writer.transport.pause_reading()

    def read_on(self) -> None:
        """Take bytes again."""
        assert isinstance(self.writer.transport, asyncio.Transport)
        self.writer.transport.resume_reading()


class ByteServer:
    """Accepts connections and leaves them to the test."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._accepted: asyncio.Queue[BytePeer] = asyncio.Queue()
        self._peers: list[BytePeer] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 26)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = BytePeer(reader, writer)
        self._peers.append(peer)
        self._accepted.put_nowait(peer)

    async def accept(self) -> BytePeer:
        """Return the next connection, its request unread."""
        return await self._accepted.get()

    def refuse(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()

    async def stop(self) -> None:
        """Cut every connection."""
        self.refuse()
        for peer in self._peers:
            peer.writer.transport.abort()
        await asyncio.gather(*(peer.writer.wait_closed() for peer in self._peers), return_exceptions=True)


@pytest_asyncio.fixture
async def byte_server() -> AsyncIterator[ByteServer]:
    """A TCP server on loopback whose connections are read and written by the test."""
    server = ByteServer()
    await server.start()
    yield server
    await server.stop()


class Opener(Protocol):
    """What ``opened`` is: it takes the options of connect() and returns both ends."""

    async def __call__(
        self, *answer: str, early: bytes = b"", **options: Any
    ) -> tuple[DefaultClientWebSocketSession, BytePeer]: ...


class RawOpener(Protocol):
    """What ``opened_raw`` is."""

    async def __call__(
        self, *answer: str, early: bytes = b"", **options: Any
    ) -> tuple[ClientWebSocketSession, BytePeer]: ...


@pytest_asyncio.fixture
async def _open(byte_server: ByteServer, io: Io) -> AsyncIterator[Any]:
    sessions: list[ClientWebSocketSession] = []

    async def open_session(
        *answer: str, early: bytes = b"", **options: Any
    ) -> tuple[ClientWebSocketSession, BytePeer]:
        async def serve() -> BytePeer:
            peer = await byte_server.accept()
            await peer.upgrade(*answer, early=early)
            return peer

        serving = asyncio.create_task(serve())
        session = await connect(byte_server.url, io=io, proxy=None, **options)
        sessions.append(session)
        return session, await serving

    yield open_session
    for session in sessions:
        if session.state is not SessionState.CLOSED:
            session.terminate()
        await session.close()


@pytest.fixture
def opened(_open: Any) -> Any:
    """``session, peer = await opened(early=…, **options)``: a default session and the bytes at its other end."""

    async def open_default(*answer: str, early: bytes = b"", **options: Any) -> Any:
        options.setdefault("compression", None)
        return await _open(*answer, early=early, **options)

    return open_default


@pytest.fixture
def opened_raw(_open: Any) -> Any:
    """``session, peer = await opened_raw(early=…, **options)``: a raw session and the bytes at its other end."""

    async def open_raw(*answer: str, early: bytes = b"", **options: Any) -> Any:
        return await _open(*answer, early=early, raw=True, **options)

    return open_raw

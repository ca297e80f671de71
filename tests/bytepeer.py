"""A server's end made of bytes: it accepts, upgrades, and sends what a test tells it, byte for byte."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import socket
import struct
from typing import NamedTuple

__all__ = ["BytePeer", "ByteServer", "Received", "answer_to"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3


class Received(NamedTuple):
    """One frame as it crossed the wire to the peer."""

    head: int
    """First byte."""
    key: bytes | None
    """Mask key, where it was masked."""
    payload: bytes
    """Unmasked payload."""


def answer_to(request: bytes, *headers: str) -> bytes:
    """Return the head of a 101 to the head of a request, with further lines."""
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", request)
    assert key is not None
    accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest()).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return "\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept}", *headers, "", "")).encode()


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
        await self.send(answer_to(self.request, *headers) + early)

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

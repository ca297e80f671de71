"""One accepted WebSocket of a lab server: what a behaviour is given as ``session``.

It is the ServerConnection of ``websockets`` (recv, send, ping, close, async iteration) with doors for frames of a
message one by one, for many messages in one write, and for bytes that no rule was held against. All is recorded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, OPEN
from websockets.server import ServerProtocol

from wsnotebook.lab.recorder import Recorder, safe_head
from wsnotebook.log.connections import Connection

__all__ = ["LabConnection", "LabProtocol"]


class LabProtocol(ServerProtocol):
    """The Sans-I/O server of ``websockets``, with a recorder at its bytes.

    Args:
        recorder: is given every byte of both directions after the handshake.
        options: as ServerProtocol has them.
    """

    def __init__(self, recorder: Recorder, **options: Any) -> None:
        super().__init__(**options)
        self.recorder = recorder
        self._response_left = 0  # bytes of the 101 that are still to be sent: no part of any frame

    def receive_data(self, data: bytes | bytearray) -> None:
        """Take the bytes of one read."""
        if self.state is not CONNECTING:
            self.recorder.received(bytes(data))
        super().receive_data(data)

    def send_response(self, response: Response) -> None:
        """Queue the answer to the handshake."""
        super().send_response(response)
        self._response_left = len(response.serialize())

    def data_to_send(self) -> list[bytes]:
        """Return what is to be written now."""
        writes = super().data_to_send()
        data = b"".join(writes)
        start = min(self._response_left, len(data))
        self._response_left -= start
        if len(data) > start:
            self.recorder.sent(data[start:])
        return writes


class LabConnection(ServerConnection):
    """A connected client, seen from the lab."""

    def __init__(self, protocol: LabProtocol, server: Server, **options: Any) -> None:
        super().__init__(protocol, server, **options)
        self._recorder = protocol.recorder
        self._early = b""

    def take_over(self, transport: asyncio.Transport, head: bytes, early: bytes) -> None:
        """Become the protocol of ``transport``, on which ``head`` was read, and already ``early`` after it."""
        transport.set_protocol(self)
        self.connection_made(transport)
        # A frame that is parsed before the 101 is sent would be answered before it.
        transport.pause_reading()
        self._early = early
        self.data_received(head)

    async def open(self, route: Callable[[ServerConnection, Request], Response | None]) -> bool:
        """Answer the handshake; return whether that was with a 101.

        Args:
            route: returns a response of its own, or None to go on.
        """
        await self.handshake(route)
        if self.protocol.state is not OPEN:
            return False
        assert self.response is not None
        deflate = [
            extension for extension in self.protocol.extensions if isinstance(extension, PerMessageDeflate)
        ]
        self._recorder.open(self._facts(self.response), deflate[0] if deflate else None)
        early, self._early = self._early, b""
        if early:
            self.data_received(early)
        self.transport.resume_reading()
        return True

    @property
    def name(self) -> str:
        """The session's name in the server's log: ``client-1``, ``client-2`` …"""
        return self._recorder.session

    @property
    def path(self) -> str:
        """The path that the client asked for, without the query."""
        return urlsplit(self.request.path).path if self.request else ""

    async def send_batch(self, messages: Iterable[str | bytes]) -> None:
        """Send many whole messages in one write: str as text, bytes as binary.

        Raises:
            ConnectionClosed: the session has ended.
        """
        # One write for all: send() costs a system call and a suspension each, too much for 20,000 a second.
        await self._require_open()
        for message in messages:
            if isinstance(message, str):
                self.protocol.send_text(message.encode())
            else:
                self.protocol.send_binary(message)
        await self._write_queued()

    async def send_part(self, data: bytes, *, text: bool, first: bool, fin: bool) -> None:
        """Send one frame of a message, cut anywhere, also inside a character.

        Raises:
            ConnectionClosed: the session has ended.
        """
        await self._require_open()
        if not first:
            self.protocol.send_continuation(data, fin)
        elif text:
            self.protocol.send_text(data, fin)
        else:
            self.protocol.send_binary(data, fin)
        await self._write_queued()

    async def send_raw(self, data: bytes) -> None:
        """Write bytes as they are: what a correct library would refuse to send."""
        self._recorder.sent(data)
        self.transport.write(data)
        await self.drain()

    async def close_empty(self) -> None:
        """Close with a frame that has no code, which the client sees as 1005, and wait for the end."""
        await self._require_open()
        self.protocol.send_close()
        await self._write_queued()
        await self.wait_closed()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the record with the connection."""
        super().connection_lost(exc)
        self._recorder.close(f"{self.close_code} {self.close_reason}".rstrip())

    def _facts(self, response: Response) -> Connection:
        request = self.request
        assert request is not None
        scheme = "ws" if self.transport.get_extra_info("ssl_object") is None else "wss"
        return Connection(
            session=self.name,
            url=f"{scheme}://{request.headers.get('Host', '')}{self.path}",
            request=safe_head(f"GET {request.path} HTTP/1.1", request.headers.raw_items()),
            response=safe_head("HTTP/1.1 101 Switching Protocols", response.headers.raw_items()),
            opened_ns=time.time_ns(),
            local_address=self.local_address[:2],
            remote_address=self.remote_address[:2],
        )

    async def _require_open(self) -> None:
        if self.protocol.state is not OPEN:
            await self.wait_closed()
            raise self.close_exc

    async def _write_queued(self) -> None:
        self.transport.write(b"".join(self.protocol.data_to_send()))
        await self.drain()

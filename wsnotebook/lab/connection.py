"""One accepted WebSocket of a lab server: the ``session`` argument of a behaviour.

It extends the ServerConnection of ``websockets`` (recv, send, ping, close, async iteration) by methods that send
single frames of a message, many messages in one write, and raw unchecked bytes. All traffic is recorded.
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

from wsnotebook.lab.recorder import Recorder
from wsnotebook.log.connections import Connection
from wsnotebook.redaction import redact_head

__all__ = ["LabConnection", "LabProtocol"]


class LabProtocol(ServerProtocol):
    """The Sans-I/O server of ``websockets``, which also passes its bytes to a recorder.

    Args:
        recorder: receives every byte of both directions after the handshake.
        options: the options of ServerProtocol.
    """

    def __init__(self, recorder: Recorder, **options: Any) -> None:
        super().__init__(**options)
        self.recorder = recorder
        self._response_left = 0  # unsent bytes of the 101 response, which are not frames and not recorded

    def receive_data(self, data: bytes | bytearray) -> None:
        """Parse, and after the handshake record, the bytes of one read."""
        if self.state is not CONNECTING:
            self.recorder.received(bytes(data))
        super().receive_data(data)

    def send_response(self, response: Response) -> None:
        """Queue the response to the handshake."""
        super().send_response(response)
        self._response_left = len(response.serialize())

    def data_to_send(self) -> list[bytes]:
        """Return the bytes to write now, and record those that follow the handshake response."""
        writes = super().data_to_send()
        data = b"".join(writes)
        start = min(self._response_left, len(data))
        self._response_left -= start
        if len(data) > start:
            self.recorder.sent(data[start:])
        return writes


class LabConnection(ServerConnection):
    """The server's end of one connection.

    Example::

        async def behaviour(session):
            async for message in session:
                await session.send(f"{session.name} said {message}")

        server = await embedded_server(behaviour)
    """

    def __init__(self, protocol: LabProtocol, server: Server, **options: Any) -> None:
        super().__init__(protocol, server, **options)
        self._recorder = protocol.recorder
        self._early = b""

    def take_over(self, transport: asyncio.Transport, head: bytes, early: bytes) -> None:
        """Become the protocol of ``transport``, from which the request ``head`` and ``early`` bytes were read."""
        transport.set_protocol(self)
        self.connection_made(transport)
        # A frame parsed before the 101 is sent would be answered before the 101.
        transport.pause_reading()
        self._early = early
        self.data_received(head)

    async def open(self, route: Callable[[ServerConnection, Request], Response | None]) -> bool:
        """Answer the handshake; return whether the answer is a 101.

        Args:
            route: returns a response that refuses the request, or None to accept it.
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
        """The path that the client requested, without the query."""
        return urlsplit(self.request.path).path if self.request else ""

    async def send_batch(self, messages: Iterable[str | bytes]) -> None:
        """Send many whole messages in one write: str as text, bytes as binary.

        Example::

            async def behaviour(session):
                await session.send_batch(["one", "two", "three"])

            server = await embedded_server(behaviour)

        Raises:
            ConnectionClosed: the session has ended.
        """
        # One write for all: each send() costs a system call and a suspension, too slow for 20,000 messages/s.
        await self._require_open()
        for message in messages:
            if isinstance(message, str):
                self.protocol.send_text(message.encode())
            else:
                self.protocol.send_binary(message)
        await self._write_queued()

    async def send_part(self, data: bytes, *, text: bool, first: bool, fin: bool) -> None:
        """Send one frame of a message. The cut may be anywhere, also inside a UTF-8 character.

        Example, "hello" in two frames::

            async def behaviour(session):
                await session.send_part(b"hel", text=True, first=True, fin=False)
                await session.send_part(b"lo", text=True, first=False, fin=True)

        Args:
            data: payload of the frame.
            text: whether the message is text; the opcode of the first frame.
            first: False sends a continuation frame.
            fin: whether the frame ends the message.

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
        r"""Write ``data`` unchecked and unchanged, for frames that a correct library refuses to send.

        Example::

            async def behaviour(session):
                await session.send_raw(b"\x83\x00")  # a reserved opcode

            server = await embedded_server(behaviour)
        """
        self._recorder.sent(data)
        self.transport.write(data)
        await self.drain()

    async def close_empty(self) -> None:
        """Send a close frame without a code, which the client reports as 1005, and wait until the connection ends.

        Example::

            async def behaviour(session):
                await session.close_empty()

            server = await embedded_server(behaviour)

        Raises:
            ConnectionClosed: the session has ended before.
        """
        await self._require_open()
        self.protocol.send_close()
        await self._write_queued()
        await self.wait_closed()

    def connection_lost(self, exc: Exception | None) -> None:
        """Finish the recording of this connection."""
        super().connection_lost(exc)
        self._recorder.close(f"{self.close_code} {self.close_reason}".rstrip())

    def _facts(self, response: Response) -> Connection:
        request = self.request
        assert request is not None
        scheme = "ws" if self.transport.get_extra_info("ssl_object") is None else "wss"
        return Connection(
            session=self.name,
            url=f"{scheme}://{request.headers.get('Host', '')}{self.path}",
            request=redact_head(f"GET {request.path} HTTP/1.1", request.headers.raw_items()),
            response=redact_head("HTTP/1.1 101 Switching Protocols", response.headers.raw_items()),
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

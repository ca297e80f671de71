"""The asyncio protocols of a connection: WireConnection until the 101, OpenConnection after it, which an Owner has."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.protocol import OPEN, Event

from wsnotebook.log.connections import Connection
from wsnotebook.log.rowlog import RowLog
from wsnotebook.redaction import redact_head, redact_url
from wsnotebook.session.intake import Intake
from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.wire import Wire

__all__ = ["OpenConnection", "Owner", "WireConnection", "ip_address"]

_READ = 256 * 1024  # bytes of one read: the size that asyncio uses, and at most some ms of work for the loop
_AFTER_LARGE = 4 * 1024  # bytes of the read after a large frame, see get_buffer


class _ReadBuffer(threading.local):
    """The memory that all connections of a thread are read into.

    They can share it: a transport calls get_buffer(), reads and calls buffer_updated() in one go, and buffer_updated()
    copies the bytes before it calls anything that could run the loop again, as nest_asyncio does.
    """

    def __init__(self) -> None:
        self.memory = memoryview(bytearray(_READ))


_read_buffer = _ReadBuffer()


class Owner(Protocol):
    """What owns a connection from its 101 on: the pump of a session, or a leg of a proxy."""

    @property
    def log(self) -> RowLog:
        """Where it records."""

    @property
    def name(self) -> str:
        """Name of its session in the log."""

    @property
    def attempt(self) -> int:
        """Number of the connection in its session."""

    @property
    def intake(self) -> Intake:
        """The way in of the bytes that are received."""

    def open(self, transport: asyncio.Transport, wire: Wire, connection: Connection, /) -> None:
        """Begin: the handshake is done."""

    def eof_received(self) -> bool:
        """The peer's stream has ended; return whether the connection stays open for writing."""

    def connection_lost(self, error: Exception | None, /) -> None:
        """The connection is gone."""

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""

    def resume_writing(self) -> None:
        """The operating system has taken all."""


class WireConnection(ClientConnection, asyncio.BufferedProtocol):
    """One TCP connection until its 101. The library websockets does the dialling and the handshake.

    Nothing of it is needed after the 101: an idle session holds it no more.

    Args:
        protocol: the Sans-I/O protocol of the handshake.
        owner: owns the transport from the 101 on.
        url: the requested address.
        include_secrets: record the handshake without redaction.
    """

    def __init__(self, protocol: HandshakeProtocol, owner: Owner, url: str, *, include_secrets: bool) -> None:
        super().__init__(protocol, ping_interval=None, ping_timeout=None, close_timeout=None)
        self._wire = protocol.wire
        self._take_early = protocol.take_early
        self.owner = owner
        self.url = url
        self.elapsed = 0.0
        """Seconds from sending the request to the complete head of the response."""
        self._include_secrets = include_secrets
        self._requested_at = 0.0

    async def handshake(self, *arguments: Any, **options: Any) -> None:
        """Send the request and wait for the response, as websockets does, and measure the time."""
        self._requested_at = self.loop.time()
        await super().handshake(*arguments, **options)

    def process_event(self, event: Event) -> None:
        """Handle the response of the handshake; HandshakeProtocol emits no other events."""
        self.elapsed = self.loop.time() - self._requested_at
        super().process_event(event)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer for the next read: asyncio would allocate 256 KiB for each."""
        return _read_buffer.memory

    def buffer_updated(self, nbytes: int) -> None:
        """Pass the bytes of one read on."""
        self.data_received(bytes(_read_buffer.memory[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Feed the bytes of the handshake to websockets; pass the transport on after the 101."""
        super().data_received(data)
        if self.response is not None and self.protocol.state is OPEN:
            self._pass_on()

    def _pass_on(self) -> None:
        transport, owner = self.transport, self.owner
        owner.log.note("handshake", f"101 after {self.elapsed * 1000:.1f} ms", owner.name)
        owner.open(transport, self._wire, self._describe(transport))
        transport.set_protocol(OpenConnection(self._wire, owner))
        early = self._take_early()
        if early:
            owner.intake.bytes_received(early)

    def _describe(self, transport: asyncio.Transport) -> Connection:
        """Return the facts of this connection for the log."""
        assert self.request is not None and self.response is not None
        request, response = self.request, self.response
        status = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
        secrets = self._include_secrets
        return Connection(
            session=self.owner.name,
            attempt=self.owner.attempt,
            url=self.url if secrets else redact_url(self.url),
            request=request.serialize()
            if secrets
            else redact_head(f"GET {request.path} HTTP/1.1", request.headers.raw_items()),
            response=response.serialize() if secrets else redact_head(status, response.headers.raw_items()),
            opened_ns=self.owner.log.clock(),
            local_address=ip_address(transport.get_extra_info("sockname")),
            remote_address=ip_address(transport.get_extra_info("peername")),
            has_secrets=secrets,
        )


class OpenConnection(asyncio.BufferedProtocol):
    """One TCP connection after the 101.

    It chooses the buffer of the next read: the payload of a large frame is read directly into the log, which saves a
    copy; all other bytes are read into the buffer of the thread.

    Args:
        wire: parses the bytes.
        owner: receives bytes, EOF and the loss of the connection.
    """

    def __init__(self, wire: Wire, owner: Owner) -> None:
        self._owner = owner
        self._intake = owner.intake
        self._room = wire.room
        self._buffer = _read_buffer.memory
        self._in_place = False

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer for the next read."""
        if self._intake.rest is not None:
            self._intake.finish()  # the proactor transport of Windows delivers bytes that it read before a pause
        room = self._room()
        if room is None:
            # After a large frame another one is likely: a short read gets its header and little of its payload,
            # so that most of the payload can be read into the log.
            room = self._buffer[:_AFTER_LARGE] if self._in_place else self._buffer
            self._in_place = False
        else:
            self._in_place = True
        return room

    def buffer_updated(self, nbytes: int) -> None:
        """Pass the bytes of one read to the owner's intake."""
        if self._in_place:
            self._intake.received_in_place(nbytes)
        else:
            self._intake.bytes_received(self._buffer[:nbytes])

    def eof_received(self) -> bool | None:
        """Notify the owner that the peer has sent FIN."""
        return self._owner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the owner that the connection is lost."""
        self._owner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Notify the owner that the write buffer is above its high-water mark."""
        self._owner.pause_writing()

    def resume_writing(self) -> None:
        """Notify the owner that the write buffer is below its low-water mark."""
        self._owner.resume_writing()


def ip_address(address: Any) -> tuple[str, int] | None:
    """Return host and port; None for a unix socket."""
    return (address[0], address[1]) if isinstance(address, tuple) else None

"""The asyncio protocols of a connection: WireConnection until the 101, then OpenConnection or TlsConnection for an Owner."""

from __future__ import annotations

import asyncio
import mmap
import ssl
import threading
from typing import Any, Protocol, SupportsIndex

from wsnotebook.log.connections import Connection
from wsnotebook.log.rowlog import RowLog
from wsnotebook.redaction import head_of, redact_head, redact_url
from wsnotebook.safetext import safe_text
from wsnotebook.session.intake import Intake
from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.wire import Wire

__all__ = ["OpenConnection", "Owner", "TlsConnection", "WireConnection", "ip_address"]

_READ = 1 << 20  # bytes of one read, four times asyncio's: a turn of the loop costs like a large frame
_TLS_READ = 256 * 1024  # the same over TLS, of which asyncio holds no more
_AFTER_LARGE = 4 * 1024  # bytes of the read after a large frame, see get_buffer


class _ReadBuffer(threading.local):
    """The memory that all connections of a thread are read into.

    They can share it: a transport calls get_buffer(), reads and calls buffer_updated() in one go, and buffer_updated()
    copies the bytes before it calls anything that could run the loop again, as nest_asyncio does.
    """

    def __init__(self) -> None:
        self.memory = memoryview(bytearray(_READ))
        self.short = self.memory[:_AFTER_LARGE]
        # glibc gives freed memory back, and clears it anew at the next read, unless a block of this size was freed once:
        # mallopt(3), M_MMAP_THRESHOLD. Large frames would take twice as long.
        bytes(_READ)


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


class WireConnection(asyncio.BufferedProtocol):
    """One TCP connection until its 101: it sends the request and reads the response.

    Nothing of it is needed after the 101: an idle session holds it no more.

    Args:
        protocol: the handshake.
        owner: owns the transport from the 101 on.
        url: the requested address.
        include_secrets: record the handshake without redaction.
    """

    def __init__(self, protocol: HandshakeProtocol, owner: Owner, url: str, *, include_secrets: bool) -> None:
        self.protocol = protocol
        """What was asked, and what the server has answered, as far as it has come."""
        self.transport: asyncio.Transport | None = None
        """None until TCP, and TLS, are there."""
        self.lost_by: Exception | None = None
        """Why the connection was lost before the 101."""
        self.elapsed = 0.0
        """Seconds from sending the request to the complete response."""
        self._owner = owner
        self._url = url
        self._include_secrets = include_secrets
        self._requested_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_asked(self) -> bool:
        """Whether the request was sent."""
        return self._requested_at > 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport  # type: ignore[assignment]  # that of a stream

    async def handshake(self) -> None:
        """Send the request and wait for the response, or the loss of the connection.

        Raises:
            InvalidHandshake: it opens no WebSocket.
            OSError: the connection was lost.
        """
        assert self.transport is not None
        self._requested_at = self._loop.time()
        self.transport.write(self.protocol.request())
        await self._answered
        if not self.protocol.is_open:
            raise self.protocol.failure or self.lost_by or ConnectionResetError()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer for the next read: asyncio would allocate 256 KiB for each."""
        return _read_buffer.memory

    def buffer_updated(self, nbytes: int) -> None:
        """Read a part of the response; pass the transport on after the 101."""
        self.protocol.receive_data(bytes(_read_buffer.memory[:nbytes]))
        self._look()

    def eof_received(self) -> None:
        """Read the end of the stream: some responses have no other end of their body."""
        self.protocol.receive_eof()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep the reason; TLS through a proxy may fail before connection_made()."""
        self.lost_by = exc
        self.protocol.receive_eof()
        if not self._answered.done():
            self._answered.set_result(None)

    def _look(self) -> None:
        if not self.protocol.is_decided or self._answered.done():
            return
        self.elapsed = self._loop.time() - self._requested_at
        self._answered.set_result(None)
        if self.protocol.is_open:
            self._pass_on()

    def _pass_on(self) -> None:
        transport, owner, protocol = self.transport, self._owner, self.protocol
        assert transport is not None
        for interim in protocol.responses.interim:
            self._note(f"{interim.status} {safe_text(interim.reason)}".rstrip() + " came before the 101")
        for oddity in protocol.oddities:
            self._note(f"accepted, though {oddity}")
        self._note(f"101 after {self.elapsed * 1000:.1f} ms")
        owner.open(transport, protocol.wire, self._describe(transport))
        has_tls = transport.get_extra_info("ssl_object") is not None
        transport.set_protocol((TlsConnection if has_tls else OpenConnection)(protocol.wire, owner))
        early = protocol.take_early()
        if early:
            owner.intake.bytes_received(early)

    def _note(self, detail: str) -> None:
        self._owner.log.note("handshake", detail, self._owner.name)

    def _describe(self, transport: asyncio.Transport) -> Connection:
        """Return the facts of this connection for the log."""
        protocol, owner, secrets = self.protocol, self._owner, self._include_secrets
        response = protocol.responses.final
        assert response is not None
        write = head_of if secrets else redact_head
        return Connection(
            session=owner.name,
            attempt=owner.attempt,
            url=self._url if secrets else redact_url(self._url),
            request=write(protocol.first_line, protocol.fields),
            response=write(f"HTTP/1.1 {response.status} {response.reason}", response.fields),
            opened_ns=owner.log.clock(),
            local_address=ip_address(transport.get_extra_info("sockname")),
            remote_address=ip_address(transport.get_extra_info("peername")),
            has_secrets=secrets,
            recording=owner.log.recording_id,
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
        self._scanner = wire.judge.scanner
        self._long: memoryview | _Watched = _read_buffer.memory
        self._short: memoryview | _Watched = _read_buffer.short
        self._given: memoryview | _Watched = self._long
        self._in_place = False

    def get_buffer(self, sizehint: int) -> memoryview | _Watched:
        """Return the buffer for the next read."""
        if self._intake.rest is not None:
            self._intake.finish()  # the proactor transport of Windows delivers bytes that it read before a pause
        room = self._scanner.room()
        if room is None:
            # After a large frame another one is likely: a short read gets its header and little of its payload,
            # so that most of the payload can be read into the log.
            self._given = self._short if self._in_place else self._long
            self._in_place = False
            return self._given
        self._in_place = True
        return room

    def buffer_updated(self, nbytes: int) -> None:
        """Pass the bytes of one read to the owner's intake."""
        if self._in_place:
            self._intake.received_in_place(nbytes)
        else:
            self._intake.bytes_received(self._given[:nbytes])

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


class _Watched(mmap.mmap):
    """Memory of reads of TLS that notes how far it is filled; pages that are never written to cost nothing.

    asyncio reads one record after another into it, asking for what lies behind the last one each time. If a record is
    broken it forgets those before it, and says nothing of them.
    """

    filled = 0
    """Bytes that the records of this read have filled."""

    def __getitem__(self, place: SupportsIndex | slice) -> Any:  # int or memoryview; mmap says int or bytes
        view = memoryview(self)[place]
        if isinstance(place, slice):
            self.filled = place.start or 0
        return view


class TlsConnection(OpenConnection):
    """One TLS connection after the 101: what was received before a broken record is not lost with it."""

    def __init__(self, wire: Wire, owner: Owner) -> None:
        super().__init__(wire, owner)
        self._given = self._long = _Watched(-1, _TLS_READ)  # its own
        self._short = _Watched(-1, _AFTER_LARGE)

    def buffer_updated(self, nbytes: int) -> None:
        """Pass the bytes of one read to the owner's intake."""
        given = self._given
        super().buffer_updated(nbytes)
        if isinstance(given, _Watched):
            given.filled = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on what came before a broken record, then notify the owner that the connection is lost."""
        given = self._given
        if (
            isinstance(exc, ssl.SSLError)
            and isinstance(given, _Watched)
            and given.filled
            and not self._in_place
        ):
            self.buffer_updated(given.filled)
        super().connection_lost(exc)


def ip_address(address: Any) -> tuple[str, int] | None:
    """Return host and port; None for a unix socket."""
    return address[:2] if isinstance(address, tuple) else None

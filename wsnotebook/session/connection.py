"""The asyncio protocols of a connection: WireConnection until the 101, then OpenConnection or TlsConnection for an Owner."""

from __future__ import annotations

import asyncio
import mmap
import ssl
import threading
from typing import Any, Protocol, SupportsIndex

from websockets.asyncio.client import ClientConnection
from websockets.protocol import OPEN, Event

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
        self._protocol = protocol
        self.responses = protocol.responses
        """What the server has answered, as far as it has come."""
        self.lost_by: Exception | None = None
        """Why the connection was lost before the 101."""
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
        """Feed the bytes of the handshake to websockets; pass the transport on after the 101.

        What is no HTTP is no event for websockets, which would wait until the server hangs up.
        """
        super().data_received(data)
        if self.response is None and self.protocol.handshake_exc is not None:
            self.transport.abort()
        if self.response is not None and self.protocol.state is OPEN:
            self._pass_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep the reason, which websockets drops."""
        self.lost_by = exc
        if hasattr(self, "transport"):  # TLS through a proxy may fail before connection_made()
            super().connection_lost(exc)

    def _pass_on(self) -> None:
        transport, owner, wire = self.transport, self.owner, self._protocol.wire
        for interim in self.responses.interim:
            self._note(f"{interim.status} {safe_text(interim.reason)}".rstrip() + " came before the 101")
        for oddity in self._protocol.oddities:
            self._note(f"accepted, though {oddity}")
        self._note(f"101 after {self.elapsed * 1000:.1f} ms")
        owner.open(transport, wire, self._describe(transport))
        has_tls = transport.get_extra_info("ssl_object") is not None
        transport.set_protocol((TlsConnection if has_tls else OpenConnection)(wire, owner))
        early = self._protocol.take_early()
        if early:
            owner.intake.bytes_received(early)

    def _note(self, detail: str) -> None:
        self.owner.log.note("handshake", detail, self.owner.name)

    def _describe(self, transport: asyncio.Transport) -> Connection:
        """Return the facts of this connection for the log."""
        request, response, secrets = self.request, self.responses.final, self._include_secrets
        assert request is not None and response is not None
        write = head_of if secrets else redact_head
        return Connection(
            session=self.owner.name,
            attempt=self.owner.attempt,
            url=self.url if secrets else redact_url(self.url),
            request=write(f"GET {request.path} HTTP/1.1", request.headers.raw_items()),
            response=write(f"HTTP/1.1 {response.status} {response.reason}", response.fields),
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
        self._long: memoryview | _Watched = _read_buffer.memory
        self._short: memoryview | _Watched = _read_buffer.memory[:_AFTER_LARGE]
        self._given: memoryview | _Watched = self._long
        self._in_place = False

    def get_buffer(self, sizehint: int) -> memoryview | _Watched:
        """Return the buffer for the next read."""
        if self._intake.rest is not None:
            self._intake.finish()  # the proactor transport of Windows delivers bytes that it read before a pause
        room = self._room()
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
    return (address[0], address[1]) if isinstance(address, tuple) else None

"""WireConnection: the asyncio protocol that websockets dials; after the 101 an OpenConnection takes its place."""

from __future__ import annotations

import asyncio
import mmap
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.protocol import OPEN, Event

from wsnotebook.log.connections import Connection
from wsnotebook.redaction import redact_head, redact_url
from wsnotebook.session.pump import Pump
from wsnotebook.wire.protocol import WireProtocol

__all__ = ["OpenConnection", "WireConnection"]

_READ = 256 * 1024  # bytes read at once: what asyncio reads, and some ms of work for the loop at most
_AFTER_LARGE = 4 * 1024


class WireConnection(ClientConnection):
    """One TCP connection up to its 101: dialling and handshake are websockets' own.

    Args:
        protocol: the wire.
        pump: takes over when the WebSocket is open.
        url: the address asked for.
        include_secrets: record the handshake as it was.
    """

    def __init__(self, protocol: WireProtocol, pump: Pump, url: str, *, include_secrets: bool) -> None:
        super().__init__(protocol, ping_interval=None, ping_timeout=None, close_timeout=None)
        self.wire = protocol
        self.pump = pump
        self.url = url
        self.elapsed = 0.0
        """Seconds from the request to the whole head of the response."""
        self._include_secrets = include_secrets
        self._asked_at = 0.0

    async def handshake(self, *arguments: Any, **options: Any) -> None:
        """Send the request and wait for the answer, as websockets does."""
        self._asked_at = self.loop.time()
        await super().handshake(*arguments, **options)

    def process_event(self, event: Event) -> None:
        """Take the response of the handshake; there are no other events."""
        self.elapsed = self.loop.time() - self._asked_at
        super().process_event(event)

    def data_received(self, data: bytes) -> None:
        """Give the bytes of the handshake to websockets; what follows goes to an OpenConnection."""
        super().data_received(data)
        if self.response is not None and self.wire.state is OPEN:
            self._hand_over()

    def _hand_over(self) -> None:
        transport, pump = self.transport, self.pump
        pump.log.note("handshake", f"101 after {self.elapsed * 1000:.1f} ms", pump.name)
        pump.open(transport, self.wire, self._describe(transport))
        transport.set_protocol(OpenConnection(self.wire, pump, self.connection_lost_waiter))
        early = self.wire.take_early()
        if early:
            pump.intake.bytes_received(early)

    def _describe(self, transport: asyncio.Transport) -> Connection:
        """Return what the log keeps of this connection."""
        assert self.request is not None and self.response is not None
        request, response = self.request, self.response
        status = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
        secrets = self._include_secrets
        return Connection(
            session=self.pump.name,
            attempt=self.pump.attempt,
            url=self.url if secrets else redact_url(self.url),
            request=request.serialize()
            if secrets
            else redact_head(f"GET {request.path} HTTP/1.1", request.headers.raw_items()),
            response=response.serialize() if secrets else redact_head(status, response.headers.raw_items()),
            opened_ns=self.pump.log.clock(),
            local_address=_ip_address(transport.get_extra_info("sockname")),
            remote_address=_ip_address(transport.get_extra_info("peername")),
            has_secrets=secrets,
        )


class OpenConnection(asyncio.BufferedProtocol):
    """One TCP connection after the 101: the pump's alone.

    It says where to read the next bytes to: a large frame into its place in the log, all else into a buffer of its own.

    Args:
        wire, pump: where the bytes go.
        lost: completed at the end; websockets waits for it.
    """

    def __init__(self, wire: WireProtocol, pump: Pump, lost: asyncio.Future[None]) -> None:
        self._wire = wire
        self._pump = pump
        self._lost = lost
        # mapped, so that what a quiet session never fills costs no memory
        self._buffer = memoryview(mmap.mmap(-1, _READ))
        self._in_place = False

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next read goes."""
        self._pump.intake.finish()  # Windows' transport feeds what it had read before it was paused
        room = self._wire.room()
        if (
            room is None
        ):  # behind a large frame another is likely: its header is wanted here, and not much more
            room = self._buffer[:_AFTER_LARGE] if self._in_place else self._buffer
            self._in_place = False
        else:
            self._in_place = True
        return room

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes of one read."""
        if self._in_place:
            self._pump.intake.received_in_place(nbytes)
        else:
            self._pump.intake.bytes_received(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool | None:
        """Take the end of what the peer sends."""
        return self._pump.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        self._pump.connection_lost(exc)
        self._lost.set_result(None)

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""
        self._pump.pause_writing()

    def resume_writing(self) -> None:
        """The operating system has taken all."""
        self._pump.resume_writing()


def _ip_address(address: Any) -> tuple[str, int] | None:
    """Return host and port; None of a unix socket."""
    return (address[0], address[1]) if isinstance(address, tuple) else None

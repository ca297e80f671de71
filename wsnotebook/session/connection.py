"""WireConnection: the asyncio protocol that websockets dials; after the 101 it hands its bytes to a pump."""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.protocol import OPEN, Event

from wsnotebook.log.connections import Connection
from wsnotebook.redaction import redact_head, redact_url
from wsnotebook.session.pump import Pump
from wsnotebook.wire.protocol import WireProtocol

__all__ = ["WireConnection"]


class WireConnection(ClientConnection):
    """One TCP connection, from the handshake, which is websockets' own, to its end, which is the pump's.

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
        self._is_open = False

    async def handshake(self, *arguments: Any, **options: Any) -> None:
        """Send the request and wait for the answer, as websockets does."""
        self._asked_at = self.loop.time()
        await super().handshake(*arguments, **options)

    def process_event(self, event: Event) -> None:
        """Take the response of the handshake; there are no other events."""
        self.elapsed = self.loop.time() - self._asked_at
        super().process_event(event)

    def data_received(self, data: bytes) -> None:
        """Give the bytes of the handshake to websockets, all that follow to the pump."""
        if self._is_open:
            self.pump.bytes_received(data)
            return
        super().data_received(data)
        if self.response is not None and self.wire.state is OPEN:
            self._hand_over()

    def _hand_over(self) -> None:
        self._is_open = True
        transport = self.transport
        self.pump.log.note("handshake", f"101 after {self.elapsed * 1000:.1f} ms", self.pump.name)
        self.pump.open(transport, self.wire, self._describe(transport))
        early = self.wire.take_early()
        if early:
            self.pump.bytes_received(early)

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

    def eof_received(self) -> bool | None:  # type: ignore[override]  # True keeps it half open
        """Take the end of what the peer sends."""
        if self._is_open:
            return self.pump.eof_received()
        super().eof_received()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        if not self._is_open:
            super().connection_lost(exc)
            return
        self.pump.connection_lost(exc)
        self.connection_lost_waiter.set_result(None)

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""
        if self._is_open:
            self.pump.pause_writing()
        else:
            super().pause_writing()

    def resume_writing(self) -> None:
        """The operating system has taken all."""
        if self._is_open:
            self.pump.resume_writing()
        else:
            super().resume_writing()


def _ip_address(address: Any) -> tuple[str, int] | None:
    """Return host and port; None of a unix socket."""
    return (address[0], address[1]) if isinstance(address, tuple) else None

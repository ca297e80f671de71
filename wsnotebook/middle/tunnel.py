"""Tunnel: bytes between a client and a host that nobody looks at."""

from __future__ import annotations

import asyncio
import contextlib
import ssl as ssl_module
from collections.abc import Callable, Sequence

from wsnotebook.session.dialer import connect_to

__all__ = ["Tunnel"]


class Tunnel:
    """Two connections, of which each gets what the other one sends.

    Args:
        ended: called once both are gone.
    """

    def __init__(self, ended: Callable[[Tunnel], None]) -> None:
        self._ended = ended
        self._ends = (_End(self), _End(self))
        self.passed = [0, 0]
        """Bytes from the client, and to it."""

    async def open(
        self,
        client: asyncio.Transport,
        hosts: Sequence[str],
        port: int,
        first: bytes,
        *,
        ssl: ssl_module.SSLContext | bool | None = None,
        server_hostname: str | None = None,
    ) -> None:
        """Dial a host, and begin.

        Args:
            client: its transport, which is not read yet.
            hosts: names or addresses of a host, to be dialled one after the other.
            port: of it.
            first: bytes that the client has sent already.
            ssl: speak TLS to the host; True trusts the certificates of the system.
            server_hostname: the name of the host in TLS.

        Raises:
            OSError: the host cannot be reached.
        """
        near, far = self._ends
        await connect_to(hosts, port, lambda: far, ssl=ssl, server_hostname=server_hostname)
        near.connection_made(client)
        client.set_protocol(near)
        if first:
            near.data_received(first)
        client.resume_reading()

    def abort(self) -> None:
        """End both with a reset."""
        for end in self._ends:
            if end.transport is not None:
                end.transport.abort()

    # Called by the ends

    @property
    def has_ended(self) -> bool:
        """Whether both streams have."""
        return all(end.has_eof for end in self._ends)

    def other(self, end: _End) -> asyncio.Transport | None:
        """Return the transport to which an end's bytes go."""
        near, far = self._ends
        return (far if end is near else near).transport

    def count(self, end: _End, size: int) -> None:
        """Count bytes."""
        self.passed[self._ends.index(end)] += size

    def lost(self, end: _End, error: Exception | None) -> None:
        """End the other connection in the same way."""
        other = self.other(end)
        if other is not None:
            if error is None:
                other.close()
            else:
                other.abort()
        elif end.has_begun:
            self._ended(self)


class _End(asyncio.Protocol):
    """One of the two connections."""

    def __init__(self, tunnel: Tunnel) -> None:
        self.transport: asyncio.Transport | None = None
        self.has_begun = False
        self.has_eof = False
        self._tunnel = tunnel

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.has_begun = True

    def data_received(self, data: bytes) -> None:
        other = self._tunnel.other(self)
        if other is not None:
            self._tunnel.count(self, len(data))
            other.write(data)

    def eof_received(self) -> bool:
        """Hand the end of the stream on; the other direction stays open, where TCP can do that."""
        self.has_eof = True
        other = self._tunnel.other(self)
        if other is None or not other.can_write_eof() or self._tunnel.has_ended:
            return False
        with contextlib.suppress(OSError):  # reset, and its transport has not seen it yet
            other.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._tunnel.lost(self, exc)

    def pause_writing(self) -> None:
        other = self._tunnel.other(self)
        if other is not None and not other.is_closing():
            other.pause_reading()

    def resume_writing(self) -> None:
        other = self._tunnel.other(self)
        if other is not None and not other.is_closing():
            other.resume_reading()

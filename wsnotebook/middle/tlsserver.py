"""accept_tls: be the server of a client's TLS, of which some bytes were read before."""

from __future__ import annotations

import asyncio
import ssl

__all__ = ["accept_tls"]


async def accept_tls(
    transport: asyncio.Transport, context: ssl.SSLContext, first: bytes
) -> tuple[asyncio.Transport, bytes]:
    """Return a transport of what is in the TLS, and what came of it with the end of the handshake.

    Args:
        transport: of TCP, not being read.
        context: with the certificate.
        first: what the client has sent already.

    Raises:
        OSError: the handshake failed; ssl.SSLError is one.
    """
    loop = asyncio.get_running_loop()
    early = _Early()
    # start_tls() schedules its protocol's connection_made, and reading. Two turns of the loop from here is after the
    # first, and before what the second one finds in the socket.
    loop.call_soon(loop.call_soon, _feed, transport, first)
    opened = await loop.start_tls(transport, early, context, server_side=True)
    # asyncio raises nothing for an EOF.
    if opened is None or opened.is_closing() or transport.is_closing():
        raise ConnectionAbortedError("the client has gone")
    return opened, bytes(early.data)


def _feed(transport: asyncio.Transport, data: bytes) -> None:
    """Hand bytes to the protocol of TLS, as a transport does."""
    protocol = transport.get_protocol()
    assert isinstance(protocol, asyncio.BufferedProtocol)
    left = memoryview(data)
    while left:
        room = memoryview(protocol.get_buffer(len(left)))
        count = min(len(room), len(left))
        room[:count] = left[:count]
        protocol.buffer_updated(count)
        left = left[count:]


class _Early(asyncio.Protocol):
    """Keeps what comes with the end of the handshake."""

    def __init__(self) -> None:
        self.data = bytearray()

    def data_received(self, data: bytes) -> None:
        self.data += data

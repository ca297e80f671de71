"""beginning: the first bytes of a tunnel, read until they tell what the client speaks."""

from __future__ import annotations

import asyncio
import contextlib

__all__ = ["REQUEST", "TLS_RECORD", "beginning"]

REQUEST = b"GET "
"""How the request of a handshake begins."""
TLS_RECORD = b"\x16"
"""How TLS begins (RFC 8446 §5.1)."""


async def beginning(transport: asyncio.Transport, first: bytes, timeout: float) -> bytes:
    """Return what a client has sent once it can be told what it is; all that came where that is not so in time.

    The transport is not read when this returns. A client that has ended its stream says so again to its next protocol.

    Args:
        transport: not being read.
        first: what came before.
        timeout: seconds.
    """
    if _can_be_told(first):
        return first
    reading = _Reading(first)
    transport.set_protocol(reading)
    transport.resume_reading()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await reading.is_done.wait()
    finally:
        if not transport.is_closing():
            transport.pause_reading()
    return bytes(reading.data)


def _can_be_told(data: bytes | bytearray) -> bool:
    return len(data) >= len(REQUEST) or not REQUEST.startswith(data)


class _Reading(asyncio.Protocol):
    """The protocol meanwhile."""

    def __init__(self, first: bytes) -> None:
        self.data = bytearray(first)
        self.is_done = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.data += data
        if _can_be_told(self.data):
            self.is_done.set()

    def eof_received(self) -> bool:
        self.is_done.set()
        return True  # the other direction stays open

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_done.set()

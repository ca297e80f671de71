"""Lines of standard input for an event loop, read only as fast as they are wanted."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import threading
from collections.abc import AsyncIterator

__all__ = ["lines"]

_CHUNK = 64 << 10  # bytes


async def lines(descriptor: int) -> AsyncIterator[str]:
    """Yield the lines of a file, a pipe or a terminal, without their ends.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = ""
    while data := await _read(descriptor):
        *whole, rest = (rest + decoder.decode(data)).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


async def _read(descriptor: int) -> bytes:
    """Return what comes next; empty at the end."""
    # A thread of its own for each read, and not sys.stdin: epoll takes no files, the loop's executor would wait at exit
    # for a person to press Enter, and so would the lock of a buffered stdin.
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[bytes] = loop.create_future()

    def tell(data: bytes) -> None:
        if not arrived.done():
            arrived.set_result(data)

    def read() -> None:
        try:
            data = os.read(descriptor, _CHUNK)
        except OSError:  # a closed stdin has no lines
            data = b""
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, data)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return await arrived

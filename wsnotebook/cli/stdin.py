"""Lines of standard input for an event loop, read only on demand."""

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
    """Yield the lines of a file, a pipe or a terminal, without line ends. At most 64 KiB are read ahead.

    Args:
        descriptor: a file descriptor, such as ``sys.stdin.fileno()``.

    Raises:
        UnicodeDecodeError: the input is not UTF-8.
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
    """Return the next bytes, empty at the end of the input."""
    # Each read has its own daemon thread, and sys.stdin is not used: epoll does not support files, and both the
    # loop's executor and the lock of a buffered stdin would wait at exit until the person presses Enter.
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[bytes] = loop.create_future()

    def complete(data: bytes) -> None:
        if not arrived.done():
            arrived.set_result(data)

    def read() -> None:
        try:
            data = os.read(descriptor, _CHUNK)
        except OSError:  # stdin is closed: treated as its end
            data = b""
        with contextlib.suppress(RuntimeError):  # the loop was closed in the meantime
            loop.call_soon_threadsafe(complete, data)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return await arrived

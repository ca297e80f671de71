"""Arena: memory for payloads, taken from the operating system in large blocks."""

from __future__ import annotations

import numpy as np

__all__ = ["BLOCK", "Arena"]

BLOCK = 32 << 20
"""Bytes taken from the operating system at once; all of them go back when the last payload in them has gone."""
_HUGE_PAGE = 2 << 20
"""numpy asks for huge pages from 4 MiB on, and a block that begins with one has no other. One first touch instead of 512:
on a virtual machine 1 MiB of pages of 4 KiB took 0.6 ms to touch, of a huge one 0.14 ms."""
_ALIGNMENT = 64  # bytes: what Arrow asks for


class Arena:
    """Gives untouched memory, piece by piece out of blocks. Not safe for several threads: the log holds its lock."""

    def __init__(self) -> None:
        self._block = memoryview(b"")
        self._used = 0
        self._last: tuple[memoryview, int] | None = None  # the piece given last, and where it begins

    def allocate(self, size: int, block: int = BLOCK) -> memoryview:
        """Return writable memory of ``size`` bytes that nobody else has.

        Args:
            size: bytes.
            block: bytes to take at once; a larger piece has a block to itself.
        """
        if size > len(self._block) - self._used:
            fresh = _fresh(max(size, block))
            if size >= block:
                return fresh
            self._block, self._used = fresh, 0
        piece = self._block[self._used : self._used + size]
        self._last = piece, self._used
        self._use(self._used + size)
        return piece

    def trim(self, piece: memoryview, size: int) -> memoryview:
        """Return the first ``size`` bytes of a piece; the rest is given anew if nothing was given since."""
        if self._last is not None and self._last[0] is piece:
            self._use(self._last[1] + size)
            self._last = None
        return piece[:size]

    def _use(self, end: int) -> None:
        self._used = end + -end % _ALIGNMENT


def _fresh(size: int) -> memoryview:
    """Return memory that begins with a huge page; what is not touched of it costs nothing."""
    memory = np.empty(size + _HUGE_PAGE, np.uint8)
    start = -memory.ctypes.data % _HUGE_PAGE
    return memory[start : start + size].data

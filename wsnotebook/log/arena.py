"""Arena: memory for payloads, allocated from the operating system in large blocks."""

from __future__ import annotations

import numpy as np

__all__ = ["BLOCK", "Arena"]

BLOCK = 32 << 20
"""Bytes of one allocation from the operating system; it is freed when no payload in it is referenced any more."""
_HUGE_PAGE = 2 << 20
"""numpy asks for huge pages from 4 MiB on, and a block that begins at a huge page consists of them. One page fault instead
of 512: on a virtual machine the first write to 1 MiB took 0.6 ms in pages of 4 KiB, and 0.14 ms in a huge one."""
_ALIGNMENT = 64  # bytes: Arrow recommends it for its buffers


class Arena:
    """Allocates memory piece by piece out of blocks. Not thread-safe: its caller holds the lock of the log."""

    def __init__(self) -> None:
        self._block = memoryview(b"")
        self._used = 0
        self._last: tuple[memoryview, int] | None = None  # the last piece, and its offset in the block

    def allocate(self, size: int, block: int = BLOCK) -> memoryview:
        """Return writable memory of ``size`` bytes.

        Args:
            size: bytes.
            block: bytes of a new block; a larger piece has a block of its own.
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
        """Return the first ``size`` bytes of a piece; the rest is free again if the piece is the last one allocated."""
        if self._last is not None and self._last[0] is piece:
            self._use(self._last[1] + size)
            self._last = None
        return piece[:size]

    def _use(self, end: int) -> None:
        self._used = end + -end % _ALIGNMENT


def _fresh(size: int) -> memoryview:
    """Return memory that begins at a huge page; pages that are never written to cost nothing."""
    memory = np.empty(size + _HUGE_PAGE, np.uint8)
    start = -memory.ctypes.data % _HUGE_PAGE
    return memory[start : start + size].data

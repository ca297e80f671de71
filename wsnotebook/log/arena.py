"""Arena: memory for large payloads that are received in their place and stay there."""

from __future__ import annotations

import numpy as np

__all__ = ["Arena"]

_BLOCK = 8 << 20
"""Bytes taken from the operating system at once; all of it is given back when the last payload in it has gone."""
_HUGE_PAGE = 2 << 20
"""numpy asks for huge pages from 4 MiB on; a block that begins with one has no other. One touch instead of 512: on a
virtual machine receiving into fresh memory was 4 times as dear with pages of 4 KiB."""


class Arena:
    """Gives untouched memory, piece by piece out of blocks. Not safe for several threads: the log holds its lock."""

    def __init__(self) -> None:
        self._rest = memoryview(b"")

    def allocate(self, size: int, block: int = _BLOCK) -> memoryview:
        """Return writable memory of ``size`` bytes that nobody else has.

        Args:
            size: bytes.
            block: bytes to take at once; a larger piece has a block to itself.
        """
        if size > len(self._rest):
            fresh = _block(max(size, block))
            if size >= block:
                return fresh[:size]
            self._rest = fresh
        piece, self._rest = self._rest[:size], self._rest[size + -size % 64 :]
        return piece


def _block(size: int) -> memoryview:
    """Return fresh memory that begins with a huge page; what is not touched of it costs nothing."""
    memory = np.empty(size + _HUGE_PAGE, np.uint8)
    start = -memory.ctypes.data % _HUGE_PAGE
    return memory[start : start + size].data

"""Arena: memory for payloads, in large blocks of the operating system; and fresh memory for anything else of a segment."""

from __future__ import annotations

import contextlib
import mmap

__all__ = ["BLOCK", "Arena", "fresh_memory"]

BLOCK = 32 << 20
"""Bytes of one allocation from the operating system; it is freed when no payload in it is referenced any more."""
_ALIGNMENT = 64  # bytes: Arrow recommends it for its buffers
_NOTHING = memoryview(b"")
_HUGE = 4 << 20  # bytes from which a mapping consists of huge pages, where the system has them


class Arena:
    """Allocates memory piece by piece out of blocks. Not thread-safe: its caller holds the lock of the log."""

    def __init__(self) -> None:
        self._block = _NOTHING
        self._used = 0
        self._last: tuple[memoryview, int] | None = None  # the last piece, and its offset in the block

    def allocate(self, size: int, block: int = BLOCK) -> memoryview:
        """Return writable memory of ``size`` bytes.

        Args:
            size: bytes.
            block: bytes of a new block; a larger piece has a block of its own.
        """
        if size > len(self._block) - self._used:
            fresh = fresh_memory(max(size, block))
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


def fresh_memory(size: int) -> memoryview:
    """Return writable memory of zeros; a large one consists of huge pages.

    One page fault instead of 512: on a virtual machine the first write to 1 MiB took 0.5 ms in pages of 4 KiB, and 0.1 ms
    in a huge one. Linux aligns such a mapping since 6.7; before, a part of a huge page is lost at both ends of a block.
    """
    if size < _HUGE:
        # memory that was freed before, mostly: the fresh pages of a mapping cost 60 ns a frame where frames are small
        return memoryview(bytearray(size))
    mapped = _map(size)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without huge pages
            mapped.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(mapped)


def _map(size: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):  # Windows
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

"""Search: the rows of a log that a filter matches, found a slice at a time, so that the kernel's loop is never held up."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

from wsnotebook.widgets.filter import Filter

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.segment import Rows

__all__ = ["Search"]

SLICE_ROWS = 2048  # of one step: some 2 ms if each matches, and with the bytes 4
SLICE_BYTES = 512 << 10  # of payload: making letters small and looking takes 2 ms


class Search:
    """What a filter has matched so far, from the oldest row on.

    A match keeps its position while rows come, and when others are dropped. For one thread, but for ``window``.

    Args:
        log: where to look.
        wanted: the filter.
        slice_rows: rows that one step may look at.
        slice_bytes: payload bytes that one step may look at.
    """

    def __init__(
        self,
        log: FrameLog,
        wanted: Filter,
        *,
        slice_rows: int = SLICE_ROWS,
        slice_bytes: int = SLICE_BYTES,
    ) -> None:
        self.filter = wanted
        """What is looked for."""
        self.first = 0
        """Position of the oldest match whose row the log still has."""
        self._log = log
        self._slice_rows = slice_rows
        self._slice_bytes = slice_bytes
        self._seqs = array("q")  # of the matches from ``first`` on: 8 bytes a match
        self._next = log.first  # seq of the row to look at
        self._inside = 0  # bytes of its payload that were looked at, if it is a large one

    @property
    def end(self) -> int:
        """Position that the next match will have."""
        return self.first + len(self._seqs)

    @property
    def looked(self) -> int:
        """Rows that the log has and that were looked at."""
        return max(0, self._next - self._log.first)

    def step(self) -> bool:
        """Look at some more rows, for a few ms; return whether there are others."""
        with self._log.lock:
            self._forget_dropped()
            if self._next == self._log.end:
                return False
            rows = self._slice()
        if self._is_large(rows):
            self._look_inside(rows)
        else:
            self._take(rows, self.filter.places(rows))
        return self._next < self._log.end

    def window(self, start: int, stop: int) -> tuple[int, array[int]]:
        """Return the ``seq`` of the matches ``start`` to ``stop``, and the position of the first that there is."""
        with self._log.lock:
            start = max(start, self.first)
            return start, self._seqs[start - self.first : max(stop, start) - self.first]

    def _forget_dropped(self) -> None:
        if self._next < self._log.first:
            self._next, self._inside = self._log.first, 0
        gone = bisect_left(self._seqs, self._log.first)
        if gone:
            del self._seqs[:gone]
            self.first += gone

    def _slice(self) -> Rows:
        """Return the next rows: one at least, and no more bytes than a step may look at unless that one has them."""
        segment = self._log.segment_of(self._next)
        start = self._next - segment.first
        offsets = segment.offsets[start : min(start + self._slice_rows, segment.rows) + 1]
        fitting = int(offsets.searchsorted(offsets[0] + self._slice_bytes, side="right")) - 1
        return segment.read(start, start + max(1, fitting))

    def _is_large(self, rows: Rows) -> bool:
        return bool(self.filter.text) and int(rows.offsets[-1] - rows.offsets[0]) > self._slice_bytes

    def _look_inside(self, rows: Rows) -> None:
        """Look at a part of one large payload."""
        low, size = int(rows.offsets[0]), int(rows.offsets[1] - rows.offsets[0])
        # the parts overlap, so that what lies across an edge is found
        stop = min(size, self._inside + self._slice_bytes + len(self.filter.text) - 1)
        fits = bool(self.filter.fits(rows)[0])
        is_found = fits and self.filter.is_in(memoryview(rows.payload)[low + self._inside : low + stop])
        if fits and not is_found and stop < size:
            self._inside += self._slice_bytes
        else:
            self._take(rows, [0] if is_found else [])

    def _take(self, rows: Rows, places: list[int]) -> None:
        with self._log.lock:  # a window may be asked for on another thread
            self._seqs.extend([rows.first + place for place in places])
            self._next, self._inside = rows.first + len(rows), 0

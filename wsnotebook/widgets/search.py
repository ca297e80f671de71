"""Search: finds the rows of a log that a filter matches, in slices, so that it never blocks the kernel's loop for long."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from wsnotebook.log.rows import Rows, read_rows
from wsnotebook.widgets.filter import Filter

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Search"]

SLICE_ROWS = 2048  # of one step: about 2 ms if every row matches, 4 ms together with the bytes
SLICE_BYTES = 512 << 10  # of payload: lower-casing and searching takes 2 ms


class Search:
    """The matches of a filter so far, from the oldest row on.

    A match keeps its position while rows are appended, and when older rows are dropped. Only ``window`` may be called
    from another thread.

    Args:
        log: the log to search.
        wanted: the filter.
        slice_rows: rows that one step examines.
        slice_bytes: payload bytes that one step examines.
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
        """The filter."""
        self.first = 0
        """Position of the oldest match whose row is still in the log."""
        self._log = log
        self._slice_rows = slice_rows
        self._slice_bytes = slice_bytes
        self._seqs = array("q")  # of the matches from ``first`` on: 8 bytes a match
        self._next = log.first  # seq of the next row to examine
        self._inside = 0  # bytes of its payload that are examined, for a large one

    @property
    def end(self) -> int:
        """Position of the next match to be found."""
        return self.first + len(self._seqs)

    @property
    def looked(self) -> int:
        """Number of rows of the log that are examined."""
        return max(0, self._next - self._log.first)

    def step(self) -> bool:
        """Examine the next slice of rows, for a few ms; return whether rows are left."""
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
        """Return the position of the first available match from ``start`` on, and the ``seq`` of the matches to ``stop``."""
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
        """Return the next rows: at least one, and beyond that no more bytes than one step examines."""
        segment = self._log.segment_of(self._next)
        start = self._next - segment.first
        offsets = segment.offsets[start : min(start + self._slice_rows, segment.rows) + 1]
        fitting = bisect_right(offsets, offsets[0] + self._slice_bytes) - 1
        return read_rows(segment, start, start + max(1, fitting))

    def _is_large(self, rows: Rows) -> bool:
        return bool(self.filter.text) and int(rows.offsets[-1] - rows.offsets[0]) > self._slice_bytes

    def _look_inside(self, rows: Rows) -> None:
        """Examine a part of one large payload."""
        low, size = int(rows.offsets[0]), int(rows.offsets[1] - rows.offsets[0])
        # the parts overlap, so that a match across an edge is found
        stop = min(size, self._inside + self._slice_bytes + len(self.filter.text) - 1)
        fits = bool(self.filter.fits(rows)[0])
        is_found = fits and self.filter.is_in(memoryview(rows.payload)[low + self._inside : low + stop])
        if fits and not is_found and stop < size:
            self._inside += self._slice_bytes
        else:
            self._take(rows, [0] if is_found else [])

    def _take(self, rows: Rows, places: list[int]) -> None:
        with self._log.lock:  # window() may be called in another thread
            self._seqs.extend([rows.first + place for place in places])
            self._next, self._inside = rows.first + len(rows), 0

"""Search: finds the rows of a log that a filter matches, in slices, so that it never blocks the kernel's loop for long.

filter_log() does all slices at once, and returns the rows as a DataFrame.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wsnotebook.filtering.conditions import Run
from wsnotebook.filtering.filter import Filter
from wsnotebook.log.rows import Rows, read_rows

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.log.rowlog import RowLog

__all__ = ["Search", "filter_log", "take_rows"]

SLICE_ROWS = 1024  # of one step that reads payloads: 3 ms, where each is parsed as JSON
SLICE_BYTES = 512 << 10  # of payload: lower-casing and searching takes 2 ms
COLUMN_ROWS = 16_384  # of one step that reads columns only: 1 ms


class Search:
    """The matches of a filter so far, from the oldest row on.

    A match keeps its position while rows are appended, and when older rows are dropped. Only ``window`` may be called
    from another thread.

    Args:
        log: the log to search.
        wanted: the filter.
        slice_rows: rows that one step examines; without it as many as take a few ms.
        slice_bytes: payload bytes that one step examines, where the filter reads payloads; at least one row.
    """

    def __init__(
        self,
        log: RowLog,
        wanted: Filter,
        *,
        slice_rows: int | None = None,
        slice_bytes: int = SLICE_BYTES,
    ) -> None:
        self.filter = wanted
        """The filter."""
        self.first = 0
        """Position of the oldest match whose row is still in the log."""
        self._log = log
        self._slice_rows = slice_rows or (SLICE_ROWS if wanted.payloads else COLUMN_ROWS)
        self._slice_bytes = slice_bytes
        self._seqs = array("q")  # of the matches from ``first`` on: 8 bytes a match
        self._next = log.first  # seq of the next row to examine

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
        seqs = (self.filter.places(Run(rows, self._log.connections)) + rows.first).astype(np.int64)
        with self._log.lock:  # window() may be called in another thread
            self._seqs.frombytes(seqs.tobytes())
            self._next = rows.first + len(rows)
        return self._next < self._log.end

    def window(self, start: int, stop: int) -> tuple[int, array[int]]:
        """Return the position of the first available match from ``start`` on, and the ``seq`` of the matches to ``stop``."""
        with self._log.lock:
            start = max(start, self.first)
            return start, self._seqs[start - self.first : max(stop, start) - self.first]

    def _forget_dropped(self) -> None:
        if self._next < self._log.first:
            self._next = self._log.first
        gone = bisect_left(self._seqs, self._log.first)
        if gone:
            del self._seqs[:gone]
            self.first += gone

    def _slice(self) -> Rows:
        """Return the next rows: at least one, and beyond that no more bytes than one step examines."""
        segment = self._log.segment_of(self._next)
        start = self._next - segment.first
        stop = min(start + self._slice_rows, segment.rows)
        if self.filter.payloads:
            offsets = segment.offsets[start : stop + 1]
            stop = start + max(1, bisect_right(offsets, offsets[0] + self._slice_bytes) - 1)
        return read_rows(segment, start, stop)


def filter_log(log: RowLog, wanted: Filter) -> pd.DataFrame:
    """Return the rows of a log that a filter matches, as ``log.df`` has them."""
    search = Search(log, wanted)
    while search.step():
        pass
    return take_rows(log, search.window(search.first, search.end)[1])


def take_rows(log: RowLog, seqs: Sequence[int]) -> pd.DataFrame:
    """Return the rows with these ``seq``, as ``log.df`` has them; those that the log has dropped are left out."""
    df = log.df
    places = np.asarray(seqs, np.int64) - (df.index[0] if len(df) else 0)
    return df.iloc[places[(places >= 0) & (places < len(df))]]

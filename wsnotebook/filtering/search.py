"""Search: finds the rows of a log that a filter matches, in slices, so that it never blocks the kernel's loop for long.

filter_log() does all slices at once, and returns the rows as a DataFrame.
"""

from __future__ import annotations

import warnings
from array import array
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wsnotebook.filtering.conditions import Run
from wsnotebook.filtering.filter import Filter, PayloadClause
from wsnotebook.filtering.hasjson import HasJson
from wsnotebook.filtering.messagejoin import Changes, MessageJoin
from wsnotebook.filtering.runtypes import types_of
from wsnotebook.filtering.slices import SLICE_BYTES, SLICE_ROWS, next_rows

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.log.rowlog import RowLog

__all__ = ["Search", "filter_log", "take_rows"]

COLUMN_ROWS = 16_384  # of one step that reads columns only: 1 ms
ARROW_ROWS = (
    4096  # of one step in which Arrow reads numbers: 5 to 8 ms; of fewer its calls cost more than they save
)
_MANY = 100_000  # rows: Arrow reads JSON of so many quicker by more than it takes to load, 0.1 s


class Search:
    """The matches of a filter so far, from the oldest row on.

    A match keeps its position while rows are appended, and when older rows are dropped; only a message that matches by a
    later fragment, or no more, moves those after it. Only ``window`` and ``position_of``
    may be called from another thread.

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
        self.moved = 0
        """How often a message from before other matches has become a match, or has ceased to be one."""
        self._log = log
        self._slice_rows = slice_rows or (SLICE_ROWS if self._reads_payloads else COLUMN_ROWS)
        if len(log) >= _MANY and any(map(_is_for_arrow, wanted.payloads)):
            import pyarrow  # noqa: F401 - all_met() uses it where it is loaded

            self._slice_rows = slice_rows or ARROW_ROWS
        self._slice_bytes = slice_bytes
        self._seqs = array("q")  # of the matches from ``first`` on: 8 bytes a match
        self._next = log.first  # seq of the next row to examine
        self._types = types_of(wanted)
        self._messages = MessageJoin(wanted) if wanted.joins else None

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
            size = self._slice_bytes if self._reads_payloads else None
            rows = next_rows(self._log, self._next, self._slice_rows, size)
        run = Run(rows, self._log.connections)
        if self._types is not None:
            run = run._replace(types=self._types.read(run))
        changes = (
            self._messages.read(run)
            if self._messages is not None
            else Changes((self.filter.places(run) + rows.first).astype(np.int64), [])
        )
        with self._log.lock:  # window() may be called in another thread
            self._apply(changes)
            self._next = rows.first + len(rows)
        return self._next < self._log.end

    def window(self, start: int, stop: int) -> tuple[int, array[int]]:
        """Return the position of the first available match from ``start`` on, and the ``seq`` of the matches to ``stop``."""
        with self._log.lock:
            start = max(start, self.first)
            return start, self._seqs[start - self.first : max(stop, start) - self.first]

    def position_of(self, seq: int) -> int:
        """Return the position of the first match whose ``seq`` is at least this one; ``end`` where there is none."""
        with self._log.lock:
            return self.first + bisect_left(self._seqs, seq)

    @property
    def hint(self) -> str:
        """What is to be said where a type in the filter is that of no message so far; empty where there is nothing."""
        return "" if self._types is None else self._types.hint(self.filter.types)

    @property
    def _reads_payloads(self) -> bool:
        return bool(self.filter.payloads or self.filter.types) or self.filter.joins

    def _apply(self, changes: Changes) -> None:
        """Put new matches in their places, mostly behind all others, and take out those that are none any more."""
        split = int(changes.found.searchsorted(self._seqs[-1])) if self._seqs else 0
        for seq in changes.found[:split].tolist():
            insort(self._seqs, seq)
        self._seqs.frombytes(changes.found[split:].tobytes())
        for seq in changes.lost:
            place = bisect_left(self._seqs, seq)
            if self._seqs[place : place + 1].tolist() == [seq]:  # else it was dropped meanwhile
                del self._seqs[place]
        self.moved += split + len(changes.lost)
        self._forget_dropped()

    def _forget_dropped(self) -> None:
        if self._next < self._log.first:
            self._next = self._log.first
        gone = bisect_left(self._seqs, self._log.first)
        if gone:
            del self._seqs[:gone]
            self.first += gone


def _is_for_arrow(clause: PayloadClause) -> bool:
    return isinstance(clause.condition, HasJson) and clause.condition.kind is not None


def filter_log(log: RowLog, wanted: Filter) -> pd.DataFrame:
    """Return the rows of a log that a filter matches, as ``log.df`` has them; warn of a type that no message has."""
    search = Search(log, wanted)
    while search.step():
        pass
    if search.hint:
        warnings.warn(search.hint, stacklevel=3)
    return take_rows(log, search.window(search.first, search.end)[1])


def take_rows(log: RowLog, seqs: Sequence[int]) -> pd.DataFrame:
    """Return the rows with these ``seq``, as ``log.df`` has them; those that the log has dropped are left out.

    The categories of ``opcode`` are those of these rows.
    """
    # here, because it loads pandas, as log.df does
    from wsnotebook.analysis.columns import only_occurring_opcodes

    df = log.df
    places = np.asarray(seqs, np.int64) - (df.index[0] if len(df) else 0)
    return only_occurring_opcodes(df.iloc[places[(places >= 0) & (places < len(df))]])

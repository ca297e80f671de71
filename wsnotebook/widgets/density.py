"""Density: how many frames a log has in each of at most 200 equal spans of time, by direction, and what happened there.

Rows and events whose time is not known are in no span. It is kept while rows are appended: a row is counted once, and where the log gets longer neighbouring bins are added up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.log.restore import NO_TIME
from wsnotebook.widgets.row import rows_of
from wsnotebook.widgets.timeline import UNMARKED
from wsnotebook.wire.batch import opcode_of
from wsnotebook.wire.frames import Opcode

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.events import Event
    from wsnotebook.log.rows import Array, Rows

__all__ = ["KINDS", "Density"]

MOST_BINS = 200  # a bar of some px on every screen
SHORTEST_NS = 10_000  # of a bin at first; then 2, 10, 20, 100, … times that: edges are short to write
STEP_ROWS = 65_536  # one step takes a ms, whatever the number of rows in a batch

KINDS = ("received", "sent", "closes", "stalls", "events")
"""What is counted in each bin."""


class Density:
    """The bins of a log, or of one session in it.

    Args:
        log: the log.
        session: name of the session whose rows are counted, all its attempts; None for all.
    """

    def __init__(self, log: FrameLog, session: str | None = None) -> None:
        self._log = log
        self._session = session
        self._next = log.first  # seq of the next row to count
        self._events = 0  # read
        self._waiting: list[Event] = []  # for a later row
        self.width_ns = SHORTEST_NS
        """Length of a bin."""
        self.first = 0
        """Number of the first bin: its begin in ns since 1970, divided by ``width_ns``."""
        self.counts: Array = np.zeros((len(KINDS), 0), np.int64)
        """int64 (kinds, bins)."""

    def step(self) -> bool:
        """Count the next rows, for a ms or two; return whether rows are left."""
        with self._log.lock:
            self._next = max(self._next, self._log.first)
            stop = min(self._next + STEP_ROWS, self._log.end)
            for rows in self._log.rows(self._next, stop):
                self._count_rows(rows)
            self._next = stop
            if stop < self._log.end:
                return True
            self._count_events()
            self._forget_dropped()
            return False

    def _count_rows(self, rows: Rows) -> None:
        mine = self._are_mine(connection_of(rows.codes)) & (rows.times != NO_TIME)
        times, sizes, sent = rows.times[mine], rows.counts[mine], is_sent(rows.codes[mine])
        for kind, chosen in (("received", ~sent), ("sent", sent)):
            self._add(kind, times[chosen], sizes[chosen])
        closes = (opcode_of(rows.heads) == Opcode.CLOSE) & mine.repeat(rows.counts)
        if closes.any():
            found = rows.times.repeat(rows.counts)[closes]
            self._add("closes", found, np.ones(len(found), np.int64))

    def _are_mine(self, numbers: Array) -> Array:
        if self._session is None:
            return np.ones(len(numbers), bool)
        return np.array([each.session == self._session for each in self._log.connections], bool)[numbers]

    def _count_events(self) -> None:
        """Count the events that a row has followed: a lonely one far away would squeeze all rows into one bin."""
        new = self._log.events_since(self._events)
        self._events += len(new)
        self._waiting += [event for event in new if self._is_counted(event)]
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            place = event.time_ns // self.width_ns - self.first
            if place >= self.counts.shape[1] or not self.counts.shape[1]:
                self._waiting.append(event)
            else:
                self.counts[KINDS.index(_kind_of(event)), max(0, place)] += 1

    def _is_counted(self, event: Event) -> bool:
        is_mine = self._session is None or event.session in ("", self._session)
        return is_mine and event.time_ns != NO_TIME and _kind_of(event) != ""

    def _forget_dropped(self) -> None:
        """Leave out the bins before the one of the oldest row that the log still has."""
        oldest = next(rows_of(self._log, self._log.first, self._log.first + 1), None)
        if oldest is None or oldest.time_ns is None or not self._log.dropped:
            return
        gone = min(max(0, oldest.time_ns // self.width_ns - self.first), self.counts.shape[1])
        self.first += gone
        self.counts = self.counts[:, gone:]

    def _add(self, kind: str, times: Array, sizes: Array) -> None:
        if len(times):
            self._cover(int(times.min()), int(times.max()))
            np.add.at(self.counts[KINDS.index(kind)], times // self.width_ns - self.first, sizes)

    def _cover(self, low_ns: int, high_ns: int) -> None:
        """Make the bins long and many enough for two times."""
        bins, old = self.counts.shape[1], np.arange(self.counts.shape[1]) + self.first
        width = self.width_ns
        while True:
            low, high = low_ns // width, high_ns // width
            if bins:
                low, high = min(low, int(old[0])), max(high, int(old[-1]))
            if high - low < MOST_BINS:
                break
            factor = 2 if str(width)[0] == "1" else 5
            width, old = width * factor, old // factor
        if width == self.width_ns and (low, high - low + 1) == (self.first, bins):
            return
        counts: Any = np.zeros((len(KINDS), high - low + 1), np.int64)
        for before, after in zip(self.counts, counts, strict=True):
            np.add.at(after, old - low, before)
        self.width_ns, self.first, self.counts = width, low, counts


def _kind_of(event: Event) -> str:
    """Return what an event is counted as; empty for nothing."""
    return "stalls" if event.is_stall else "" if event.kind in UNMARKED else "events"

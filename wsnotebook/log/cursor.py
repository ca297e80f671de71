"""Cursor: reads the received frames of one connection from the log, in order; it holds no payload of its own."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from wsnotebook.log.code import CONNECTION
from wsnotebook.log.segment import Segment
from wsnotebook.log.store import SegmentStore

__all__ = ["Cursor", "Read"]


class Read(NamedTuple):
    """Consecutive received frames."""

    heads: bytes
    """First byte of each."""
    payloads: list[bytes]
    """Payload of each."""


_NOTHING = Read(b"", [])
_AT_ONCE = 256  # frames read from the log at once where none is kept


class Cursor:
    """A ``seq`` in the log, before a received frame of one connection.

    Args:
        store: the segments of the log.
        lock: the log's, held for each read.
        code: marks the batches of frames that this connection received.
        seq: first row to look at.
    """

    def __init__(self, store: SegmentStore, lock: threading.RLock, code: int, seq: int) -> None:
        self._store = store
        self._lock = lock
        self._code = code
        self.seq = seq
        """Next row to look at; who has the frames before a later row from elsewhere may set that."""
        self.stop: int | None = None
        """``seq`` before which the cursor ends; None while the connection goes on."""
        self.missed = 0
        """Rows that the log dropped before this cursor read them, of all connections; who has dealt with that may reset it."""
        self._segment: Segment | None = None
        self._batch = 0  # batch of the segment that seq was last looked up in
        self._runs: Sequence[int] = ()  # batches of the segment that begin a run of this connection's

    def take(self, limit: int) -> Read:
        """Return the next received frames, at most ``limit``; empty when there are none. Never waits.

        Batches of other connections are not looked at, however many lie between.
        """
        with self._lock:
            end = self._store.end
            if self.stop is not None and self.stop < end:
                end = self.stop
            segment = self._find(end)
            if segment is None:
                return _NOTHING
            start = self.seq - segment.first
            stop = self._end_of_run(segment, start + limit)
            if stop - start > limit:
                stop = start + limit
            if segment.first + stop > end:
                stop = end - segment.first
            self.seq = segment.first + stop
            return Read(*segment.frames(start, stop))

    def heads_left(self) -> bytes:
        """Return the first byte of each frame that take() would return from here on, and stay where it is."""
        twin = Cursor(self._store, self._lock, self._code, self.seq)
        twin.stop = self.stop
        return b"".join(read.heads for read in iter(lambda: twin.take(_AT_ONCE), _NOTHING))

    def _end_of_run(self, segment: Segment, limit: int) -> int:
        """Move to the last batch that follows without one of another code between; return the row where it ends.

        Args:
            limit: row from which on no further batch is wanted.
        """
        starts, codes, last = segment.starts, segment.codes, segment.batches - 1
        batch = self._batch
        while batch < last and starts[batch + 1] < limit and codes[batch + 1] == self._code:
            batch += 1
        self._batch = batch
        return int(starts[batch + 1])

    def _find(self, end: int) -> Segment | None:
        """Move to the next row of this connection; return its segment, or None where no row is left before ``end``."""
        if self.seq < self._store.first:
            self.missed += self._store.first - self.seq
            self.seq = self._store.first
        if self.seq >= end:
            return None
        segment = self._segment
        if segment is None or not segment.first <= self.seq < segment.first + segment.rows:
            segment, self._runs = self._store.segment_of(self.seq), ()
            self._segment = segment
            self._batch = segment.batch_of(self.seq - segment.first)
        elif segment.starts[self._batch + 1] <= self.seq - segment.first:
            self._batch += 1  # the last take ended with its batch
            if segment.starts[self._batch + 1] <= self.seq - segment.first:
                self._batch = segment.batch_of(self.seq - segment.first)
        if segment.codes[self._batch] != self._code:
            return self._skip(segment, end)
        return segment

    def _skip(self, segment: Segment, end: int) -> Segment | None:
        """Pass over all rows before the next one of this connection; return its segment, or None as _find does."""
        batch = self._next_batch(segment, self._batch)
        if batch is None:
            later = self._store.next_segment(self._code, segment)
            if later is not None:
                segment, self._runs = later, ()
                batch = self._next_batch(segment, 0)
        seq = end if batch is None else segment.first + int(segment.starts[batch])
        if batch is None or seq >= end:
            self.seq, self._segment = end, None
            if segment.first + segment.rows == end:
                self._segment, self._batch = segment, segment.batches - 1
            return None
        self.seq, self._segment, self._batch = seq, segment, batch
        return segment

    def _next_batch(self, segment: Segment, batch: int) -> int | None:
        """Return the number of the first batch that this connection received in a segment, from ``batch`` on."""
        if not self._runs:
            self._runs = segment.runs_of(self._code)
        codes, runs, own = segment.codes, self._runs, self._code & CONNECTION
        while batch < segment.batches and codes[batch] != self._code:
            if codes[batch] & CONNECTION == own:  # sent by it: the next one is near
                batch += 1
                continue
            place = bisect_left(runs, batch)
            batch = runs[place] if place < len(runs) else segment.batches
        return batch if batch < segment.batches else None

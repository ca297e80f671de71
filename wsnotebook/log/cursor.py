"""Cursor: reads the received frames of one connection from the log, in order; it holds no payload of its own."""

from __future__ import annotations

import threading
from typing import NamedTuple

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
        """Next row to look at."""
        self.stop: int | None = None
        """``seq`` before which the cursor ends; None while the connection goes on."""
        self.missed = 0
        """Rows that the log dropped before this cursor read them."""
        self._segment: Segment | None = None
        self._batch = 0  # batch of the segment that contains seq

    def take(self, limit: int) -> Read:
        """Return the next received frames, at most ``limit``; empty when there are none. Never waits."""
        with self._lock:
            while True:
                segment = self._find()
                if segment is None:
                    return _NOTHING
                read = self._take(segment, limit)
                if read is not None:
                    return read

    def _find(self) -> Segment | None:
        """Return the segment that contains ``seq``, or None at the end."""
        end = self._store.end if self.stop is None else min(self.stop, self._store.end)
        if self.seq < self._store.first:
            self.missed += self._store.first - self.seq
            self.seq = self._store.first
        if self.seq >= end:
            return None
        segment = self._segment
        if segment is None or not segment.first <= self.seq < segment.first + segment.rows:
            segment = self._segment = self._store.segment_of(self.seq)
            self._batch = segment.batch_of(self.seq - segment.first)
        return segment

    def _take(self, segment: Segment, limit: int) -> Read | None:
        """Return frames of the current batch; None where it has another code, or none left."""
        start = self.seq - segment.first
        while self._batch < segment.batches and segment.starts[self._batch + 1] <= start:
            self._batch += 1
        if self._batch >= segment.batches:
            self.seq = segment.first + segment.rows
            return None
        stop = int(segment.starts[self._batch + 1])
        if segment.codes[self._batch] != self._code:
            self.seq = segment.first + stop
            return None
        stop = min(stop, start + limit)
        if self.stop is not None:
            stop = min(stop, self.stop - segment.first)
        self.seq = segment.first + stop
        return Read(*segment.frames(start, stop))

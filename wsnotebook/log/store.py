"""SegmentStore: the segments of a log, oldest first, within its retention. The caller holds the lock of the log."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from wsnotebook.log.arena import BLOCK, Arena
from wsnotebook.log.segment import FIRST_PAYLOAD, FIRST_ROWS, MAX_PAYLOAD, Segment
from wsnotebook.log.spill import Spill, describe_failure
from wsnotebook.wire.batch import Batch

if TYPE_CHECKING:
    from wsnotebook.log.rows import Rows

__all__ = ["Owner", "SegmentStore"]


class Owner(Protocol):
    """The log of a store. It is an argument of each call that may need it: a store that referred to its log would keep its
    rows in memory until the collector of cycles runs."""

    def segment_sealed(self, segment: Segment) -> None:
        """A full segment was sealed."""

    def segment_dropped(self, segment: Segment) -> None:
        """The oldest segment was dropped."""

    def note(self, kind: str, detail: str) -> None:
        """Append an event."""


class SegmentStore:
    """Sealed segments and an open one; beyond the retention the oldest are spilled to disk, or dropped.

    Args:
        first: ``seq`` of the first row.
        retention: bytes to keep in memory; None for no limit.
        spill: move segments to disk instead of dropping them.
    """

    def __init__(self, first: int, *, retention: int | None, spill: bool) -> None:
        self.retention = retention
        """Bytes to keep in memory; may be set at any time."""
        self._spills = spill
        self._spill: Spill | None = None  # made with the first segment that is moved to disk
        self._arena: Arena | None = None  # made with the first large segment, or frame
        self.open = Segment(first)
        """The segment that grows."""
        self._segments = [self.open]  # the last one is open
        self._began = first
        self._on_disk = 0  # number of the oldest segments that are spilled
        self._held = 0  # bytes of the sealed segments in memory
        self._homes: dict[int, array[int]] = {}  # by code: ``first`` of the sealed segments that have it
        self.spilled = 0
        """Rows on disk."""

    @property
    def first(self) -> int:
        """``seq`` of the oldest row that is still here."""
        return self._segments[0].first

    @property
    def end(self) -> int:
        """``seq`` that the next row will have."""
        return self.open.first + self.open.rows

    @property
    def dropped(self) -> int:
        """Rows dropped to stay within the retention."""
        return self.first - self._began

    @property
    def memory(self) -> int:
        """Bytes of rows held in memory."""
        return self._held + self.open.nbytes

    def __iter__(self) -> Iterator[Segment]:
        return iter(list(self._segments))

    def segment_of(self, seq: int) -> Segment:
        """Return the segment that contains a row.

        Raises:
            IndexError: the row was dropped, or does not exist yet.
        """
        low, high = 0, len(self._segments)
        while low + 1 < high:
            middle = (low + high) // 2
            if self._segments[middle].first <= seq:
                low = middle
            else:
                high = middle
        segment = self._segments[low]
        if not segment.first <= seq < segment.first + segment.rows:
            there = f"{self.first} to {self.end - 1}" if self.end > self.first else "no frame"
            raise IndexError(f"there is no frame {seq}: the log has {there}")
        return segment

    def next_segment(self, code: int, segment: Segment) -> Segment | None:
        """Return the next segment after one that may have batches with a code; None where none does."""
        firsts = self._homes.get(code, ())
        place = bisect_right(firsts, segment.first)
        if place < len(firsts):
            return self.segment_of(firsts[place])
        return None if segment is self.open else self.open

    def allocate(self, size: int) -> memoryview:
        """Return memory for payloads, from blocks that are a fraction of the retention: a block is freed only as a whole."""
        if self._arena is None:
            self._arena = Arena()
        return self._arena.allocate(
            size, BLOCK if self.retention is None else min(BLOCK, self.retention // 16)
        )

    def begin(self) -> Segment:
        """Open a small segment in place of the one for no row, which a log begins with."""
        self._segments[-1] = Segment(self.open.first, FIRST_ROWS, FIRST_PAYLOAD)
        self.open = self._segments[-1]
        return self.open

    def append(self, batch: Batch, code: int, time_ns: int, monotonic_ns: int, owner: Owner) -> int:
        """Append the rows of a batch; return the ``seq`` of the first."""
        try:
            segment = self._room_for(batch, owner)
            first = segment.first + segment.rows
            segment.append(batch, code, time_ns, monotonic_ns)
        except BaseException:  # an interrupt
            self._repair()
            raise
        return first

    def _repair(self) -> None:
        """Make all agree with the whole rows again: an interrupt may come anywhere in append()."""
        last = self._segments[-1]
        if last.is_sealed:
            self._segments.append(Segment(last.first + last.rows))
        else:
            last.cut_back()
        self.open = self._segments[-1]
        self._held, self._homes = 0, {}
        for segment in self._segments[:-1]:
            self._count(segment)
        spilled = [segment.rows for segment in self._segments if segment.is_spilled]
        self._on_disk, self.spilled = len(spilled), sum(spilled)

    def _room_for(self, batch: Batch, owner: Owner) -> Segment:
        """Return the open segment; seal it and open a new one where the batch does not fit."""
        if self.open.has_room(batch):
            return self.open
        full = self.open
        if full.rows:
            self._seal(full)
            owner.segment_sealed(full)
        # a fraction of the retention, because the open segment stays in memory
        most = MAX_PAYLOAD if self.retention is None else min(MAX_PAYLOAD, self.retention // 8)
        self._push(full.successor(batch, self.allocate, most), owner)
        return self.open

    def adopt(self, rows: Rows, owner: Owner) -> None:
        """Append the rows of a file as a sealed segment.

        Raises:
            ValueError: they do not follow the last row.
        """
        from wsnotebook.log.restore import to_segment  # here, so that a session can record without numpy

        if rows.first != self.end:
            raise ValueError(f"seq {rows.first} follows {self.end - 1}")
        if self.open.rows:
            self._seal(self.open)
        sealed = to_segment(rows)
        self._push(sealed, owner)
        self._count(sealed)
        self._push(Segment(rows.first + len(rows)), owner)

    def drain(self) -> Iterator[Segment]:
        """Yield the segments, oldest first, and keep none, so that the caller frees each with its last reference to it."""
        segments = self._segments[::-1]
        self.open = Segment(self.end)
        self._began, self._segments, self._on_disk, self._held, self._homes = self.end, [self.open], 0, 0, {}
        while segments:
            yield segments.pop()

    def _seal(self, segment: Segment) -> None:
        segment.seal(self._trim)
        self._count(segment)

    def _trim(self, memory: memoryview, size: int) -> memoryview:
        return memory[:size] if self._arena is None else self._arena.trim(memory, size)

    def _count(self, sealed: Segment) -> None:
        """Add a sealed segment to the memory held and to the homes of its codes."""
        self._held += sealed.nbytes
        for code in sealed.code_set:
            self._homes.setdefault(code, array("q")).append(sealed.first)

    def _drop(self, oldest: Segment, owner: Owner) -> None:
        del self._segments[0]
        for code in oldest.code_set:
            del self._homes[code][0]
        owner.segment_dropped(oldest)

    def _push(self, segment: Segment, owner: Owner) -> None:
        """Append a segment, replacing an empty one, and make room for all that it may hold."""
        if self._segments[-1].rows:
            self._segments.append(segment)
        else:
            self._segments[-1] = segment
        self.open = segment
        if self.retention is not None:
            self._make_room(self._held + segment.capacity - self.retention, owner)

    def _make_room(self, excess: int, owner: Owner) -> None:
        """Spill or drop the oldest sealed segments until ``excess`` bytes of memory are free."""
        while excess > 0 and self._on_disk < len(self._segments) - 1:
            segment = self._segments[self._on_disk]
            freed = segment.nbytes
            if not self._spills:
                self._drop(segment, owner)
            elif self._move_to_disk(segment, owner):
                self._on_disk += 1
            else:
                return
            self._held -= freed
            excess -= freed

    def _move_to_disk(self, segment: Segment, owner: Owner) -> bool:
        """Spill a segment; return False where it stays in memory."""
        if self._spill is None:
            self._spill = Spill()
        try:
            size = segment.spill(self._spill)
        except OSError as error:
            owner.note(*describe_failure(error))
            return False
        self.spilled += segment.rows
        owner.note("spill", f"{segment.rows:,} rows, {size:,} bytes from seq {segment.first}")
        return True

"""SegmentStore: the segments of a log, oldest first, within its retention. Whoever calls holds the log's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wsnotebook.log.arena import BLOCK, Arena
from wsnotebook.log.restore import to_segment
from wsnotebook.log.segment import MAX_PAYLOAD, Rows, Segment
from wsnotebook.log.spill import SpillDirectory
from wsnotebook.wire.batch import Batch

__all__ = ["SegmentStore"]


class SegmentStore:
    """Sealed segments and one that is open; beyond the retention the oldest move to disk, or are dropped.

    Args:
        first: ``seq`` of the first row to come.
        retention: bytes to keep in memory; None for no limit.
        spill: move to disk rather than drop.
        sealed: called with each segment when it is full.
        dropped: called with each segment that is no more.
        note: called with kind and detail of an event.
    """

    def __init__(
        self,
        first: int,
        *,
        retention: int | None,
        spill: bool,
        sealed: Callable[[Segment], None],
        dropped: Callable[[Segment], None],
        note: Callable[[str, str], None],
    ) -> None:
        self.retention = retention
        """Bytes to keep in memory; may be set at any time."""
        self._spill = SpillDirectory() if spill else None
        self._sealed = sealed
        self._dropped = dropped
        self._note = note
        self._arena = Arena()
        self._open = Segment(first)
        self._segments = [self._open]  # the last one is open
        self._on_disk = 0  # segments of the beginning that are there
        self._held = 0  # bytes of the sealed segments in memory
        self.spilled = 0
        """Rows that lie on disk."""

    @property
    def first(self) -> int:
        """``seq`` of the oldest row that is still here."""
        return self._segments[0].first

    @property
    def end(self) -> int:
        """``seq`` that the next row will have."""
        return self._open.first + self._open.rows

    @property
    def memory(self) -> int:
        """Bytes of rows held in memory."""
        return self._held + self._open.nbytes

    def __iter__(self) -> Iterator[Segment]:
        return iter(list(self._segments))

    def segment_of(self, seq: int) -> Segment:
        """Return the segment that has a row.

        Raises:
            IndexError: there is no such row, or no more.
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
            raise IndexError(f"there is no frame {seq}: the log has {self.first} to {self.end - 1}")
        return segment

    def allocate(self, size: int) -> memoryview:
        """Return memory for payloads; out of blocks that are a part of the retention, as each goes back only whole."""
        return self._arena.allocate(
            size, BLOCK if self.retention is None else min(BLOCK, self.retention // 16)
        )

    def room_for(self, batch: Batch) -> Segment:
        """Return the open segment: a new one, where the batch does not fit into the last."""
        if self._open.has_room(batch):
            return self._open
        full = self._open
        full.seal(self._arena.trim)
        self._sealed(full)
        self._held += full.nbytes
        # a part of the retention, as the open segment stays in memory
        most = MAX_PAYLOAD if self.retention is None else min(MAX_PAYLOAD, self.retention // 8)
        self._push(full.successor(batch, self.allocate, most))
        return self._open

    def adopt(self, rows: Rows) -> None:
        """Take the rows of a file as a sealed segment.

        Raises:
            ValueError: they do not follow the last row.
        """
        if rows.first != self.end:
            raise ValueError(f"seq {rows.first} follows {self.end - 1}")
        if self._open.rows:
            self._open.seal(self._arena.trim)
            self._held += self._open.nbytes
        sealed = to_segment(rows)
        self._push(sealed)
        self._held += sealed.nbytes
        self._push(Segment(rows.first + len(rows)))

    def drain(self) -> Iterator[Segment]:
        """Yield the segments, oldest first, and keep none, so that each is freed when its receiver has done with it."""
        segments = self._segments[::-1]
        self._open = Segment(self.end)
        self._segments, self._on_disk, self._held = [self._open], 0, 0
        while segments:
            yield segments.pop()

    def _push(self, segment: Segment) -> None:
        """Put a segment behind the last one, or in its place where that is empty; make room for it to be filled."""
        if not self._open.rows:
            self._segments.pop()
        self._segments.append(segment)
        self._open = segment
        if self.retention is not None:
            self._give_way(self._held + segment.capacity - self.retention)

    def _give_way(self, excess: int) -> None:
        """Spill or drop the oldest sealed segments until ``excess`` bytes of memory are free."""
        while excess > 0 and self._on_disk < len(self._segments) - 1:
            segment = self._segments[self._on_disk]
            freed = segment.nbytes
            if self._spill is None:
                del self._segments[0]
                self._dropped(segment)
            elif self._move_to_disk(segment, self._spill):
                self._on_disk += 1
            else:
                return
            self._held -= freed
            excess -= freed

    def _move_to_disk(self, segment: Segment, directory: SpillDirectory) -> bool:
        """Return whether there was space for it."""
        try:
            size = segment.spill(directory.path)
        except OSError as error:
            self._note("disk full", f"rows stay in memory: {error}")
            return False
        self.spilled += segment.rows
        self._note("spill", f"{segment.rows:,} rows, {size:,} bytes from seq {segment.first}")
        return True

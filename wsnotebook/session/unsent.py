"""Unsent: the frames of the last write that the operating system has not wholly taken."""

from __future__ import annotations

from typing import NamedTuple, Self

from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.batch import Batch, Flag, minimal_header

__all__ = ["Unsent"]


class Unsent(NamedTuple):
    """A write of which something is left. There is one at most: nothing is written before it is gone."""

    first: int
    """``seq`` of its first row."""
    lengths: list[int]
    """Bytes on the wire of each of its frames."""
    left: int
    """Bytes that the operating system has not taken."""

    @classmethod
    def of(cls, first: int, batch: Batch, left: int) -> Self:
        """Return what is left of the write of a batch."""
        lengths = []
        for place, (head, flags, payload) in enumerate(
            zip(batch.heads, batch.flags, batch.payloads, strict=True)
        ):
            length = len(batch.wire.get(place, payload))
            key = b"key!" if flags & Flag.MASKED else None
            lengths.append(length + len(minimal_header(head, length, key)))
        return cls(first, lengths, left)

    def mark_unsent(self, log: FrameLog) -> None:
        """Mark the rows whose bytes were not all taken, the last ones of the write."""
        left, count = self.left, 0
        for length in reversed(self.lengths):
            if left <= 0:
                break
            left -= length
            count += 1
        stop = self.first + len(self.lengths)
        why = "not, or not wholly, handed to the operating system when the connection was lost"
        log.mark_unsent(stop - count, stop, why)

"""Unsent: the frames of the last write that the operating system has not taken completely."""

from __future__ import annotations

from typing import NamedTuple, Self

from wsnotebook.log.rowlog import RowLog
from wsnotebook.wire.batch import Batch, Flag, minimal_header

__all__ = ["Unsent"]


class Unsent(NamedTuple):
    """A write of which bytes are left in the transport's buffer. There is one at most: the next write waits for it."""

    first: int
    """``seq`` of its first row."""
    lengths: list[int]
    """Bytes on the wire of each of its frames."""
    left: int
    """Bytes that the operating system has not taken."""

    @classmethod
    def of(cls, first: int, batch: Batch, left: int) -> Self:
        """Return the record of the write of a batch, of which ``left`` bytes are not taken yet."""
        lengths = []
        for place, (head, flags, payload) in enumerate(
            zip(batch.heads, batch.flags, batch.payloads, strict=True)
        ):
            length = len(batch.wire.get(place, payload))
            key = b"key!" if flags & Flag.MASKED else None
            header = batch.headers.get(place) or minimal_header(head, length, key)
            lengths.append(length + len(header))
        return cls(first, lengths, left)

    def mark_unsent(self, log: RowLog) -> None:
        """Mark the rows whose bytes were not all taken: the last ones of the write."""
        left, count = self.left, 0
        for length in reversed(self.lengths):
            if left <= 0:
                break
            left -= length
            count += 1
        stop = self.first + len(self.lengths)
        why = "not, or not wholly, handed to the operating system when the connection was lost"
        log.mark_unsent(stop - count, stop, why)

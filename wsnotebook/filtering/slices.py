"""next_rows(): the rows of a log that one step examines, so that no step takes long."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from wsnotebook.log.rows import Rows, read_rows

if TYPE_CHECKING:
    from wsnotebook.log.rowlog import RowLog

__all__ = ["SLICE_BYTES", "SLICE_ROWS", "next_rows"]

SLICE_ROWS = (
    4096  # of one step that reads payloads: 3 ms where Arrow reads numbers in JSON, 8 where Python has to
)
SLICE_BYTES = 512 << 10  # of payload: lower-casing and searching takes 2 ms


def next_rows(log: RowLog, start: int, rows: int = SLICE_ROWS, size: int | None = SLICE_BYTES) -> Rows:
    """Return rows from ``start`` on, which is in the log: at least one, and of one segment.

    Args:
        log: the log; hold its lock.
        start: ``seq`` of the first one.
        rows: how many at most.
        size: bytes of payload, beyond the first row; None for any.
    """
    segment = log.segment_of(start)
    first = start - segment.first
    stop = min(first + rows, segment.rows)
    if size is not None:
        offsets = segment.offsets[first : stop + 1]
        stop = first + max(1, bisect_right(offsets, offsets[0] + size) - 1)
    return read_rows(segment, first, stop)

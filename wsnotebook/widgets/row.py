"""Row: one row of a log for the table, read directly from the log's columns.

Not by way of a DataFrame: that would cost milliseconds ten times a second, and load pandas to show a session.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import inf, nan, nextafter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.log.connections import Connection
from wsnotebook.log.restore import NO_TIME
from wsnotebook.log.rows import Array, Rows, read_rows
from wsnotebook.wire.batch import STATUSES, Flag, opcode_of
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Row", "is_of_server", "milliseconds", "ns_between", "rows_at", "rows_of"]

_LOOKED = 256  # rows that tell whose log it is


class Row(NamedTuple):
    """One frame, and its columns in the log."""

    seq: int
    """Its number in the log."""
    time_ns: int | None
    """Wall clock, ns since 1970; None where its file does not say it."""
    code: int
    """Connection and direction, as log/code.py packs them."""
    head: int
    """First byte on the wire: FIN, RSV and opcode."""
    flags: int
    """Flag bits of wire.batch."""
    payload: memoryview
    """The bytes as the application sees them; not a copy."""
    length: int
    """Payload bytes, as in the column ``length``: more than there are where the frame was cut off."""
    wire_length: int | None
    """Bytes of the payload on the wire, fewer where it was compressed; None where a browser has told the message."""
    detail: str
    """The broken rule, or the reason why it was not sent, as in the column ``detail``."""

    @property
    def is_sent(self) -> bool:
        """Whether it was sent."""
        return is_sent(self.code)

    @property
    def is_text(self) -> bool:
        """Whether the payload is text: of a text frame, or of a fragment of one that is UTF-8 by itself."""
        return bool(self.flags & Flag.TEXT) or opcode_of(self.head) == Opcode.TEXT

    @property
    def opcode(self) -> str:
        """Name of the opcode, as in the column ``opcode``."""
        return OPCODE_NAMES[opcode_of(self.head)]

    @property
    def status(self) -> str:
        """ok, violation, unsent, truncated or oversized."""
        return STATUSES[self.flags & Flag.STATUS]


def milliseconds(time_ns: int | None) -> float:
    """Return a time in ms since 1970 as float64 for a page, whose whole ms are those of the time; NaN for none."""
    if time_ns is None:
        return nan
    return min(time_ns / 10**6, nextafter(time_ns // 10**6 + 1, -inf))  # not rounded up to the next ms


def ns_between(before: Row, after: Row) -> int | None:
    """Return by how much one row is later than another; None where the time of one is not known."""
    if before.time_ns is None or after.time_ns is None:
        return None
    return after.time_ns - before.time_ns


def rows_of(log: FrameLog, start: int, stop: int) -> Iterator[Row]:
    """Yield the rows ``start`` to ``stop`` by ``seq``, as far as the log has them."""
    for rows in log.rows(start, stop):
        yield from _pick(rows, np.arange(len(rows)), log.connections)


def rows_at(log: FrameLog, seqs: Sequence[int]) -> Iterator[Row]:
    """Yield the rows with these ascending ``seq``; rows that the log has dropped are left out."""
    place = 0
    while True:
        with log.lock:
            place = bisect_left(seqs, log.first, place)
            if place == len(seqs):
                return
            # A segment at a time: each read of one costs as much as hundreds of rows.
            segment = log.segment_of(seqs[place])
            stop = bisect_left(seqs, segment.first + segment.rows, place)
            rows = read_rows(segment, seqs[place] - segment.first, seqs[stop - 1] + 1 - segment.first)
        yield from _pick(rows, np.array(seqs[place:stop]) - rows.first, log.connections)
        place = stop


def is_of_server(log: FrameLog) -> bool | None:
    """Return whether received frames are masked; None where no frame is, as in a HAR, which does not know masks."""
    for rows in log.rows(log.first, min(log.end, log.first + _LOOKED)):
        masked = (rows.flags & Flag.MASKED) != 0
        if masked.any():
            sent = is_sent(rows.codes).repeat(rows.counts)
            return bool(np.any(masked & ~sent))
    return None


def _pick(rows: Rows, places: Array, connections: Sequence[Connection]) -> Iterator[Row]:
    reported = [connection.is_reported for connection in connections]
    batches = rows.counts.cumsum().searchsorted(places, side="right")
    columns = (
        places,
        rows.times[batches],
        rows.codes[batches],
        rows.heads[places],
        rows.flags[places],
        rows.offsets[places],
        rows.offsets[places + 1],
        rows.lengths[places],
        rows.wire_lengths[places],
    )
    payloads = memoryview(rows.payload)
    for place, time_ns, code, head, flags, low, high, length, wire in zip(
        *(c.tolist() for c in columns), strict=True
    ):
        detail = rows.details.get(place, "")
        wire_length = None if reported[connection_of(code)] else wire
        known_ns = None if time_ns == NO_TIME else time_ns
        yield Row(
            rows.first + place, known_ns, code, head, flags, payloads[low:high], length, wire_length, detail
        )

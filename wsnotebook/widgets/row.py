"""Row: one row of a log as the table shows it, straight from the log's columns.

Not by way of a DataFrame: that costs milliseconds ten times a second, and showing a session would load pandas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from wsnotebook.wire.batch import OPCODE, Flag
from wsnotebook.wire.frames import OPCODES, Opcode

if TYPE_CHECKING:
    from wsnotebook.log.framelog import FrameLog

__all__ = ["Row", "rows_of"]

_STATUSES = ("ok", "violation", "dropped", "truncated")


class Row(NamedTuple):
    """One frame and what the log says of it."""

    seq: int
    """Its number in the log."""
    time_ns: int
    """Wall clock, ns since 1970."""
    code: int
    """Twice the number of the connection, plus 1 for what was sent."""
    head: int
    """First byte on the wire: FIN, RSV and opcode."""
    flags: int
    """Flag bits of wire.batch."""
    payload: memoryview
    """The bytes as the application sees them; not a copy."""
    detail: str
    """What was wrong with it, in the log's words."""

    @property
    def is_sent(self) -> bool:
        """Whether it went out."""
        return bool(self.code & 1)

    @property
    def is_text(self) -> bool:
        """Whether the payload is to be read as text: a text frame, or a fragment of one that is UTF-8 by itself."""
        return bool(self.flags & Flag.TEXT) or self.head & OPCODE == Opcode.TEXT

    @property
    def opcode(self) -> str:
        """Name of the opcode, as in the column ``opcode``."""
        opcode = OPCODES[self.head & OPCODE]
        return opcode.name.lower() if isinstance(opcode, Opcode) else f"0x{opcode:x}"

    @property
    def status(self) -> str:
        """ok, violation, dropped or truncated."""
        return _STATUSES[(self.flags & Flag.STATUS) >> 4]


def rows_of(log: FrameLog, start: int, stop: int) -> Iterator[Row]:
    """Yield the rows ``start`` to ``stop`` by ``seq``; those that the log has."""
    for rows in log.rows(start, stop):
        payloads, ends = memoryview(rows.payload), rows.offsets.tolist()
        times, codes = rows.times.repeat(rows.counts).tolist(), rows.codes.repeat(rows.counts).tolist()
        columns = zip(times, codes, rows.heads.tolist(), rows.flags.tolist(), strict=True)
        for place, (time_ns, code, head, flags) in enumerate(columns):
            payload = payloads[ends[place] : ends[place + 1]]
            detail = rows.details.get(place, "")
            yield Row(rows.first + place, time_ns, code, head, flags, payload, detail)

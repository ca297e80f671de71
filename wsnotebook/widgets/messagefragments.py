"""fragments_of(): the frames of the message that a fragment belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from wsnotebook.widgets.row import Row, rows_of
from wsnotebook.wire.batch import is_final, opcode_of
from wsnotebook.wire.frames import Opcode

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Fragments", "fragments_of"]

LOOKED = 4096  # rows before, and after: a message over more of them is shown as far as they go


class Fragments(NamedTuple):
    """The fragments of one message."""

    rows: list[Row]
    """In order."""
    has_begin: bool
    """The first fragment is among them."""
    has_end: bool
    """The last fragment is among them."""

    def place_of(self, seq: int) -> str:
        """Return which of them a frame is, in words."""
        place = [row.seq for row in self.rows].index(seq) + 1
        whole = str(len(self.rows)) if self.has_begin and self.has_end else f"at least {len(self.rows)}"
        return f"fragment {place} of {whole}, frames {self.rows[0].seq} to {self.rows[-1].seq}"


def fragments_of(log: FrameLog, row: Row) -> Fragments | None:
    """Return the fragments of the message of a frame; None where it is a whole message, or a control frame."""
    if _is_control(row) or (is_final(row.head) and opcode_of(row.head) != Opcode.CONTINUATION):
        return None
    before = list(rows_of(log, max(log.first, row.seq - LOOKED), row.seq + 1))
    back = _until(_of_stream(reversed(before), row), lambda each: opcode_of(each.head) != Opcode.CONTINUATION)
    on = (
        [row]
        if is_final(row.head)
        else _until(
            _of_stream(rows_of(log, row.seq, row.seq + LOOKED), row), lambda each: is_final(each.head)
        )
    )
    rows = [*reversed(back), *on[1:]]
    return Fragments(rows, opcode_of(rows[0].head) != Opcode.CONTINUATION, is_final(rows[-1].head))


def _is_control(row: Row) -> bool:
    return opcode_of(row.head) >= Opcode.CLOSE


def _of_stream(rows: Iterable[Row], row: Row) -> Iterable[Row]:
    """Yield the data frames of the same connection and direction."""
    return (each for each in rows if each.code == row.code and not _is_control(each))


def _until(rows: Iterable[Row], is_last: Callable[[Row], bool]) -> list[Row]:
    found = []
    for row in rows:
        found.append(row)
        if is_last(row):
            break
    return found

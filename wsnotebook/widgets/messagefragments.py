"""The frames of the message that a fragment belongs to, the first of them, and the payload of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from wsnotebook.widgets.row import Row, rows_of
from wsnotebook.wire.batch import Flag, is_final, opcode_of
from wsnotebook.wire.frames import Opcode

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.rows import Array

__all__ = ["FAR", "Fragments", "fragments_of", "message_of"]

LOOKED = 4096  # rows before, and after: a message over more of them is shown as far as they go
FAR = 500_000  # the same of a message that is saved, which may take a second
_FIRST_ROWS = 32  # that are read: most messages are near, and each row costs a microsecond
_CUT = frozenset({"truncated", "oversized"})


class Fragments(NamedTuple):
    """The fragments of one message."""

    rows: list[Row]
    """In order."""
    has_begin: bool
    """The first fragment is among them."""
    has_end: bool
    """The last fragment is among them."""

    @property
    def is_whole(self) -> bool:
        """Whether these are all."""
        return self.has_begin and self.has_end

    @property
    def is_cut(self) -> bool:
        """Whether the bytes are not those of the message in full: fragments are missing, or of one not all was received or kept."""
        return not self.is_whole or any(row.status in _CUT for row in self.rows)

    @property
    def payload(self) -> bytes:
        """The bytes of them all."""
        return b"".join(row.payload for row in self.rows)

    def place_of(self, seq: int) -> str:
        """Return which of them a frame is, in words."""
        place = [row.seq for row in self.rows].index(seq) + 1
        whole = str(len(self.rows)) if self.is_whole else f"at least {len(self.rows)}"
        return f"fragment {place} of {whole}, frames {self.rows[0].seq} to {self.rows[-1].seq}"


def fragments_of(log: FrameLog, row: Row, looked: int = LOOKED) -> Fragments | None:
    """Return the fragments of the message of a frame; None where it is a whole message, or a control frame.

    Args:
        log: the log.
        row: the frame.
        looked: rows before, and after, among which they are looked for.
    """
    if _is_control(row) or (is_final(row.head) and not _continues(row)):
        return None
    back = _back_to_begin(_of_stream(_rows_back(log, row.seq, looked), row))
    on = [] if is_final(row.head) else _on_to_end(_of_stream(_rows_from(log, row.seq + 1, looked - 1), row))
    rows = [*reversed(back), *on]
    return Fragments(rows, not _continues(rows[0]), is_final(rows[-1].head))


def message_of(log: FrameLog, row: Row) -> int | None:
    """Return the ``seq`` of the first frame of a frame's message.

    None where it belongs to none, as a control frame does, and where the begin is not among the LOOKED rows before.
    """
    if opcode_of(row.head) in (Opcode.TEXT, Opcode.BINARY):
        return row.seq
    if not row.flags & Flag.CONTINUES:
        return None
    for rows in reversed(list(log.rows(max(log.first, row.seq - LOOKED), row.seq))):
        opcodes = opcode_of(rows.heads)
        begins: Array = (rows.codes == row.code).repeat(rows.counts) & (
            (opcodes == Opcode.TEXT) | (opcodes == Opcode.BINARY)
        )
        if begins.any():
            return int(rows.first + begins.nonzero()[0][-1])
    return None


def _rows_back(log: FrameLog, seq: int, looked: int) -> Iterator[Row]:
    """Yield a row and those before it, the latest first, read a few at first."""
    stop, first, step = seq + 1, max(log.first, seq - looked), _FIRST_ROWS
    while stop > first:
        start = max(first, stop - step)
        yield from reversed(list(rows_of(log, start, stop)))
        stop, step = start, 4 * step


def _rows_from(log: FrameLog, start: int, looked: int) -> Iterator[Row]:
    """Yield a row and those after it, read a few at first."""
    stop, step = start + looked, _FIRST_ROWS
    while start < min(stop, log.end):
        yield from rows_of(log, start, min(start + step, stop))
        start, step = start + step, 4 * step


def _is_control(row: Row) -> bool:
    return opcode_of(row.head) >= Opcode.CLOSE


def _of_stream(rows: Iterable[Row], row: Row) -> Iterable[Row]:
    """Yield the data frames of the same connection and direction."""
    return (each for each in rows if each.code == row.code and not _is_control(each))


def _continues(row: Row) -> bool:
    return opcode_of(row.head) == Opcode.CONTINUATION


def _back_to_begin(rows: Iterable[Row]) -> list[Row]:
    """Return a frame and those before it up to the begin of its message; a final one before it ended another message."""
    found: list[Row] = []
    for row in rows:
        if found and is_final(row.head):
            break
        found.append(row)
        if not _continues(row):
            break
    return found


def _on_to_end(rows: Iterable[Row]) -> list[Row]:
    """Return the frames up to the end of a message; a begin among them takes its place (RFC 6455 §5.4), and it has no end."""
    found = []
    for row in rows:
        if not _continues(row):
            break
        found.append(row)
        if is_final(row.head):
            break
    return found

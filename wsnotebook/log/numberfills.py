"""Fill functions of the columns of numbers: each writes one column of some rows in place, whole arrays at a time.

New arrays are zeros without memory, so a function writes nothing where all values are zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from wsnotebook.log.code import connection_of
from wsnotebook.log.connections import Connection
from wsnotebook.log.rows import Array, Rows
from wsnotebook.wire.batch import FIN, OPCODE, STATUSES, Flag, opcode_of
from wsnotebook.wire.frames import Opcode

__all__ = [
    "Arrays",
    "Fill",
    "OpenMessages",
    "Source",
    "by_batch",
    "by_connection",
    "categories_by_connection",
    "close_rows",
    "fill_close_code",
    "fill_fin",
    "fill_frame_length",
    "fill_length",
    "fill_message",
    "fill_opcode",
    "fill_status",
    "fill_wire_length",
    "flag_bit",
    "head_bit",
    "reported_rows",
]

Arrays: TypeAlias = dict[str, Array]

_CLOSE = int(Opcode.CLOSE)  # numpy takes 3 µs to look at an enum member

_STATUS_CODES = np.zeros(256, np.int8)
_STATUS_CODES[list(STATUSES)] = range(len(STATUSES))
"""Code of the category ``status`` by the bits of Flag.STATUS."""


class Source(NamedTuple):
    """Values from which the columns of some rows are filled."""

    rows: Rows
    """The rows."""
    connections: Sequence[Connection]
    """Connections of the log, by number."""
    categories: Mapping[str, Sequence[str]]
    """Names of the categories, by column."""
    arrays: Arrays
    """Arrays of these rows, by column; those of the columns above in the table are filled."""
    missing: Arrays
    """True where a value is missing, by column; only of columns that may lack one."""
    open_messages: OpenMessages
    """Messages that are open before the rows."""


Fill: TypeAlias = Callable[[Source, Array], None]
"""Writes the values of some rows into the array of the column, and where they are missing into ``source.missing``."""


class OpenMessages:
    """Open message of each connection and direction, kept from one run to the next."""

    def __init__(self, open_messages: dict[int, int] | None = None) -> None:
        self.open = {} if open_messages is None else open_messages
        """``seq`` of its first frame, by the code of its batches."""

    def fill(self, source: Source, into: Array) -> None:
        """Write the message of each row, and mark the rows that belong to none."""
        rows = source.rows
        seq = np.arange(rows.first, rows.first + len(rows), dtype=np.int64)
        opcodes = source.arrays["opcode"]
        if source.arrays["fin"].all() and 1 <= opcodes.min() and opcodes.max() <= 2:
            into[:] = seq  # each frame is a message
            return
        starts = (opcodes == Opcode.TEXT) | (opcodes == Opcode.BINARY)
        continues = (rows.flags & Flag.CONTINUES) != 0
        into[:] = np.where(starts, seq, -1)
        codes = np.repeat(rows.codes, rows.counts)
        some_continue = bool(continues.any())
        for code in np.unique(rows.codes).tolist():
            mine = np.flatnonzero((codes == code) & (starts | continues))
            if not len(mine):
                continue
            if some_continue:
                filled = np.maximum.accumulate(into[mine])
                filled[filled < 0] = self.open.get(code, -1)
                into[mine] = filled
            self.open[code] = int(into[mine[-1]])
        np.less(into, 0, out=source.missing["message"])


def by_batch(values: Callable[[Source], Array]) -> Fill:
    """Return the fill function of a column that is the same for all rows of a batch; ``values`` gives one a batch."""

    def fill(source: Source, into: Array) -> None:
        batches = values(source)
        if batches.any():
            into[:] = np.repeat(batches, source.rows.counts)

    return fill


def by_connection(value: Callable[[Connection], int]) -> Fill:
    """Return the fill function of a column that is the same for all rows of a connection."""
    return by_batch(lambda source: _of_batches(source, list(map(value, source.connections))))


def categories_by_connection(column: str, value: Callable[[Connection], str]) -> Fill:
    """Return the fill function of a category column that is the same for all rows of a connection."""

    def codes(source: Source) -> Array:
        code_of = {name: code for code, name in enumerate(source.categories[column])}
        return _of_batches(source, [code_of[value(connection)] for connection in source.connections])

    return by_batch(codes)


def _of_batches(source: Source, values: Sequence[int]) -> Array:
    """Return the value of each batch, out of one for each connection."""
    batches: Array = np.array(values)[connection_of(source.rows.codes)]
    return batches


def head_bit(bit: int) -> Fill:
    """Return the fill function of a bit of the first byte."""
    return lambda source, into: _fill_bit(source.rows.heads & bit, into)


def flag_bit(flag: int) -> Fill:
    """Return the fill function of a bit of Flag."""
    return lambda source, into: _fill_bit(source.rows.flags & flag, into)


def _fill_bit(bits: Array, into: Array) -> None:
    if bits.any():
        np.not_equal(bits, 0, out=into)


def fill_opcode(source: Source, into: Array) -> None:
    """Write the opcode of each row."""
    np.bitwise_and(
        source.rows.heads, OPCODE, out=into.view(np.uint8)
    )  # in place: a copy would cost as much again


def fill_fin(source: Source, into: Array) -> None:
    """Write whether each row is the last frame of its message."""
    np.greater_equal(source.rows.heads, FIN, out=into)


def fill_length(source: Source, into: Array) -> None:
    """Write the payload bytes that the application sees."""
    into[:] = source.rows.lengths


def fill_wire_length(source: Source, into: Array) -> None:
    """Write the payload bytes on the wire."""
    into[:] = source.rows.wire_lengths
    _leave_reported(source, "wire_length")


def _leave_reported(source: Source, column: str) -> None:
    """Mark the rows of messages that a browser has told as missing."""
    reported = reported_rows(source.rows, source.connections)
    if reported is not None:
        source.missing[column][:] = reported


def reported_rows(rows: Rows, connections: Sequence[Connection]) -> Array | None:
    """Return which rows are messages that a browser has told; None where none are."""
    if not any(connection.is_reported for connection in connections):
        return None
    of_connections = np.array([connection.is_reported for connection in connections])
    reported: Array = np.repeat(of_connections[connection_of(rows.codes)], rows.counts)
    return reported


def fill_frame_length(source: Source, into: Array) -> None:
    """Write the bytes on the wire with the header (RFC 6455 §5.2)."""
    rows, wire_length = source.rows, source.arrays["wire_length"]
    np.add(wire_length, 2, out=into)
    longest = wire_length.max()
    if longest > 125:
        into += 2 * (wire_length > 125)
    if longest > 0xFFFF:
        into += 6 * (wire_length > 0xFFFF)
    if rows.mask_keys:
        into += 4 * source.arrays["masked"]
    for row, header in rows.headers.items():
        into[row] = wire_length[row] + len(header)
    _leave_reported(source, "frame_length")


def fill_message(source: Source, into: Array) -> None:
    """Write the ``seq`` of the first frame of each row's message."""
    source.open_messages.fill(source, into)


def close_rows(rows: Rows) -> list[int]:
    """Return the rows of close frames that have a code."""
    closes = (opcode_of(rows.heads) == _CLOSE).nonzero()[0]
    return [row for row in closes.tolist() if rows.offsets[row + 1] - rows.offsets[row] >= 2]


def fill_close_code(source: Source, into: Array) -> None:
    """Write the code of close frames."""
    rows, missing = source.rows, source.missing["close_code"]
    missing[:] = True
    for row in close_rows(rows):
        into[row] = int.from_bytes(rows.payload_at(row)[:2], "big")
        missing[row] = False


def fill_status(source: Source, into: Array) -> None:
    """Write the code of the status."""
    status = source.rows.flags & Flag.STATUS
    if status.any():
        into[:] = _STATUS_CODES[status]

"""The columns of the DataFrame that are numbers inside, written in place from rows; neither pandas nor Arrow is here.

Arrays are made of zeros that nobody has touched: a column, or a segment of one, that is all zero costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.log.connections import Connection
from wsnotebook.log.segment import Rows
from wsnotebook.wire.batch import RSV1, RSV2, RSV3, STATUSES, Flag, is_final, opcode_of
from wsnotebook.wire.frames import Opcode

__all__ = ["NumberColumns", "OpenMessages", "close_places", "session_names"]

_TYPES: dict[str, Any] = {
    "time": np.int64,
    "monotonic": np.int64,
    "session": np.int8,  # wider once there are more sessions than it can count
    "attempt": np.int32,
    "direction": np.int8,
    "opcode": np.int8,
    "fin": np.bool_,
    "rsv1": np.bool_,
    "rsv2": np.bool_,
    "rsv3": np.bool_,
    "masked": np.bool_,
    "length": np.int64,
    "wire_length": np.int64,
    "frame_length": np.int64,
    "message": np.int64,
    "no_message": np.bool_,
    "close_code": np.int32,
    "no_close_code": np.bool_,
    "status": np.int8,
}
"""Categories are codes, and missing values a second column."""

_STATUS_CODES = np.zeros(256, np.int8)
_STATUS_CODES[list(STATUSES)] = range(len(STATUSES))
"""Code of the category ``status`` by the bits of Flag.STATUS."""

Arrays: TypeAlias = dict[str, NDArray[Any]]


class OpenMessages:
    """The open message of each connection and direction, carried from one run of rows to the next."""

    def __init__(self, open_messages: dict[int, int] | None = None) -> None:
        self.open = {} if open_messages is None else open_messages
        """``seq`` of its first frame, by the code of its batches."""

    def fill(self, rows: Rows, into: Arrays) -> None:
        """Write the message of each row, and where there is none."""
        seq = np.arange(rows.first, rows.first + len(rows), dtype=np.int64)
        opcodes, message = into["opcode"], into["message"]
        if into["fin"].all() and 1 <= opcodes.min() and opcodes.max() <= 2:  # each frame is a message
            message[:] = seq
            return
        starts = (opcodes == 1) | (opcodes == 2)
        continues = (rows.flags & Flag.CONTINUES) != 0
        message[:] = np.where(starts, seq, -1)
        codes = np.repeat(rows.codes, rows.counts)
        some_continue = bool(continues.any())
        for code in np.unique(rows.codes).tolist():
            mine = np.flatnonzero((codes == code) & (starts | continues))
            if not len(mine):
                continue
            if some_continue:
                filled = np.maximum.accumulate(message[mine])
                filled[filled < 0] = self.open.get(code, -1)
                message[mine] = filled
            self.open[code] = int(message[mine[-1]])
        np.less(message, 0, out=into["no_message"])


class NumberColumns:
    """Arrays that grow, of which each DataFrame is a view of the beginning.

    Args:
        capacity: rows that there is room for at first.
        open_messages: those of the rows before.
    """

    def __init__(self, capacity: int, open_messages: OpenMessages | None = None) -> None:
        self.rows = 0
        """Rows written so far."""
        self.arrays: Arrays = {name: np.zeros(capacity, kind) for name, kind in _TYPES.items()}
        """By name; all of the same length, of which the first ``rows`` are written."""
        self._open_messages = open_messages or OpenMessages()

    def extend(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Write the rows that follow."""
        if not len(rows):
            return
        stop = self.rows + len(rows)
        self.reserve(stop)
        names = session_names(connections)
        kind = np.min_scalar_type(-len(names) - 1)
        if kind.itemsize > self.arrays["session"].itemsize:
            self.arrays["session"] = self.arrays["session"].astype(kind)
        into = {name: values[self.rows : stop] for name, values in self.arrays.items()}
        _fill_batches(rows, names, connections, into)
        _fill_bits(rows, into)
        _fill_lengths(rows, into)
        _fill_close_codes(rows, into)
        self._open_messages.fill(rows, into)
        self.rows = stop

    def reserve(self, rows: int) -> None:
        """Make room for so many rows, and some more where there was not enough."""
        capacity = len(self.arrays["opcode"])
        if rows <= capacity:
            return
        grown = max(rows + rows // 8, 3 * capacity // 2)
        for name, values in self.arrays.items():
            larger = np.zeros(grown, values.dtype)
            used = values[: self.rows]
            if used.any():
                larger[: self.rows] = used
            self.arrays[name] = larger


def session_names(connections: Sequence[Connection]) -> list[str]:
    """Return the session names in the order in which they first appear, so that their codes never change."""
    return list(dict.fromkeys(connection.session for connection in connections))


def close_places(rows: Rows) -> list[int]:
    """Return the places of close frames that have a code."""
    places = np.flatnonzero(opcode_of(rows.heads) == Opcode.CLOSE)
    return [place for place in places.tolist() if rows.offsets[place + 1] - rows.offsets[place] >= 2]


def _fill_batches(rows: Rows, names: Sequence[str], connections: Sequence[Connection], into: Arrays) -> None:
    """Write what is the same for all rows of a batch."""
    places = {name: place for place, name in enumerate(names)}
    sessions = np.array([places[connection.session] for connection in connections])
    attempts = np.array([connection.attempt for connection in connections])
    columns = {
        "time": rows.times,
        "monotonic": rows.monotonics,
        "session": sessions[connection_of(rows.codes)],
        "attempt": attempts[connection_of(rows.codes)],
        "direction": is_sent(rows.codes),
    }
    for name, values in columns.items():
        if values.any():
            into[name][:] = np.repeat(values, rows.counts)


def _fill_bits(rows: Rows, into: Arrays) -> None:
    """Write what the first two bytes of the header say, and the status."""
    heads, flags = rows.heads, rows.flags
    into["opcode"][:] = opcode_of(heads)
    into["fin"][:] = is_final(heads)
    bits = {"rsv1": heads & RSV1, "rsv2": heads & RSV2, "rsv3": heads & RSV3, "masked": flags & Flag.MASKED}
    for name, set_bits in bits.items():
        if set_bits.any():
            np.not_equal(set_bits, 0, out=into[name])
    status = flags & Flag.STATUS
    if status.any():
        into["status"][:] = _STATUS_CODES[status]


def _fill_lengths(rows: Rows, into: Arrays) -> None:
    """Write the three lengths: of the payload for the application, on the wire, and with the header."""
    length = np.subtract(rows.offsets[1:], rows.offsets[:-1], out=into["length"])
    wire_length = into["wire_length"]
    wire_length[:] = length
    if len(rows.wire_offsets) > 1:
        wire_length[(rows.flags & Flag.CHANGED) != 0] = np.diff(rows.wire_offsets)
    frame_length = np.add(wire_length, 2, out=into["frame_length"])
    longest = wire_length.max()
    if longest > 125:
        frame_length += 2 * (wire_length > 125)
    if longest > 0xFFFF:
        frame_length += 6 * (wire_length > 0xFFFF)
    if rows.mask_keys:
        frame_length += 4 * into["masked"]
    for place, header in rows.headers.items():
        frame_length[place] = wire_length[place] + len(header)


def _fill_close_codes(rows: Rows, into: Arrays) -> None:
    into["no_close_code"][:] = True
    for place in close_places(rows):
        into["close_code"][place] = int.from_bytes(rows.payload_at(place)[:2], "big")
        into["no_close_code"][place] = False

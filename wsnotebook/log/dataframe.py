"""The DataFrame of frames: its schema, and how rows of the log become its columns.

The only module of the log that knows pandas. Columns are built a segment at a time by numpy and Arrow, never by frame;
what was built once is kept, so that asking again costs what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wsnotebook.log.connections import Connection
from wsnotebook.log.segment import MAX_ROWS, Rows
from wsnotebook.wire.batch import FIN, OPCODE, RSV1, RSV2, RSV3, Flag

__all__ = [
    "COLUMNS",
    "DIRECTIONS",
    "OPCODES",
    "STATUSES",
    "Frames",
    "OpenMessages",
    "timed_series",
    "to_dataframe",
]

DIRECTIONS = ("in", "out")
OPCODES = tuple(
    {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}.get(code, f"0x{code:x}")
    for code in range(16)
)
STATUSES = ("ok", "violation", "dropped", "truncated")

COLUMNS = {
    "time": "when the bytes were read from, or handed to, the operating system (datetime64[ns, UTC])",
    "monotonic": "the same on a clock that never jumps (int64, ns)",
    "session": "session name (category)",
    "attempt": "0 for the first connection of the session, 1 for its first reconnection (int32)",
    "direction": "in or out (category)",
    "opcode": "continuation, text, binary, close, ping, pong, or a reserved 0x3 … (category)",
    "fin": "last frame of its message (bool)",
    "rsv1": "reserved bit 1, as on the wire: compressed (bool)",
    "rsv2": "reserved bit 2 (bool)",
    "rsv3": "reserved bit 3 (bool)",
    "masked": "masked on the wire (bool)",
    "mask_key": "4 bytes (binary, NA)",
    "length": "payload bytes as the application sees them (int64)",
    "wire_length": "payload bytes on the wire, smaller when compressed (int64)",
    "frame_length": "header and payload bytes on the wire (int64)",
    "payload": "the application's bytes of this frame (large_binary)",
    "text": "payload of a text frame, or of a fragment of one where it is UTF-8 by itself (large_string, NA)",
    "message": "frames of one message share the seq of its first (Int64, NA)",
    "close_code": "code of a close frame (Int32, NA)",
    "close_reason": "message of a close frame (string, NA)",
    "status": "ok, violation, dropped or truncated (category)",
    "detail": "the rule that was broken, or why it was dropped (string, NA)",
}
"""Columns of the DataFrame of frames, in order, and what they mean; the index is ``seq``."""

_NUMBERS: dict[str, Any] = {
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
"""Columns that are numbers inside: categories as codes, and missing values as a second column."""

_ARROWS: dict[str, pa.DataType] = {
    "mask_key": pa.binary(),
    "payload": pa.large_binary(),
    "text": pa.large_string(),
    "close_reason": pa.large_string(),
    "detail": pa.large_string(),
}
_NULLS = {kind: pa.nulls(MAX_ROWS, kind) for kind in {*_ARROWS.values()}}
"""One array of nulls a type, shared by all segments that have nothing there."""

_FIRST_CAPACITY = 1024

_Numbers = dict[str, NDArray[Any]]
_Arrows = dict[str, pa.Array]


class OpenMessages:
    """The open message of each connection and direction, carried from one run of rows to the next."""

    def __init__(self, open_messages: dict[int, int] | None = None) -> None:
        self.open = {} if open_messages is None else open_messages
        """``seq`` of its first frame, by the code of its batches."""

    def messages(self, rows: Rows, codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the message of each row, and where there is none."""
        opcodes = rows.heads & OPCODE
        seq = np.arange(rows.first, rows.first + len(rows), dtype=np.int64)
        starts = (opcodes == 1) | (opcodes == 2)
        continues = (rows.flags & Flag.CONTINUES) != 0
        message = np.where(starts, seq, -1)
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
        return message, message < 0


def _names(connections: Sequence[Connection]) -> list[str]:
    """Return the session names in the order in which they first appear, so that their codes never change."""
    return list(dict.fromkeys(connection.session for connection in connections))


def _of_codes(codes: NDArray[Any], connections: Sequence[Connection]) -> _Numbers:
    names = _names(connections)
    places = {name: place for place, name in enumerate(names)}
    sessions = np.array([places[connection.session] for connection in connections], _index_type(len(names)))
    attempts = np.array([connection.attempt for connection in connections], np.int32)
    return {
        "session": sessions[codes >> 1],
        "attempt": attempts[codes >> 1],
        "direction": (codes & 1).astype(np.int8),
    }


def _numbers(rows: Rows, open_messages: OpenMessages, connections: Sequence[Connection]) -> _Numbers:
    heads, flags = rows.heads, rows.flags
    codes = np.repeat(rows.codes, rows.counts)
    length = np.diff(rows.offsets)
    masked = (flags & Flag.MASKED) != 0
    wire_length = length
    if len(rows.wire_offsets) > 1:
        wire_length = length.copy()
        wire_length[(flags & Flag.CHANGED) != 0] = np.diff(rows.wire_offsets)
    frame_length = wire_length + 2 + 4 * masked + 2 * (wire_length > 125) + 6 * (wire_length > 0xFFFF)
    for place, header in rows.headers.items():
        frame_length[place] = wire_length[place] + len(header)
    message, no_message = open_messages.messages(rows, codes)
    close_code, no_close_code = _close_codes(rows)
    return {
        "time": np.repeat(rows.times, rows.counts),
        "monotonic": np.repeat(rows.monotonics, rows.counts),
        **_of_codes(codes, connections),
        "opcode": heads & OPCODE,
        "fin": heads >= FIN,
        "rsv1": (heads & RSV1) != 0,
        "rsv2": (heads & RSV2) != 0,
        "rsv3": (heads & RSV3) != 0,
        "masked": masked,
        "length": length,
        "wire_length": wire_length,
        "frame_length": frame_length,
        "message": message,
        "no_message": no_message,
        "close_code": close_code,
        "no_close_code": no_close_code,
        "status": (flags & Flag.STATUS) >> 4,
    }


def _close_places(rows: Rows) -> list[int]:
    return np.flatnonzero((rows.heads & OPCODE) == 8).tolist()


def _close_codes(rows: Rows) -> tuple[NDArray[Any], NDArray[Any]]:
    codes = np.zeros(len(rows), np.int32)
    missing = np.ones(len(rows), np.bool_)
    for place in _close_places(rows):
        payload = rows.payload_at(place)
        if len(payload) >= 2:
            codes[place] = int.from_bytes(payload[:2], "big")
            missing[place] = False
    return codes, missing


def _arrows(rows: Rows) -> _Arrows:
    count = len(rows)
    offsets, data = pa.py_buffer(np.ascontiguousarray(rows.offsets)), pa.py_buffer(rows.payload)
    is_text = (rows.flags & Flag.TEXT) != 0
    valid = pa.py_buffer(np.packbits(is_text, bitorder="little").tobytes())
    reasons = {
        place: rows.payload_at(place)[2:].decode("utf-8", "replace")
        for place in _close_places(rows)
        if len(rows.payload_at(place)) >= 2
    }
    return {
        "mask_key": _mask_keys(rows),
        "payload": pa.Array.from_buffers(pa.large_binary(), count, [None, offsets, data]),
        "text": pa.Array.from_buffers(pa.large_string(), count, [valid, offsets, data]),
        "close_reason": _strings(reasons, count),
        "detail": _strings(rows.details, count),
    }


def _mask_keys(rows: Rows) -> pa.Array:
    if not rows.mask_keys:
        return _nulls(pa.binary(), len(rows))
    masked = (rows.flags & Flag.MASKED) != 0
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(masked, out=offsets[1:], dtype=np.int32)
    offsets *= 4
    valid = pa.py_buffer(np.packbits(masked, bitorder="little").tobytes())
    return pa.Array.from_buffers(
        pa.binary(), len(rows), [valid, pa.py_buffer(offsets), pa.py_buffer(rows.mask_keys)]
    )


def _strings(sparse: dict[int, str], count: int) -> pa.Array:
    if not sparse:
        return _nulls(pa.large_string(), count)
    values: list[str | None] = [None] * count
    for place, value in sparse.items():
        values[place] = value
    return pa.array(values, pa.large_string())


def _nulls(kind: pa.DataType, count: int) -> pa.Array:
    return _NULLS[kind].slice(0, count)


def _assemble(
    first: int, numbers: _Numbers, arrows: dict[str, pa.ChunkedArray], connections: Sequence[Connection]
) -> pd.DataFrame:
    """Return a DataFrame over the columns, of which none is copied."""
    data: dict[str, Any] = {
        "time": pd.array(numbers["time"], dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False),
        "monotonic": numbers["monotonic"],
        "session": _categorical(numbers["session"], _names(connections)),
        "attempt": numbers["attempt"],
        "direction": _categorical(numbers["direction"], DIRECTIONS),
        "opcode": _categorical(numbers["opcode"], OPCODES),
        **{name: numbers[name] for name in ("fin", "rsv1", "rsv2", "rsv3", "masked")},
        "mask_key": pd.arrays.ArrowExtensionArray(arrows["mask_key"]),
        **{name: numbers[name] for name in ("length", "wire_length", "frame_length")},
        "payload": pd.arrays.ArrowExtensionArray(arrows["payload"]),
        "text": pd.arrays.ArrowExtensionArray(arrows["text"]),
        "message": pd.arrays.IntegerArray(numbers["message"], numbers["no_message"], copy=False),
        "close_code": pd.arrays.IntegerArray(numbers["close_code"], numbers["no_close_code"], copy=False),
        "close_reason": _string_array(arrows["close_reason"]),
        "status": _categorical(numbers["status"], STATUSES),
        "detail": _string_array(arrows["detail"]),
    }
    index = pd.RangeIndex(first, first + len(numbers["opcode"]), name="seq")
    frame = pd.DataFrame(data, index=index, copy=False)
    frame.attrs["wsnotebook"] = {"connections": [connection.to_dict() for connection in connections]}
    return frame


def _index_type(count: int) -> Any:
    return np.int8 if count < 127 else np.int16 if count < 32767 else np.int32


def _categorical(codes: NDArray[Any], names: Sequence[str]) -> Any:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(names)), validate=False)


def _string_array(values: pa.ChunkedArray) -> Any:
    return pd.arrays.ArrowStringArray(values, dtype=pd.StringDtype("pyarrow", na_value=pd.NA))  # type: ignore[call-arg]  # pandas-stubs lack it


def to_dataframe(runs: Sequence[Rows], first: int, connections: Sequence[Connection]) -> pd.DataFrame:
    """Return the DataFrame of a few runs of rows; for all of a log, Frames is faster the second time.

    Messages that were open before the first run are numbered only from their first frame in it.
    """
    open_messages = OpenMessages()
    numbers = [_numbers(rows, open_messages, connections) for rows in runs]
    arrows = [_arrows(rows) for rows in runs]
    return _assemble(
        first,
        {
            name: np.concatenate([part[name] for part in numbers] or [np.empty(0, kind)])
            for name, kind in _NUMBERS.items()
        },
        {name: pa.chunked_array([part[name] for part in arrows], kind) for name, kind in _ARROWS.items()},
        connections,
    )


def timed_series(points: Sequence[tuple[int, float]], name: str) -> pd.Series[float]:
    """Return a Series of floats by time, from pairs of ns since the epoch and value."""
    times = np.array([time for time, _ in points], np.int64)
    index = pd.DatetimeIndex(pd.array(times, dtype=pd.DatetimeTZDtype("ns", "UTC")), name="time")
    return pd.Series([value for _, value in points], index, dtype="float64", name=name)


class Frames:
    """The DataFrame of a whole log, kept and extended: asking again costs what has come since.

    Numbers lie in arrays that grow by doubling, and each DataFrame is a view of their beginning; Arrow columns are
    chunks. Copy-on-write keeps a user's changes out of both.
    """

    def __init__(self, first: int, open_messages: OpenMessages | None = None) -> None:
        self.first = first
        """``seq`` of the first row."""
        self.rows = 0
        """Rows taken so far."""
        self._numbers: _Numbers = {name: np.zeros(_FIRST_CAPACITY, kind) for name, kind in _NUMBERS.items()}
        self._chunks: list[tuple[int, _Arrows]] = []  # first seq and columns of each chunk
        self._open_messages = open_messages or OpenMessages()
        self._whole: pd.DataFrame | None = None
        self._connections = 0

    @property
    def end(self) -> int:
        """``seq`` of the first row not taken."""
        return self.first + self.rows

    def extend(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Take the rows that follow those taken so far."""
        stop = self.rows + len(rows)
        self.reserve(stop)
        for name, values in _numbers(rows, self._open_messages, connections).items():
            if values.itemsize > self._numbers[name].itemsize:  # more sessions than the codes could count
                self._numbers[name] = self._numbers[name].astype(values.dtype)
            if values.any():  # zeros are there already, in pages that nobody has touched yet
                self._numbers[name][self.rows : stop] = values
        self._chunks.append((rows.first, _arrows(rows)))
        self.rows = stop
        self._whole = None

    def replace_chunks(self, rows: Rows) -> None:
        """Put the columns of a sealed segment in the place of the copies made while it was open."""
        if rows.first >= self.first and rows.first + len(rows) <= self.end:
            self._chunks = [chunk for chunk in self._chunks if not 0 <= chunk[0] - rows.first < len(rows)]
            self._chunks.append((rows.first, _arrows(rows)))
            self._chunks.sort(key=lambda chunk: chunk[0])
            self._whole = None

    def dataframe(self, connections: Sequence[Connection]) -> pd.DataFrame:
        """Return the DataFrame of all rows taken."""
        if self._whole is None or self._connections != len(connections):
            numbers = {name: values[: self.rows] for name, values in self._numbers.items()}
            arrows = {
                name: pa.chunked_array([columns[name] for _, columns in self._chunks], kind)
                for name, kind in _ARROWS.items()
            }
            self._whole = _assemble(self.first, numbers, arrows, connections)
            self._connections = len(connections)
        return self._whole.copy(deep=False)

    def reserve(self, rows: int) -> None:
        """Make room for so many rows, and some more where there was not enough."""
        capacity = len(self._numbers["opcode"])
        if rows <= capacity:
            return
        grown = max(rows + rows // 8, 3 * capacity // 2)
        for name, values in self._numbers.items():
            larger = np.zeros(grown, values.dtype)
            used = values[: self.rows]
            if used.any():
                larger[: self.rows] = used
            self._numbers[name] = larger

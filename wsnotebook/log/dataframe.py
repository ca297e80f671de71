"""The DataFrame of frames: its schema, and how rows of the log become its columns.

The only module of the log that knows pandas. Columns are built a segment at a time by numpy and Arrow, never by frame;
what was built once is kept, so that asking again costs what is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wsnotebook.log.connections import Connection
from wsnotebook.log.numbercolumns import NumberColumns, OpenMessages, close_places, session_names
from wsnotebook.log.segment import MAX_ROWS, Rows
from wsnotebook.wire.batch import STATUSES as STATUS_NAMES
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import OPCODE_NAMES

__all__ = [
    "COLUMNS",
    "DIRECTIONS",
    "STATUSES",
    "Frames",
    "frames_of",
    "timed_series",
]

DIRECTIONS = ("in", "out")
STATUSES = tuple(STATUS_NAMES.values())

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
    "status": "ok, violation, unsent, truncated or oversized (category)",
    "detail": "the rule that was broken, or why it was not sent (string, NA)",
}
"""Columns of the DataFrame of frames, in order, and what they mean; the index is ``seq``."""

_ARROWS: dict[str, pa.DataType] = {
    "mask_key": pa.binary(),
    "payload": pa.large_binary(),
    "text": pa.large_string(),
    "close_reason": pa.large_string(),
    "detail": pa.large_string(),
}
_STRINGS = frozenset(("close_reason", "detail"))  # pandas' own dtype: they are looked at, not computed with
_NULLS = {kind: pa.nulls(MAX_ROWS, kind) for kind in {*_ARROWS.values()}}
"""One array of nulls a type, shared by all segments that have nothing there."""

_FIRST_CAPACITY = 1024

_Arrows = dict[str, pa.Array]


def _arrows(rows: Rows) -> _Arrows:
    count = len(rows)
    offsets, data = pa.py_buffer(np.ascontiguousarray(rows.offsets)), pa.py_buffer(rows.payload)
    is_text = (rows.flags & Flag.TEXT) != 0
    valid = pa.py_buffer(np.packbits(is_text, bitorder="little").tobytes())
    reasons = {place: rows.payload_at(place)[2:].decode("utf-8", "replace") for place in close_places(rows)}
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


def _categorical(codes: NDArray[Any], names: Sequence[str]) -> Any:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(names)), validate=False)


def timed_series(points: Sequence[tuple[int, float]], name: str) -> pd.Series[float]:
    """Return a Series of floats by time, from pairs of ns since the epoch and value."""
    times = np.array([time for time, _ in points], np.int64)
    index = pd.DatetimeIndex(pd.array(times, dtype=pd.DatetimeTZDtype("ns", "UTC")), name="time")
    return pd.Series([value for _, value in points], index, dtype="float64", name=name)


class Frames:
    """The DataFrame of a whole log, kept and extended: asking again costs what has come since.

    Numbers lie in arrays that grow, and Arrow columns are chunks. Each DataFrame is a slice of one over the whole arrays,
    which is kept: that is how pandas' copy-on-write knows that they are not the user's to write to.

    Args:
        first: ``seq`` of the first row.
        open_messages: those of the rows before; others are numbered only from their first frame here.
        capacity: rows that there is room for at first.
    """

    def __init__(
        self, first: int, open_messages: OpenMessages | None = None, *, capacity: int = _FIRST_CAPACITY
    ) -> None:
        self.first = first
        self._numbers = NumberColumns(capacity, open_messages)
        self._chunks: list[tuple[int, _Arrows]] = []  # first seq and columns of each chunk
        self._owners: list[pd.DataFrame] = []  # over the whole arrays; the last one knows all sessions
        self._owned: NDArray[Any] | None = None  # the array by which it is seen that there are new ones
        self._whole: pd.DataFrame | None = None
        self._connections = 0

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        return self._numbers.rows

    @property
    def end(self) -> int:
        """``seq`` of the first row not taken."""
        return self.first + self.rows

    def reserve(self, rows: int) -> None:
        """Make room for so many rows in all."""
        self._numbers.reserve(rows)

    def extend(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Take the rows that follow those taken so far."""
        self._numbers.extend(rows, connections)
        self._chunks.append((rows.first, _arrows(rows)))
        self._whole = None

    def replace_chunks(self, rows: Rows) -> None:
        """Put the columns of a sealed segment in the place of the copies made while it was open."""
        if rows.first >= self.first and rows.first + len(rows) <= self.end:
            self._chunks = [chunk for chunk in self._chunks if not 0 <= chunk[0] - rows.first < len(rows)]
            self._chunks.append((rows.first, _arrows(rows)))
            self._chunks.sort(key=lambda chunk: chunk[0])
            self._whole = None

    def dataframe(
        self, connections: Sequence[Connection], *, dropped: int = 0, truncated: int = 0
    ) -> pd.DataFrame:
        """Return the DataFrame of all rows taken.

        Args:
            connections: all of the log, told in its attrs.
            dropped: rows that the log had and has no more, told there too.
            truncated: bytes that came and belong to no row, likewise.
        """
        if self._whole is None or self._connections != len(connections):
            numbers = self._owner(connections).iloc[: self.rows]
            arrows = {
                name: pa.chunked_array([columns[name] for _, columns in self._chunks], kind)
                for name, kind in _ARROWS.items()
            }
            columns = {
                name: _arrow_column(name, arrows[name]) if name in arrows else numbers[name]
                for name in COLUMNS
            }
            self._whole = pd.DataFrame(columns, index=numbers.index, copy=False)
            self._connections = len(connections)
        df = self._whole.copy(deep=False)
        told = [connection.to_dict() for connection in connections]
        df.attrs["wsnotebook"] = {"connections": told, "dropped": dropped, "truncated": truncated}
        return df

    def _owner(self, connections: Sequence[Connection]) -> pd.DataFrame:
        """Return the DataFrame over the whole arrays, kept for as long as they are written to."""
        arrays = self._numbers.arrays
        if self._owned is not arrays["opcode"]:
            self._owners.clear()  # there are new arrays, and the old ones are only the users'
            self._owned = arrays["opcode"]
        if not self._owners or self._connections != len(connections):
            columns = _number_columns(arrays, session_names(connections))
            index = pd.RangeIndex(self.first, self.first + len(arrays["opcode"]), name="seq")
            self._owners.append(pd.DataFrame(columns, index=index, copy=False))
        return self._owners[-1]


def _number_columns(arrays: Mapping[str, NDArray[Any]], sessions: Sequence[str]) -> dict[str, Any]:
    """Return the columns over the arrays, of which none is copied."""
    names = {"session": sessions, "direction": DIRECTIONS, "opcode": OPCODE_NAMES, "status": STATUSES}
    columns: dict[str, Any] = dict(arrays)
    columns["time"] = pd.array(arrays["time"], dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False)
    for name, categories in names.items():
        columns[name] = _categorical(arrays[name], categories)
    for name in ("message", "close_code"):
        columns[name] = pd.arrays.IntegerArray(arrays[name], columns.pop(f"no_{name}"), copy=False)
    return columns


def _arrow_column(name: str, values: pa.ChunkedArray) -> Any:
    if name in _STRINGS:
        return pd.arrays.ArrowStringArray(values, dtype=pd.StringDtype("pyarrow", na_value=pd.NA))  # type: ignore[call-arg]  # pandas-stubs lack it
    return pd.arrays.ArrowExtensionArray(values)


def frames_of(runs: Sequence[Rows], first: int, connections: Sequence[Connection]) -> Frames:
    """Return a few runs of rows, for one DataFrame; for all of a log, Frames that are kept are faster the second time.

    Messages that were open before the first run are numbered only from their first frame in it.
    """
    frames = Frames(first, capacity=sum(map(len, runs)))
    for rows in runs:
        frames.extend(rows, connections)
    return frames

"""Restore: validates rows from outside of the log, and turns them into sealed segments.

No file is read here. A format reads untrusted values, builds Rows of them, and returns them only after ``check``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wsnotebook.log.code import pack_code
from wsnotebook.log.rows import Array, Rows
from wsnotebook.log.segment import MAX_ROWS, Segment
from wsnotebook.wire.batch import Flag

__all__ = ["NO_TIME", "batches_of", "check", "offsets_of", "to_segment"]

NO_TIME = -(1 << 63)
"""Time of a row whose file does not say it: pandas reads it as NaT."""


def _count(rows: Rows, flag: int) -> int:
    return int(np.count_nonzero(rows.flags & flag))


def check(rows: Rows, connections: int) -> Rows:
    """Return the rows, if a log can have them.

    Args:
        rows: at most MAX_ROWS.
        connections: number of connections of the log.

    Raises:
        ValueError: the columns contradict each other, or the log.
    """
    count = len(rows)
    if count > MAX_ROWS:
        raise ValueError(f"{count} rows in one run, {MAX_ROWS} at most")
    if rows.first < 0:
        raise ValueError(f"seq is {rows.first}: it counts from 0")
    if len(rows.flags) != count or len(rows.offsets) != count + 1:
        raise ValueError("columns of different length")
    _check_offsets(rows.offsets, len(memoryview(rows.payload)), "payload")
    _check_offsets(rows.wire_offsets, len(memoryview(rows.wire)), "wire payload")
    _check_sparse(rows)
    _check_batches(rows, connections)
    _check_texts(rows)
    return rows


def _check_offsets(offsets: Array, size: int, what: str) -> None:
    if (
        not len(offsets)
        or offsets[0] < 0
        or offsets[-1] > size
        or (len(offsets) > 1 and np.diff(offsets).min() < 0)
    ):
        raise ValueError(f"a {what} that lies outside of the file")


def _check_sparse(rows: Rows) -> None:
    if len(rows.mask_keys) != 4 * _count(rows, Flag.MASKED):
        raise ValueError("the number of mask keys is not that of masked frames")
    if len(rows.wire_offsets) - 1 != _count(rows, Flag.CHANGED):
        raise ValueError("the number of wire payloads is not that of changed frames")
    if sorted(rows.headers) != np.flatnonzero(rows.flags & Flag.HEADER).tolist():
        raise ValueError("the number of kept headers is not that of frames with one")
    if rows.details and not 0 <= min(rows.details) <= max(rows.details) < len(rows):
        raise ValueError("a detail of a frame that is not there")


def _check_batches(rows: Rows, connections: int) -> None:
    if not len(rows.counts) == len(rows.times) == len(rows.monotonics) == len(rows.codes):
        raise ValueError("columns of different length")
    if len(rows.counts) and rows.counts.min() < 1 or int(rows.counts.sum()) != len(rows):
        raise ValueError("batches that do not add up to the rows")
    if len(rows.codes) and not 0 <= rows.codes.min() <= rows.codes.max() < pack_code(connections, False):
        raise ValueError("a frame of a connection that the file does not describe")


def _check_texts(rows: Rows) -> None:
    import pyarrow as pa  # here, so that a session can record without loading it

    valid = pa.py_buffer(np.packbits((rows.flags & Flag.TEXT) != 0, bitorder="little").tobytes())
    buffers = [valid, pa.py_buffer(np.ascontiguousarray(rows.offsets)), pa.py_buffer(rows.payload)]
    try:
        pa.Array.from_buffers(pa.large_string(), len(rows), buffers).validate(full=True)
    except pa.ArrowInvalid as error:
        raise ValueError("a text that is not UTF-8") from error


def to_segment(rows: Rows) -> Segment:
    """Return a sealed segment of the rows, without a copy of their payloads."""
    segment = Segment(rows.first, 0, 0)
    segment.heads, segment.flags = _column(rows.heads, np.uint8), _column(rows.flags, np.uint8)
    segment.offsets, segment.wire_offsets = (
        _column(rows.offsets, np.int64),
        _column(rows.wire_offsets, np.int64),
    )
    segment.payload, segment.wire, segment.mask_keys = rows.payload, rows.wire, rows.mask_keys
    segment.headers, segment.details = rows.headers, rows.details
    segment.starts = _column(np.concatenate(([0], np.cumsum(rows.counts))), np.int32)
    segment.times, segment.monotonics = _column(rows.times, np.int64), _column(rows.monotonics, np.int64)
    segment.codes = _column(rows.codes, np.int32)
    segment.rows, segment.batches, segment.size = len(rows), len(rows.counts), len(memoryview(rows.payload))
    segment.code_set = frozenset(np.unique(rows.codes).tolist())
    segment.is_sealed = True
    return segment


def _column(values: Array, dtype: type[np.generic]) -> memoryview:
    return np.ascontiguousarray(values, dtype).data


def batches_of(*columns: Array) -> tuple[Array, Array]:
    """Return where runs of rows that are equal in all columns begin, and how many rows each has."""
    count = len(columns[0])
    if not count:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    changes = np.zeros(count - 1, np.bool_)
    for column in columns:
        changes |= column[1:] != column[:-1]
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    return starts, np.diff(np.append(starts, count))


def offsets_of(parts: Sequence[bytes]) -> Array:
    """Return where each part begins when they lie end to end, and where the last ends."""
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)), out=offsets[1:])
    return offsets

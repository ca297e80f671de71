"""Build functions of the columns that Arrow stores: each returns one array over the buffers of the rows.

Payloads are not copied, and a column without values shares its array of nulls with all others of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from wsnotebook.log.connections import Connection
from wsnotebook.log.numberfills import close_rows, reported_rows
from wsnotebook.log.rows import Array, Rows
from wsnotebook.log.segment import MAX_ROWS
from wsnotebook.wire.batch import Flag

__all__ = [
    "Build",
    "build_close_reason",
    "build_detail",
    "build_mask_key",
    "build_payload",
    "build_text",
    "build_wire_header",
    "build_wire_payload",
]

Build: TypeAlias = Callable[[Rows, Sequence[Connection]], pa.Array]
"""Returns the column of some rows; the connections are those of the log, by number."""


_NO_BINARY = pa.nulls(MAX_ROWS, pa.binary())
_NO_LARGE_BINARY = pa.nulls(MAX_ROWS, pa.large_binary())
_NO_LARGE_STRING = pa.nulls(MAX_ROWS, pa.large_string())


def build_payload(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    """Return the payloads, without a copy."""
    return _over(pa.large_binary(), None, rows.offsets, rows.payload)


def build_text(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    """Return the payloads that are text, without a copy."""
    return _over(pa.large_string(), rows.flags & Flag.TEXT, rows.offsets, rows.payload)


def build_mask_key(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    """Return the mask keys."""
    if not rows.mask_keys:
        return _missing(_NO_BINARY, len(rows))
    masked = rows.flags & Flag.MASKED
    offsets = 4 * _ranks(masked).astype(np.int32)
    reported = reported_rows(rows, connections)
    known = masked if reported is None else masked & ~reported
    return _over(pa.binary(), known, offsets, rows.mask_keys)


def build_close_reason(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    """Return the messages of close frames."""
    reasons = {row: rows.payload_at(row)[2:].decode("utf-8", "replace") for row in close_rows(rows)}
    return _sparse(_NO_LARGE_STRING, reasons, len(rows))


def build_detail(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    """Return the details."""
    return _sparse(_NO_LARGE_STRING, rows.details, len(rows))


def build_wire_header(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    """Return the headers that are not the shortest."""
    return _sparse(_NO_BINARY, rows.headers, len(rows))


def build_wire_payload(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    """Return the wire payloads that an extension changed, without a copy."""
    changed = rows.flags & Flag.CHANGED
    if not changed.any():
        return _missing(_NO_LARGE_BINARY, len(rows))
    return _over(pa.large_binary(), changed, rows.wire_offsets[_ranks(changed)], rows.wire)


def _ranks(bits: Array) -> Array:
    """Return how many rows before each one have a bit set, and how many of all."""
    ranks = np.zeros(len(bits) + 1, np.int64)
    np.cumsum(bits != 0, out=ranks[1:])
    return ranks


def _over(kind: pa.DataType, valid: Array | None, offsets: Array, data: Any) -> pa.Array:
    """Return an array over offsets and bytes; ``valid`` is not 0 where there is a value, None for everywhere."""
    bitmap = None if valid is None else pa.py_buffer(np.packbits(valid != 0, bitorder="little").tobytes())
    buffers = [bitmap, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(data)]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers)


def _sparse(nulls: pa.Array, values: Mapping[int, Any], count: int) -> pa.Array:
    """Return an array of the type of ``nulls`` with a few values, by row."""
    if not values:
        return _missing(nulls, count)
    column: list[Any] = [None] * count
    for row, value in values.items():
        column[row] = value
    return pa.array(column, nulls.type)


def _missing(nulls: pa.Array, count: int) -> pa.Array:
    """Return an array without values; a batch may have more rows than a segment usually has."""
    return nulls.slice(0, count) if count <= MAX_ROWS else pa.nulls(count, nulls.type)

"""Arrow to rows: the untrusted columns of a Parquet file as columns of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wsnotebook.files.header import status_from
from wsnotebook.log.code import DIRECTIONS, pack_code
from wsnotebook.log.columns import FILE_COLUMNS, INDEX
from wsnotebook.log.connections import UNKNOWN_KEY, Connection
from wsnotebook.log.restore import batches_of
from wsnotebook.log.rows import Array, Rows
from wsnotebook.wire.batch import Flag, first_byte, opcode_of
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

__all__ = ["READ", "rows_of"]

READ = {column.name: column for column in (INDEX, *FILE_COLUMNS) if column.is_read}
"""Columns that a log is rebuilt from, by name; the rest of the DataFrame follows from them."""


def rows_of(batch: pa.RecordBatch, first: int, connections: Sequence[Connection]) -> Rows:
    """Return the rows of a batch; ``check`` must validate them.

    Args:
        batch: of the file.
        first: ``seq`` that its first row must have.
        connections: those of the file, by number.

    Raises:
        ValueError: a column cannot be one of rows.
    """
    columns = {name: batch.column(name) for name in READ}
    for name, column in columns.items():
        if column.null_count and not READ[name].kind.has_missing:
            raise ValueError(f"column {name} has missing values")
    if not np.array_equal(_ints(columns["seq"]), np.arange(first, first + len(batch))):
        raise ValueError(
            f"seq does not go on from {first} one by one; pandas.read_parquet() reads the file as it is"
        )
    heads = first_byte(
        _codes(columns["opcode"], OPCODE_NAMES),
        *(_bits(columns[name]) for name in ("fin", "rsv1", "rsv2", "rsv3")),
    )
    codes = pack_code(_ints(columns["connection"]), _codes(columns["direction"], DIRECTIONS))
    times, monotonics = _ints(columns["time"].cast(pa.int64())), _ints(columns["monotonic"])
    starts, counts = batches_of(times, monotonics, codes)
    payload_offsets, payload = _binary(columns["payload"])
    wire_offsets, wire = _binary(columns["wire_payload"].drop_null())
    key_offsets, keys = _binary(_mask_keys(columns, connections).drop_null())
    if (np.diff(key_offsets) != 4).any():
        raise ValueError("a mask key that has not four bytes")
    return Rows(
        first=first,
        heads=heads,
        flags=_flags(columns, heads),
        offsets=payload_offsets,
        payload=payload,
        mask_keys=bytes(keys),
        wire_offsets=wire_offsets,
        wire=wire,
        headers=_sparse(columns["wire_header"]),
        details=_sparse(columns["detail"]),
        counts=counts,
        times=times[starts],
        monotonics=monotonics[starts],
        codes=codes[starts].astype(np.int32),
    )


def _mask_keys(columns: dict[str, pa.Array], connections: Sequence[Connection]) -> pa.Array:
    """Return the mask keys; of a masked frame that a browser has told, what stands for its key."""
    keys = columns["mask_key"]
    reported = [number for number, connection in enumerate(connections) if connection.is_reported]
    if not reported:
        return keys
    of_reported = pc.is_in(columns["connection"], pa.array(reported, pa.int32()))
    is_unknown = pc.and_(of_reported, pc.and_(columns["masked"], pc.is_null(keys)))
    return pc.if_else(is_unknown, pa.scalar(UNKNOWN_KEY, pa.binary()), keys)


def _flags(columns: dict[str, pa.Array], heads: Array) -> Array:
    flags = _statuses(columns["status"])
    flags |= _bits(columns["masked"]) * Flag.MASKED
    for name, flag in (("text", Flag.TEXT), ("wire_payload", Flag.CHANGED), ("wire_header", Flag.HEADER)):
        flags |= _bits(columns[name].is_valid()) * flag
    flags[(opcode_of(heads) == Opcode.CONTINUATION) & (_bits(columns["message"].is_valid()) > 0)] |= (
        Flag.CONTINUES
    )
    return flags


def _ints(column: pa.Array) -> Array:
    return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow has no types


def _bits(column: pa.Array) -> Array:
    return column.to_numpy(zero_copy_only=False).astype(np.uint8)  # type: ignore[no-any-return]


def _codes(column: pa.DictionaryArray, names: tuple[str, ...]) -> Array:
    """Return the index of each value among the names."""
    indices = pc.index_in(column.dictionary, pa.array(names, column.type.value_type)).take(column.indices)
    if indices.null_count:
        raise ValueError(f"a value that is none of {', '.join(names)}")
    return _bits(indices)


def _statuses(column: pa.DictionaryArray) -> Array:
    """Return the bits of Flag.STATUS of each value."""
    bits = np.array([status_from(name) for name in column.dictionary.to_pylist()], np.uint8)
    return bits[_ints(column.indices)]


def _binary(column: pa.Array) -> tuple[Array, Any]:
    """Return offsets and bytes of a binary column, nothing before and nothing after."""
    column.validate()
    kind = np.int32 if column.type == pa.binary() else np.int64
    _, offsets, data = column.buffers()
    if not len(column) or data is None:
        return np.zeros(len(column) + 1, np.int64), b""
    ends = np.frombuffer(offsets, kind)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    low, high = int(ends[0]), int(ends[-1])
    return ends - low, data.slice(low, high - low)


def _sparse(column: pa.Array) -> dict[int, Any]:
    if column.null_count == len(column):
        return {}
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).tolist()
    return dict(zip(rows, column.drop_null().to_pylist(), strict=True))

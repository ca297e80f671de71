"""Columns as somebody may add them: one of each kind, for tests of all that the table of columns drives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from wsnotebook.log.columns import (
    BOOL,
    CATEGORY,
    INT32_NA,
    LARGE_BINARY_NA,
    STRING,
    Absent,
    Column,
    Json,
    Kind,
    Parquet,
)
from wsnotebook.log.connections import Connection
from wsnotebook.log.numberfills import Source, categories_by_connection
from wsnotebook.log.rows import Array, Rows

__all__ = ["NEW_COLUMNS"]


def _fill_kilobytes(source: Source, into: Array) -> None:
    np.divide(source.arrays["length"], 1000, out=into)


def _fill_even(source: Source, into: Array) -> None:
    length = source.arrays["length"]
    into[:] = length // 2
    source.missing["half"][:] = length % 2 != 0


def _fill_is_long(source: Source, into: Array) -> None:
    into[:] = source.arrays["length"] > 100


def _urls(connections: Sequence[Connection]) -> Sequence[str]:
    return list(dict.fromkeys(connection.url for connection in connections))


def _build_first(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    firsts = [rows.payload_at(row)[:1] or None for row in range(len(rows))]
    return pa.array(firsts, pa.large_binary())


def _build_note(rows: Rows, connections: Sequence[Connection]) -> pa.Array:
    return pa.array([f"{len(connections)} connections"] * len(rows), pa.large_string())


NEW_COLUMNS = (
    Column("kilobytes", "payload, in kB", Kind("float64", pa.float64(), np.float64), fill=_fill_kilobytes),
    Column("half", "half of an even length", INT32_NA, fill=_fill_even, jsonl=Json.PRESENT),
    Column("is_long", "over 100 bytes", BOOL, fill=_fill_is_long, parquet=Absent("for JSONL only")),
    Column(
        "url",
        "address of the connection",
        CATEGORY,
        fill=categories_by_connection("url", lambda connection: connection.url),
        categories=_urls,
    ),
    Column(
        "first",
        "first byte of the payload",
        LARGE_BINARY_NA,
        build=_build_first,
        jsonl=Json.PRESENT,
        parquet=Parquet.PLAIN,
    ),
    Column("note", "connections of the log", STRING, build=_build_note, jsonl=Absent("for Parquet only")),
)
"""A number, one that may be missing, a flag, a category, bytes and a text; two of them are not for every format."""

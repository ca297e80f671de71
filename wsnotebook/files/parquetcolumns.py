"""Columns in Parquet where they differ from those of the DataFrame, so that Spark, BigQuery and DuckDB read them; and back.

Times have microseconds, as many readers know no nanoseconds, and the column ``time_ns`` beside them. A payload that is
the text of its row is not stored a second time. Long values are counted before a dictionary's become plain ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wsnotebook.analysis.versions import blank
from wsnotebook.log.columns import FILE_COLUMNS, INDEX, TIME

__all__ = ["LONG", "Budget", "check_types", "restored", "stored", "stored_names"]

_KINDS = {column.name: column.kind for column in (INDEX, *FILE_COLUMNS)}
LONG = frozenset(name for name, kind in _KINDS.items() if kind.storage is None)
"""Columns with values of any length, which a file may repeat by a dictionary."""

_MICROSECONDS = pa.timestamp("us", "UTC")
_EXACT = "time_ns"  # files of former versions lack it: their columns are those of the DataFrame
_STORED = {"time": (_EXACT,), "payload": ("payload", "text")}
"""Columns of a file from which one of the DataFrame is restored, where it is not the same."""


class Budget:
    """Bytes that a file may still need in memory or on spill."""

    def __init__(self, size: int) -> None:
        self.left = size

    def spend(self, size: int) -> None:
        """Subtract bytes.

        Raises:
            ValueError: fewer are left.
        """
        self.left -= size
        if self.left < 0:
            raise ValueError("far more than the file has in bytes: refused as a decompression bomb")


def stored(table: pa.Table) -> pa.Table:
    """Return a table with the columns of the DataFrame as a file stores them."""
    payload = table.column("payload")
    once = blank(payload, table.column("text").is_valid())
    times = table.column("time").cast(_MICROSECONDS, safe=False)  # the digits that it cuts off are in time_ns
    return _put(_put(table, "payload", once), "time", times)


def stored_names(names: Iterable[str], there: Collection[str]) -> list[str]:
    """Return the columns of a file from which columns of the DataFrame are restored.

    Args:
        names: of the DataFrame.
        there: all columns of the file.
    """
    if _EXACT not in there:
        return list(names)
    return list(dict.fromkeys(other for name in names for other in _STORED.get(name, (name,))))


def check_types(schema: pa.Schema, names: Iterable[str]) -> None:
    """Check that a file has some columns, once each and of their type.

    Raises:
        ValueError: it has not.
    """
    for name in names:
        if schema.names.count(name) != 1:
            raise ValueError(f"column {name} is missing, or there twice")
        kind, found = _KINDS[name], schema.field(name).type
        is_encoded = pa.types.is_dictionary(found) and (name in LONG or pa.types.is_dictionary(kind.arrow))
        if found != kind.arrow and not is_encoded:
            raise ValueError(f"column {name} is {found}, not {kind.arrow}")


def restored(batch: pa.RecordBatch, budget: Budget) -> pa.RecordBatch:
    """Return a batch of a file with the columns of the DataFrame.

    Raises:
        ValueError: its long values need more than the budget.
    """
    for name in LONG.intersection(batch.schema.names):
        batch = _put(batch, name, _dense(batch.column(name), _KINDS[name].arrow, budget))
    if _EXACT in batch.schema.names:
        batch = _put(batch, "time", batch.column(_EXACT).cast(TIME.arrow))
    if {"payload", "text"} <= {*batch.schema.names}:
        text = batch.column("text").cast(pa.large_binary())
        batch = _put(batch, "payload", pc.coalesce(batch.column("payload"), text))
    return batch


def _dense(column: pa.Array, kind: pa.DataType, budget: Budget) -> pa.Array:
    """Return a column of long values as plain ones, after its size was subtracted from the budget."""
    if isinstance(column, pa.DictionaryArray):
        sizes = pc.binary_length(column.dictionary).take(column.indices)
        budget.spend(pc.sum(sizes).as_py() or 0)
        return column.dictionary.take(column.indices).cast(kind)
    budget.spend(column.nbytes)
    return column


def _put(table: Any, name: str, values: Any) -> Any:
    """Return a table or a batch with another column of a name."""
    place = table.schema.get_field_index(name)
    return table.append_column(name, values) if place < 0 else table.set_column(place, name, values)

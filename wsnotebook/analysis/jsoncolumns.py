"""Cells of parsed JSON put together to columns with the narrowest dtype that holds every value exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wsnotebook.analysis.versions import texts

__all__ = [
    "Cells",
    "Path",
    "Piece",
    "WrittenFloat",
    "as_whole",
    "column_of",
    "escape_surrogates",
    "values_of",
]

Path: TypeAlias = tuple[str, ...]
"""Keys from the object of a row to a value."""


class Cells(NamedTuple):
    """Values of one column."""

    rows: NDArray[np.int64] | None
    """The row of each value, in its piece; None where every row has one."""
    values: Any
    """An Arrow array, or a list of Python values."""


class Piece(NamedTuple):
    """Rows that were parsed together."""

    sources: NDArray[np.int64]
    """The message of each row."""
    columns: dict[Path, Cells]
    """Values by their path, in order of appearance."""


class WrittenFloat(float):
    """A number that keeps its text, from which a Decimal is made where one is wished."""

    def __new__(cls, text: str) -> WrittenFloat:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str
    """The number as it was written."""


_DTYPES: dict[pa.DataType, tuple[str, Any]] = {
    pa.int64(): ("int64", pd.Int64Dtype()),
    pa.uint64(): ("uint64", pd.UInt64Dtype()),
    pa.float64(): ("float64", pd.Float64Dtype()),
    pa.bool_(): ("bool", pd.BooleanDtype()),
}
"""Type in Arrow → dtype where all rows have a value, dtype where some lack it."""
_KINDS: dict[frozenset[type], tuple[pa.DataType, ...]] = {
    frozenset({int}): (pa.int64(), pa.uint64()),
    frozenset({float}): (pa.float64(),),
    frozenset({int, float}): (pa.float64(),),
    frozenset({bool}): (pa.bool_(),),
    frozenset({str}): (pa.large_string(),),
    frozenset(): (pa.null(),),
}
"""Types of the values, but None → types in Arrow, of which the first that holds all values is taken."""
_COMMON = {
    frozenset[pa.DataType](): pa.null(),
    frozenset({pa.int64(), pa.float64()}): pa.float64(),
    frozenset({pa.int64(), pa.uint64()}): pa.uint64(),
}
"""Types in Arrow → the type that may hold the values of all."""
_EXACT = 1 << 53  # float64 does not represent all larger integers


def column_of(parts: Sequence[tuple[NDArray[np.int64], Any]], rows: int) -> Any:
    """Return a column of a DataFrame: numpy's dtype if all rows have a value, one with missing values, or objects.

    Args:
        parts: places of values in the column, and the values: an Arrow array or a list.
        rows: length of the column.
    """
    arrays = [_narrow(values) for _, values in parts]
    whole = None if None in arrays else _concat(arrays)
    if whole is None:
        return _objects(parts, rows)
    if len(parts) == 1 and len(whole) == rows and (np.diff(parts[0][0]) == 1).all():
        return _to_pandas(whole)
    indices = np.full(rows, -1, np.int64)
    indices[np.concatenate([places for places, _ in parts])] = np.arange(len(whole))
    return _to_pandas(whole.take(pa.array(indices, mask=indices < 0)))


def values_of(parts: Sequence[tuple[NDArray[np.int64], Any]], rows: int) -> pd.Series[Any]:
    """Return a column to compare values in: as column_of, but what a value is depends on no other row.

    A fraction makes floats of the whole numbers beside it. Here they are integers again, and so is 1.0, which is the
    same number as 1 in JSON.
    """
    values = pd.Series(column_of(parts, rows))
    if values.dtype == "float64":
        are_whole = (values % 1 == 0) & values.between(-_EXACT, _EXACT)
        if not are_whole.any():
            return values
        if (are_whole | values.isna()).all():
            return values.astype("Int64")
        values = values.astype(object).where(values.notna(), None)
    return pd.Series([*map(as_whole, values)], dtype=object) if values.dtype == object else values


def as_whole(value: Any) -> Any:
    """Return a float that is a whole number as an integer, and any other value as it is."""
    is_whole = type(value) is float and value.is_integer() and abs(value) <= _EXACT
    return int(value) if is_whole else value


def _narrow(values: Any) -> pa.Array | None:
    """Return values as an Arrow array of a type that holds them exactly; None where there is no such type."""
    if isinstance(values, pa.Array):
        return None if pa.types.is_nested(values.type) else values
    types = {float if kind is WrittenFloat else kind for kind in set(map(type, values))}
    for kind in _KINDS.get(frozenset(types - {type(None)}), ()):
        try:
            return pa.array(values, kind)
        except UnicodeEncodeError:
            return pa.array([escape_surrogates(value) for value in values], kind)
        except (pa.ArrowInvalid, OverflowError):  # an integer over 64 bits, or over 53 beside fractions
            continue
    return None


def _concat(arrays: Sequence[pa.Array]) -> pa.Array | None:
    """Return arrays as one, of a type that holds all values exactly; None where there is no such type."""
    types = frozenset(array.type for array in arrays) - {pa.null()}
    kind = next(iter(types)) if len(types) == 1 else _COMMON.get(types)
    if kind is None:
        return None
    try:
        return pa.concat_arrays([array.cast(kind) for array in arrays])
    except pa.ArrowInvalid:  # an integer over 53 bits beside fractions, or below zero beside one over 63
        return None


def _to_pandas(array: pa.Array) -> Any:
    if array.type in _DTYPES:
        full, sparse = _DTYPES[array.type]
        if full == "float64" or not array.null_count:
            return array.to_numpy(zero_copy_only=False).astype(full, copy=False)
        return sparse.__from_arrow__(array)
    if pa.types.is_large_string(array.type):
        return texts(array)
    return np.full(len(array), None, object)


def _objects(parts: Iterable[tuple[NDArray[np.int64], Any]], rows: int) -> Any:
    column = np.full(rows, None, object)
    for places, values in parts:
        found = values.to_pylist() if isinstance(values, pa.Array) else values
        for place, value in zip(places.tolist(), found, strict=True):  # numpy would take lists for rows
            column[place] = escape_surrogates(value)
    return column


def escape_surrogates(value: Any) -> Any:
    """Return a text with lone surrogates escaped: JSON allows them, but neither Arrow nor a screen does."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value

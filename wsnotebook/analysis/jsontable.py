"""The columns of parsed JSON by name: wished types, keys that are too rare for a column, names that are ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsnotebook.analysis.columns import IDENTITY
from wsnotebook.analysis.jsoncolumns import Path, Piece, WrittenFloat, column_of, escape_surrogates

__all__ = ["WISHES", "Parts", "parts_of", "table"]

_OWN = ("time", "seq", "direction", *IDENTITY)
"""Names of our own columns; a JSON key of one of these names gets the prefix ``json_``."""
_REST = "rest"
_CELLS_PER_VALUE = 20  # at most: a wider table would consist nearly only of missing values
_CELLS_ALLOWED = 10_000_000  # in addition, so that small tables may be sparse: 80 MB

Parts: TypeAlias = list[tuple[NDArray[np.int64], Any]]
"""Places in a column, and the values there."""


def table(
    parts: Mapping[Path, Parts], rows: int, wishes: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], int]:
    """Return the columns by name, and the number of values that do not fit ``wishes``.

    Args:
        parts: the values by path.
        rows: length of the columns.
        wishes: types of columns by name.
    """
    wishes = wishes or {}
    rest: dict[int, dict[str, Any]] = {}
    columns: dict[str, Any] = {}
    frequent = _frequent(parts, rows)
    names = _names(path for path in parts if path in frequent)
    mistyped = 0
    for path, found in parts.items():
        name = escape_surrogates(".".join(path))
        if path not in frequent:
            _put(rest, name, found)
            continue
        wrong: Parts = []
        if name in wishes:
            found, wrong = _convert(found, wishes[name])
            _put(rest, name, wrong)
            mistyped += sum(len(values) for _, values in wrong)
        columns[names[path]] = column_of(found, rows)
    if rest:
        left = [(np.fromiter(rest, np.int64, len(rest)), list(rest.values()))]
        columns[_free(_REST, columns)] = column_of(left, rows)
    return columns, mistyped


def parts_of(pieces: Sequence[Piece], order: NDArray[np.int64]) -> dict[Path, Parts]:
    """Return the values of all pieces by path, the paths in order of appearance.

    Args:
        pieces: the rows.
        order: the order in which the rows of all pieces, one after the other, are wanted.
    """
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    own = np.split(places, np.cumsum([len(piece.sources) for piece in pieces])[:-1])
    parts: dict[Path, Parts] = {}
    for at, piece in sorted(zip(own, pieces, strict=True), key=lambda pair: pair[0][:1].tolist()):
        for path, cells in piece.columns.items():
            parts.setdefault(path, []).append((at if cells.rows is None else at[cells.rows], cells.values))
    # In some rows null stands where others have an object, whose keys have the columns.
    objects = {path[:depth] for path in parts for depth in range(1, len(path))}
    return {path: found for path, found in parts.items() if path not in objects or _count(found)}


def _count(parts: Parts) -> int:
    """Return the number of values that are not null."""
    return sum(
        len(values) - (values.null_count if isinstance(values, pa.Array) else values.count(None))
        for _, values in parts
    )


def _frequent(parts: Mapping[Path, Parts], rows: int) -> set[Path]:
    """Return the paths that have a column: all, or the most frequent ones if nearly all cells would be empty."""
    counts = {path: _count(found) for path, found in parts.items()}
    most = (_CELLS_ALLOWED + _CELLS_PER_VALUE * sum(counts.values())) // max(rows, 1)
    return set(sorted(counts, key=counts.__getitem__, reverse=True)[:most])


def _put(rest: dict[int, dict[str, Any]], name: str, parts: Parts) -> None:
    for places, values in parts:
        found = values.to_pylist() if isinstance(values, pa.Array) else values
        for place, value in zip(places.tolist(), found, strict=True):
            if value is not None:
                rest.setdefault(place, {})[name] = escape_surrogates(value)


def _names(paths: Iterable[Path]) -> dict[Path, str]:
    """Return the name of each column; a path of keys has it before a key with a dot that reads the same."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path in sorted(paths, key=len, reverse=True):
        names[path] = _free(escape_surrogates(".".join(path)), taken)
        taken.add(names[path])
    return names


def _free(name: str, taken: Iterable[str]) -> str:
    while name in _OWN or name in taken:
        name = f"json_{name}"
    return name


def _to_int(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or number != (Decimal(value) if isinstance(value, str) else value):
        raise ValueError(value)
    return number


def _to_float(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or (isinstance(value, int) and number != value):
        raise ValueError(value)
    return number


def _to_decimal(value: Any) -> Decimal:
    if isinstance(value, WrittenFloat):
        return Decimal(value.text)
    if not isinstance(value, (int, str, Decimal)) or isinstance(value, bool):
        raise ValueError(value)
    return Decimal(value)


def _to_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


WISHES: dict[str, tuple[Callable[[Any], Any], pa.DataType | None]] = {
    "int64": (_to_int, pa.int64()),
    "uint64": (_to_int, pa.uint64()),
    "float64": (_to_float, pa.float64()),
    "decimal": (_to_decimal, None),
    "str": (_to_text, pa.large_string()),
}
"""Name of a wished type → what converts a value exactly or raises ValueError, and Arrow's type; None for objects."""


def _convert(parts: Parts, wish: str) -> tuple[Parts, Parts]:
    """Return values as the wished type, and those that do not fit."""
    convert, kind = WISHES[wish]
    fit: Parts = []
    wrong: Parts = []
    for places, values in parts:
        if isinstance(values, pa.Array):
            cast = _cast(values, kind)
            if cast is not None:
                fit.append((places, cast))
                continue
            values = values.to_pylist()
        converted = [_try(convert, value, kind) for value in values]
        are_wrong = np.array([value is _WRONG for value in converted], bool)
        known = [None if value is _WRONG else value for value in converted]
        fit.append((places, known if kind is None else pa.array(known, kind)))
        odd = [value for value, is_wrong in zip(values, are_wrong, strict=True) if is_wrong]
        wrong.append((places[are_wrong], odd))
    return fit, wrong


def _cast(values: pa.Array, kind: pa.DataType | None) -> pa.Array | None:
    """Return all values as another type at once; None where one does not fit, or would become a text or a number."""
    same = values.type == kind
    if not same and (kind in (None, pa.large_string()) or pa.types.is_boolean(values.type)):
        return None
    try:
        return values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


_WRONG: Any = object()


def _try(convert: Callable[[Any], Any], value: Any, kind: pa.DataType | None) -> Any:
    if value is None:
        return None
    try:
        found = convert(value)
        if kind is not None:
            pa.array([found], kind)
    except (ValueError, TypeError, OverflowError, InvalidOperation, pa.ArrowInvalid):
        return _WRONG
    return found

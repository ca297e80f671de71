"""JSON texts as columns. What cannot be a row is counted, never lost in silence."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wsnotebook.analysis.messages import join

__all__ = ["json_rows"]

_OWN = ("time", "seq", "session", "direction")
_DTYPES = {
    "integer": ("int64", "Int64"),
    "floating": ("float64", "float64"),
    "mixed-integer-float": ("float64", "float64"),
    "boolean": ("bool", "boolean"),
    "string": ("str", "str"),
}
"""By kind of the values: dtype where all are there, and where some are missing; what is not here stays as it is."""
_NOT_JSON: Any = object()
_AT_ONCE = 256  # texts in one call of the parser; one that is no JSON sends them back to be parsed alone
_SPARSE = 20  # cells a value at most …
_FREE = 10_000_000  # … but for a small DataFrame: 80 MB
_EXACT = 1 << 53  # larger integers are not all float64


def json_rows(df: pd.DataFrame, path: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Unpack JSON texts: a row for each object, a column for each of its keys.

    Args:
        path: where in each text the object is: ``"data.trade"``, or ``["data", "trade"]`` where a key has a dot in it.
            None is the whole text. An array of objects, there or at the top, gives a row for each of them.

    Returns:
        A DataFrame by ``time`` (wall clock of the message's first frame), with ``seq`` (of that frame), session, direction,
        and the keys in order of appearance; a key of one of these names gets ``json_`` before it. Numbers, booleans and
        strings have their dtype, mixed columns and nested values are Python objects, a key that is not there is a missing
        value. ``attrs["json"]`` counts: ``messages``, ``rows``, and messages or elements left out: ``not_json``,
        ``no_path``, ``not_object``.

    Raises:
        ValueError: the objects have so little in common that the columns would be nearly empty.
    """
    joined = join(df, "json")
    texts = np.flatnonzero(joined.first["opcode"].eq("text"))
    values = _values(joined.text.take(pa.array(texts)).to_pylist())
    places, objects, counts = _unpack(values, _steps(path))
    messages = texts[places]
    first = joined.first.take(messages)
    own = {"seq": joined.numbers[messages], **{name: first[name].array for name in ("session", "direction")}}
    result = pd.DataFrame({**own, **_columns(objects)})
    result.index = pd.DatetimeIndex(first["time"], name="time")
    result.attrs["json"] = {"messages": len(texts), "rows": len(objects), **counts}
    return result


def _steps(path: str | Sequence[str] | None) -> Sequence[str]:
    return path.split(".") if isinstance(path, str) else path or ()


def _values(texts: list[str | None]) -> Iterator[Any]:
    """Yield what each text says, or _NOT_JSON: many in one call of the parser, which takes half the time."""
    mark = secrets.token_hex(16)  # no peer can know it, so that only whole texts can lie between two of them
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        marked = _NOT_JSON if None in some else _value("[" + f',"{mark}",'.join(map(str, some)) + "]")
        if (
            marked is not _NOT_JSON
            and marked[1::2] == [mark] * (len(some) - 1)
            and len(marked) == 2 * len(some) - 1
        ):
            yield from marked[::2]
        else:
            yield from map(_value, some)


def _value(text: str | None) -> Any:
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):  # a peer may nest as deep as it likes
        return _NOT_JSON


def _unpack(
    values: Iterable[Any], path: Sequence[str]
) -> tuple[list[int], list[dict[str, Any]], dict[str, int]]:
    """Return the objects, the place of the text that each is of, and how many there were of what is none."""
    counts = {"not_json": 0, "no_path": 0, "not_object": 0}
    places, objects = [], []
    for place, value in enumerate(values):
        for row in _objects(value, path, counts):
            places.append(place)
            objects.append(row)
    return places, objects, counts


def _objects(value: Any, path: Sequence[str], counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the objects in what one text says, counting what is none."""
    if value is _NOT_JSON:
        counts["not_json"] += 1
        return
    for key in path:
        if not isinstance(value, dict) or key not in value:
            counts["no_path"] += 1
            return
        value = value[key]
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, dict):
            yield row
        else:
            counts["not_object"] += 1


def _columns(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    keys = dict.fromkeys(key for row in objects for key in row)
    cells, values = len(keys) * len(objects), sum(map(len, objects))
    if cells > _FREE + _SPARSE * values:
        raise ValueError(
            f"{len(keys):,} different keys in {len(objects):,} objects: nearly all of the table would be empty. Say with "
            'path="a.b" which part to unpack, or select messages of one kind'
        )
    columns: dict[str, Any] = {}
    for key in keys:
        columns[_name(key, columns)] = _column([row.get(key) for row in objects])
    return columns


def _name(key: str, taken: Iterable[str]) -> str:
    name: str = _utf8(key)
    while name in _OWN or name in taken:
        name = f"json_{name}"
    return name


def _column(values: list[Any]) -> Any:
    """Return a column of the dtype that its values have in common, or of Python objects."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "mixed-integer-float" and any(
        isinstance(value, int) and abs(value) > _EXACT for value in values
    ):
        kind = "mixed"  # an identifier must not be rounded because another row has a fraction
    if kind in _DTYPES:
        dtype: Any = _DTYPES[kind][None in values]
        try:
            return pd.array(values, dtype=dtype)
        except UnicodeEncodeError:
            return pd.array([_utf8(value) for value in values], dtype=dtype)
        except OverflowError:
            pass  # over 64 bits: kept as it is
    return pd.Series([_utf8(value) for value in values], dtype=object)


def _utf8(value: Any) -> Any:
    """Return a text with halves of surrogate pairs as escapes: JSON has them, and neither Arrow nor a screen takes them."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value

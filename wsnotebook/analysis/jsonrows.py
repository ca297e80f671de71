"""JSON texts as columns. Texts and elements that cannot become a row are counted, never dropped silently."""

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

_RESERVED = ("time", "seq", "session", "direction")
"""Names of our own columns; a JSON key of one of these names gets the prefix ``json_``."""
_DTYPES = {
    "integer": ("int64", "Int64"),
    "floating": ("float64", "float64"),
    "mixed-integer-float": ("float64", "float64"),
    "boolean": ("bool", "boolean"),
    "string": ("str", "str"),
}
"""Kind of the values → dtype if all rows have the key, dtype if some lack it. Other kinds stay Python objects."""
_NOT_JSON: Any = object()
_TEXTS_PER_CALL = 256  # texts in one call of the parser; if one of them is not JSON, each is parsed alone
_CELLS_PER_VALUE = 20  # at most: a wider table would consist nearly only of missing values
_CELLS_ALLOWED = 10_000_000  # in addition, so that small tables may be sparse: 80 MB
_EXACT = 1 << 53  # float64 does not represent all larger integers exactly


def json_rows(df: pd.DataFrame, path: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Parse JSON text messages to a DataFrame: one row per object, one column per key.

    Example: ``session.df.ws.json()``, or ``session.df.ws.json("data.trade")`` for a nested object.

    Args:
        path: path of the object in each text: ``"data.trade"``, or ``["data", "trade"]`` if a key contains a dot.
            None selects the whole text. An array of objects, there or at the top, gives one row per object.

    Returns:
        A DataFrame indexed by ``time`` (wall clock of the first frame of the message), with ``seq`` (of that frame),
        session, direction, and the keys in order of appearance; a key with one of these names gets the prefix
        ``json_``. Numbers, booleans and strings have their dtype; mixed columns and nested values are Python objects;
        a missing key is a missing value. ``attrs["json"]`` has counts: ``messages``, ``rows``, and the messages or
        elements that were left out: ``not_json``, ``no_path``, ``not_object``.

    Raises:
        ValueError: the objects share so few keys that nearly all cells would be empty.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    joined = join(df, "json")
    texts = np.flatnonzero(joined.first["opcode"].eq("text"))
    values = _values(joined.text.take(pa.array(texts)).to_pylist())
    sources, objects, counts = _unpack(values, _steps(path))
    messages = texts[sources]
    first = joined.first.take(messages)
    own = {"seq": joined.numbers[messages], **{name: first[name].array for name in ("session", "direction")}}
    result = pd.DataFrame({**own, **_columns(objects)})
    result.index = pd.DatetimeIndex(first["time"], name="time")
    result.attrs["json"] = {"messages": len(texts), "rows": len(objects), **counts}
    return result


def _steps(path: str | Sequence[str] | None) -> Sequence[str]:
    return path.split(".") if isinstance(path, str) else path or ()


def _values(texts: list[str | None]) -> Iterator[Any]:
    """Yield the value of each text, or _NOT_JSON. Parsing many texts in one call takes half the time."""
    mark = secrets.token_hex(
        16
    )  # a peer cannot guess it, so that only whole texts can stand between two marks
    for start in range(0, len(texts), _TEXTS_PER_CALL):
        some = texts[start : start + _TEXTS_PER_CALL]
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
    except (ValueError, RecursionError):  # a peer may nest deeper than the interpreter's recursion limit
        return _NOT_JSON


def _unpack(
    values: Iterable[Any], path: Sequence[str]
) -> tuple[list[int], list[dict[str, Any]], dict[str, int]]:
    """Return the index of the value of each object, the objects, and the counts of other values."""
    counts = {"not_json": 0, "no_path": 0, "not_object": 0}
    sources, objects = [], []
    for index, value in enumerate(values):
        for row in _objects(value, path, counts):
            sources.append(index)
            objects.append(row)
    return sources, objects, counts


def _objects(value: Any, path: Sequence[str], counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the objects at ``path`` in the value of one text; count in ``counts`` every value that is not one."""
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
    if cells > _CELLS_ALLOWED + _CELLS_PER_VALUE * values:
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
    while name in _RESERVED or name in taken:
        name = f"json_{name}"
    return name


def _column(values: list[Any]) -> Any:
    """Return a column with the common dtype of its values, or with Python objects."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "mixed-integer-float" and any(
        isinstance(value, int) and abs(value) > _EXACT for value in values
    ):
        kind = "mixed"  # a large identifier must not be rounded because another row has a fraction
    if kind in _DTYPES:
        dtype: Any = _DTYPES[kind][None in values]
        try:
            return pd.array(values, dtype=dtype)
        except UnicodeEncodeError:
            return pd.array([_utf8(value) for value in values], dtype=dtype)
        except OverflowError:
            pass  # integers over 64 bits stay Python objects
    return pd.Series([_utf8(value) for value in values], dtype=object)


def _utf8(value: Any) -> Any:
    """Return a text with lone surrogates escaped: JSON allows them, but neither Arrow nor a screen does."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value

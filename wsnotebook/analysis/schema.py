"""Question: which keys do the messages of each type have, of which JSON types, and since when?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wsnotebook.analysis.decodedmessages import read_messages
from wsnotebook.analysis.discriminator import types_of
from wsnotebook.analysis.jsoncolumns import escape_surrogates
from wsnotebook.analysis.jsontable import Parts

__all__ = ["schema"]

_KINDS = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}
_ARROW = {pa.bool_(): "boolean", pa.int64(): "integer", pa.float64(): "number", pa.large_string(): "string"}
_COLUMNS = {
    "type": "str", "path": "str", "presence": "float64", "types": "object", "since": "int64", "until": "int64",
    "example": "object",
}  # fmt: skip


def schema(df: pd.DataFrame, key: str | None = None) -> pd.DataFrame:
    """List the keys that the messages of each type have, also in objects in them, and the JSON types of their values.

    A key whose ``since`` is late, or whose ``until`` is early, is one that the service has added or dropped. Example:
    ``session.df.ws.schema().query("presence < 1")``.

    Args:
        key: the key whose value is the type, dotted. None looks for it: ``attrs["key"]`` says which one it is.

    Returns:
        One row per type and path, in order of appearance: ``type``, ``path`` (dotted), ``presence`` (share of the
        objects of the type that have the key, 1 is all), ``types`` (sorted list of boolean, integer, number, string,
        array, object and null; an object with keys has rows of its own), ``since`` and ``until`` (``seq`` of the first
        and last message that has it) and ``example``, the first value that is not null. The types are those of all
        connections together; objects in arrays are not looked into. Numbers of a column with fractions are ``number``.

    Raises:
        ValueError: no message has the key; the message names others.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    parsed = read_messages(df, "schema", nulls=True)
    parts, rows, seq = parsed.parts(), len(parsed.messages), parsed.seq
    key, typed = types_of(parts, rows, key, parsed.kind)
    kinds, names = pd.factorize(typed)
    sizes = np.bincount(kinds, minlength=len(names))
    found: list[tuple[Any, ...]] = []
    for path, cells in parts.items():
        values = _values(cells)
        for kind in np.unique(kinds[values.places]):
            mine = np.flatnonzero(kinds[values.places] == kind)
            here, at = values.first(mine), seq[values.places[mine]]
            found.append(
                (
                    names[kind], escape_surrogates(".".join(path)), len(mine) / sizes[kind], values.names(mine),
                    at.min(), at.max(), escape_surrogates(here), kind,
                )
            )  # fmt: skip
    found.sort(key=lambda row: row[-1])
    table = pd.DataFrame([row[:-1] for row in found], columns=list(_COLUMNS)).astype(_COLUMNS)
    table.attrs["key"] = key
    return table


class _Values(NamedTuple):
    """The values of a path (n of them, in several parts)."""

    places: NDArray[np.int64]
    """n places of the objects that have them."""
    codes: NDArray[np.int64]
    """n places of their JSON types in ``types``."""
    types: list[str]
    parts: list[Any]
    """The values themselves: arrays or lists."""

    def names(self, some: NDArray[np.int64]) -> list[str]:
        """Return the types of some of the values, sorted."""
        return sorted(self.types[code] for code in np.unique(self.codes[some]))

    def first(self, some: NDArray[np.int64]) -> Any:
        """Return the first of some of the values that is not null; None without one."""
        null = self.types.index("null") if "null" in self.types else -1
        here = some[self.codes[some] != null]
        if not len(here):
            return None
        at = int(here[np.argmin(self.places[here])])
        for part in self.parts:
            if at < len(part):
                return part[at].as_py() if isinstance(part, pa.Array) else part[at]
            at -= len(part)
        raise AssertionError("each value is in a part")


def _values(parts: Parts) -> _Values:
    """Return the values of a path; an array of Arrow is not made Python's, which takes five times its memory."""
    places: list[NDArray[np.int64]] = []
    codes: list[NDArray[np.int64]] = []
    types: dict[str, int] = {}
    values: list[Any] = []
    for at, found in parts:
        if isinstance(found, pa.Array):
            at, found = at[np.asarray(found.is_valid())], found.drop_null()
            code = types.setdefault(_ARROW.get(found.type, "array"), len(types))
            codes.append(np.full(len(found), code, np.int64))
        else:
            named = (types.setdefault(_kind(value), len(types)) for value in found)
            codes.append(np.fromiter(named, np.int64, len(found)))
        places.append(at)
        values.append(found)
    return _Values(np.concatenate(places), np.concatenate(codes), list(types), values)


def _kind(value: Any) -> str:
    """Return the type of a value: of JSON, or of Python where a decoder has given another."""
    is_number = isinstance(value, int | float | Decimal)
    return _KINDS.get(type(value), "number" if is_number else type(value).__name__)

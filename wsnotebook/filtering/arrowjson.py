"""columns_at(): what is at a few places of many JSON objects, read by one call of Arrow: no dict is made of each.

Also which payloads Arrow could read in another way than Python: odd_payloads().
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from wsnotebook.filtering.payloads import split
from wsnotebook.jsonvalues import SHALLOW, is_shallow
from wsnotebook.log.rows import Array

__all__ = ["Keys", "Kind", "columns_at", "has_arrow", "odd_payloads"]

Keys: TypeAlias = tuple[str, ...]
"""A place in an object: keys, one in the object of the other."""
Kind: TypeAlias = Literal["number", "text", "bool"]
"""What is at a place: Arrow reads one kind of value, and null."""

_NOT_ALIKE = (b"\0", b"NaN", b"Inf")
"""Arrow ends at a NUL, and takes Inf and -NaN for numbers, which Python does not."""
_AFTER_TEXT = np.isin(np.arange(256), np.frombuffer(b",:]} \t\n\r", np.uint8))
"""By byte: what may follow the quote that ends a text."""


def has_arrow() -> bool:
    """Tell whether Arrow is loaded; who only filters a short log does without the 0.1 s and 40 MB."""
    return "pyarrow" in sys.modules


def columns_at(data: bytes, offsets: Array, fields: Mapping[Keys, Kind]) -> dict[Keys, Any] | None:
    """Return the values at some places of each payload, an Arrow array (n) by place; null where nothing or null is there.

    None, if Arrow could read one payload in another way than ``json.loads``, for which Python has to read them: one is no
    JSON object, or has a key of a place twice, or has there what is neither of its kind nor null.

    Args:
        data: payloads, end to end; none of odd_payloads() is among them.
        offsets: int64 (n + 1): where each begins.
        fields: kind by place: float64, string or bool; no place is inside another one. Keys are printable.
    """
    import pyarrow as pa  # only here: it takes 0.1 s to load, and 40 MB
    import pyarrow.json as pj

    lines = _apart(data, offsets)
    try:
        table = pj.read_json(
            pa.BufferReader(lines),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=pa.schema(_types(fields)), unexpected_field_behavior="ignore"
            ),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != len(offsets) - 1:  # each is at least one object: more are no JSON
        return None
    return {keys: _inside(table.column(keys[0]).combine_chunks(), keys[1:]) for keys in fields}


def _inside(column: Any, keys: Keys) -> Any:
    """Return the column of a place inside the objects of a column; null where one of these is null."""
    if not keys:
        return column
    import pyarrow.compute as pc  # only here: it takes longer to load than the rest, and the loop waits

    return pc.struct_field(column, list(keys))


def _types(fields: Mapping[Keys, Kind]) -> list[tuple[str, Any]]:
    """Return the names and Arrow types of what is in an object."""
    import pyarrow as pa

    arrow = {"number": pa.float64(), "text": pa.string(), "bool": pa.bool_()}
    inner: dict[str, dict[Keys, Kind]] = {}
    for keys, kind in fields.items():
        inner.setdefault(keys[0], {})[keys[1:]] = kind
    return [
        (key, arrow[below[()]] if () in below else pa.struct(_types(below))) for key, below in inner.items()
    ]


def _apart(data: bytes, offsets: Array) -> bytes:
    """Return payloads in such a form that no object of one can end in the next one, whatever they are.

    One that ends in ``}`` and goes on with ``{"`` in the next one is inside a text, for outside of one a comma would have to
    be between; the quote then ends the text, and what may follow it does not begin a usual key. For others there are line
    ends, which are in no text of JSON: they take as long as a fifth of the reading.
    """
    letters = np.frombuffer(data, np.uint8)
    begins = offsets[:-1]
    if (letters[begins + 1] == ord('"')).all() and not _AFTER_TEXT[letters[begins + 2]].any():
        return data + b"\n"  # Arrow looks for a line end first
    return b"\n".join((*split(data, offsets), b""))


def odd_payloads(data: bytes, offsets: Array) -> Array:
    """Return the indices of the payloads about which Arrow and Python might not agree whether, and as what, they are JSON.

    The others begin and end as an object; whether they are one is not said.
    """
    lengths = np.diff(offsets)
    most = sys.get_int_max_str_digits() or sys.maxsize  # Python refuses an integer of more digits
    odd = (lengths < 3) | (lengths > most)
    letters = np.frombuffer(data + b"\0", np.uint8)  # an empty payload at the end begins there
    odd |= (letters[offsets[:-1]] != ord("{")) | (letters[offsets[1:] - 1] != ord("}"))
    asks = lengths > SHALLOW
    if not _is_text(data) or any(_holds(letters, data, each) for each in _NOT_ALIKE):
        asks = ~odd
    for place in np.flatnonzero(asks & ~odd).tolist():
        odd[place] = _is_odd(data[offsets[place] : offsets[place + 1]])
    return np.flatnonzero(odd)


def _holds(letters: Array, data: bytes, word: bytes) -> bool:
    """Tell whether data contain a word; its first two letters, where it has so many, are found in a quarter of the time."""
    if len(word) > 1 and not ((letters[:-1] == word[0]) & (letters[1:] == word[1])).any():
        return False
    return word in data


def _is_odd(payload: bytes) -> bool:
    return any(each in payload for each in _NOT_ALIKE) or not is_shallow(payload) or not _is_text(payload)


def _is_text(data: bytes) -> bool:
    try:
        return data.isascii() or bool(str(data, "utf-8"))
    except UnicodeDecodeError:
        return False

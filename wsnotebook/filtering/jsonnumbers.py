"""numbers_at(): the number at one place of many JSON objects, read by one call of Arrow: no dict is made of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from wsnotebook.filtering.payloads import split
from wsnotebook.jsonvalues import SHALLOW, is_shallow
from wsnotebook.log.rows import Array

__all__ = ["numbers_at"]

_NOT_ALIKE = (b"\0", b"NaN", b"Inf")
"""Arrow ends at a NUL, and takes Inf and -NaN for numbers, which Python does not."""


def numbers_at(data: bytes, offsets: Array, keys: Sequence[str]) -> Array | None:
    """Return float64 (n): the number at some keys, one in the object of the other, in each payload; NaN where there is none.

    None, if Arrow is not loaded, or if it could read one payload in another way than ``json.loads``: then Python has to
    read them. So it is if one is no JSON object, or has at the keys what is neither a number nor null.

    Args:
        data: payloads, end to end.
        offsets: int64 (n + 1): where each begins.
        keys: at least one; printable.
    """
    if "pyarrow" not in sys.modules or not _are_alike(data, offsets):
        return None
    import pyarrow as pa  # only here: it takes 0.1 s to load, and 40 MB
    import pyarrow.json as pj

    # A line end is in no string of JSON: no object of one payload can end in the next one.
    lines = b"\n".join(split(data, offsets))
    kind = pa.float64()
    for key in reversed(keys):
        kind = pa.struct([(key, kind)])
    try:
        table = pj.read_json(
            pa.BufferReader(lines),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=pa.schema(list(kind)), unexpected_field_behavior="ignore"
            ),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != len(offsets) - 1:  # each is at least one object: more are no JSON
        return None
    for key in keys[1:]:
        table = pa.Table.from_struct_array(table.column(0)).select([key])
    return _floats(table.column(0))


def _floats(numbers: Any) -> Array:
    """Return a float64 column of Arrow with NaN for null; its own to_numpy() loads pandas, which takes 0.6 s."""
    parts = []
    for chunk in numbers.chunks:
        valid, values = chunk.buffers()
        low, high = chunk.offset, chunk.offset + len(chunk)
        part = np.frombuffer(values, np.float64)[low:high].copy()
        if valid is not None:
            part[np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[low:high] == 0] = np.nan
        parts.append(part)
    return np.concatenate(parts)


def _are_alike(data: bytes, offsets: Array) -> bool:
    """Tell whether Arrow and Python agree about what is JSON among payloads; each begins and ends as an object."""
    lengths = np.diff(offsets)
    longest = int(lengths.max())
    if lengths.min() < 2 or longest > (sys.get_int_max_str_digits() or sys.maxsize):
        return False  # Python refuses an integer of so many digits
    letters = np.frombuffer(data, np.uint8)
    if (letters[offsets[:-1]] != ord("{")).any() or (letters[offsets[1:] - 1] != ord("}")).any():
        return False
    if any(each in data for each in _NOT_ALIKE):
        return False
    long = np.flatnonzero(lengths > SHALLOW) if longest > SHALLOW else ()
    if not all(is_shallow(data[offsets[place] : offsets[place + 1]]) for place in long):
        return False
    try:
        data.isascii() or str(data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True

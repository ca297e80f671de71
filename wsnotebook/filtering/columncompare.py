"""compared(): a comparison of the filter language with a column of Arrow, for all its rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from wsnotebook.filtering.arrowjson import Kind
from wsnotebook.log.rows import Array

__all__ = ["COMPARISONS", "compared", "nulls_of"]

COMPARISONS = {
    "=": "equal",
    ":": "equal",
    "==": "equal",
    "!=": "not_equal",
    ">": "greater",
    ">=": "greater_equal",
    "<": "less",
    "<=": "less_equal",
}
"""Function of Arrow, and of numpy, for each operator that compares; texts by their code points, as Python does."""


def compared(column: Any, kind: Kind, operator: str, wanted: Any) -> Array | None:
    """Return bool (n): which values of a column meet a comparison; null meets none.

    None, if Arrow would compare in another way than Python: letters in either case, where not all of them are ASCII.

    Args:
        column: float64, string or bool, as ``kind`` says.
        kind: what ``wanted`` is too.
        operator: one of COMPARISONS, or ``~``: the text contains another one, in either case.
        wanted: to compare with.
    """
    if kind == "text":
        return _compared_texts(column, operator, wanted)
    low, high = column.offset, column.offset + len(column)
    values = column.buffers()[1]
    read = np.frombuffer(values, np.float64)[low:high] if kind == "number" else _bits(values, column)
    met: Array = getattr(np, COMPARISONS[operator])(read, wanted)
    return met & ~nulls_of(column)


def _compared_texts(column: Any, operator: str, wanted: str) -> Array | None:
    import pyarrow as pa  # as in columns_at()
    import pyarrow.compute as pc

    if operator == "~":
        if not _has_ascii_only(column):
            return None
        met = pc.match_substring(pc.ascii_lower(column), wanted.lower())
    else:
        met = pc.call_function(COMPARISONS[operator], [column, _scalar(pa, wanted)])
    return _bits(met.buffers()[1], met) & ~nulls_of(met)


def _scalar(pa: Any, text: str) -> Any:
    """Return a text as a value of Arrow; its own scalar() loads pandas, which takes 0.6 s."""
    letters = text.encode()
    edges = np.array([0, len(letters)], np.int32)
    return pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(edges), pa.py_buffer(letters)])[0]


def nulls_of(column: Any) -> Array:
    """Return bool (n): which values of a column are null."""
    valid = column.buffers()[0]
    return np.zeros(len(column), bool) if valid is None else ~_bits(valid, column)


def _bits(buffer: Any, column: Any) -> Array:
    """Return the bits of a buffer of a column; its own to_numpy() loads pandas too."""
    low, high = column.offset, column.offset + len(column)
    bits: Array = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")[low:high] == 1
    return bits


def _has_ascii_only(texts: Any) -> bool:
    letters = texts.buffers()[2]
    return letters is None or bytes(letters).isascii()

"""What Arrow's parser made of JSON: where its types do not hold the values exactly, and the columns of its objects.

Arrow rounds integers over 64 bits, reads NaN, turns dates into times, and cannot tell an empty object from one whose
keys are all null, nor an absent key from null.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsnotebook.analysis.jsoncolumns import Path

__all__ = ["are_inexact", "count_nulls", "has_missing", "inner", "leaves", "merged", "times_as_texts"]

_EXACT = float(1 << 53)  # float64 does not represent all larger integers
_SPACES = list(b" \t")


def times_as_texts(kind: pa.DataType) -> pa.DataType | None:
    """Return the part of a type that was taken for times, as texts; None where there is none."""
    if pa.types.is_temporal(kind):
        return pa.string()
    if pa.types.is_list(kind):
        element = times_as_texts(kind.value_type)
        return None if element is None else pa.list_(element)
    if pa.types.is_struct(kind):
        fields = [(field.name, times_as_texts(field.type)) for field in kind]
        found = [(name, texts) for name, texts in fields if texts is not None]
        return pa.struct(found) if found else None
    return None


def merged(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """Return a type with the fields of both, those of the first before others."""
    if pa.types.is_struct(first) and pa.types.is_struct(second):
        fields = {field.name: field.type for field in first}
        for field in second:
            known = fields.get(field.name)
            fields[field.name] = field.type if known is None else merged(known, field.type)
        return pa.struct(list(fields.items()))
    if pa.types.is_list(first) and pa.types.is_list(second):
        return pa.list_(merged(first.value_type, second.value_type))
    return second if pa.types.is_null(first) else first


def leaves(
    objects: pa.StructArray, order: pa.DataType | None, prefix: Path = ()
) -> Iterator[tuple[Path, pa.Array]]:
    """Yield the columns of objects, those of objects in them too; a string is a large_string.

    Args:
        objects: the objects, none of them null.
        order: a type whose fields are in the order of appearance; others come after them.
        prefix: path of the objects.
    """
    columns = dict(zip([field.name for field in objects.type], objects.flatten(), strict=True))
    known = [field.name for field in order] if order is not None and pa.types.is_struct(order) else []
    for name in dict.fromkeys([*known, *columns]):
        if name not in columns:
            continue
        column, path = columns[name], (*prefix, name)
        if pa.types.is_struct(column.type):
            yield from leaves(column, inner(order, name), path)
        else:
            yield path, column.cast(pa.large_string()) if pa.types.is_string(column.type) else column


def inner(kind: pa.DataType | None, key: str | None = None) -> pa.DataType | None:
    """Return the type of a field, or without a key of elements; None where the type has none."""
    if kind is None or key is None:
        return kind.value_type if kind is not None and pa.types.is_list(kind) else None
    index = kind.get_field_index(key) if pa.types.is_struct(kind) else -1
    return kind.field(index).type if index >= 0 else None


def are_inexact(values: pa.Array, *, flatten: bool, top: bool = True) -> NDArray[np.bool_]:
    """Return which values may differ from those of the text.

    Args:
        values: the values.
        flatten: whether objects in objects become columns; as a value, an object would get keys that it has not.
        top: whether the values are the objects that become rows.
    """
    kind = values.type
    if pa.types.is_floating(kind):
        numbers = values.to_numpy(zero_copy_only=False)
        inexact: NDArray[np.bool_] = np.asarray(values.is_valid()) & ~(np.abs(numbers) < _EXACT)
        return inexact
    if pa.types.is_list(kind):
        elements = pc.list_flatten(values)
        wrong = (
            np.ones(len(elements), bool)
            if pa.types.is_struct(elements.type)
            else are_inexact(elements, flatten=False, top=False)
        )
        found = np.zeros(len(values), bool)
        found[np.asarray(pc.list_parent_indices(values))[wrong]] = True
        return found
    if not pa.types.is_struct(kind):
        return np.zeros(len(values), bool)
    children = values.flatten()
    found = np.zeros(len(values), bool)
    if not top:
        is_here = np.asarray(values.is_valid())
        has_some = np.zeros(len(values), bool)
        for child in children:
            has_some |= np.asarray(child.is_valid())
        found |= is_here & ~has_some if flatten else is_here
    for child in children:
        found |= are_inexact(child, flatten=flatten, top=False)
    return found


def has_missing(values: pa.Array) -> bool:
    """Return whether some object lacks a key that others have, or has it with null; what is in arrays does not count."""
    if values.null_count or not pa.types.is_struct(values.type):
        return bool(values.null_count)
    return any(map(has_missing, values.flatten()))


def count_nulls(texts: pa.LargeStringArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return how many keys of each text have the value null, and for which texts that is not known.

    Outside of strings, the letter n stands in null only. Between two quotes there is a string, if none is escaped.

    Args:
        texts: texts that are JSON, each in one line.
    """
    counts, unknown = np.zeros(len(texts), np.int64), np.zeros(len(texts), bool)
    having = np.asarray(pc.match_substring(texts, "null"))
    if not having.any():
        return counts, unknown
    unknown[having] = np.asarray(pc.match_substring(texts.filter(pa.array(having)), "\\"))
    asked = np.flatnonzero(having & ~unknown)
    some = texts.take(pa.array(asked))
    offsets = np.frombuffer(some.buffers()[1], np.int64)[some.offset : some.offset + len(some) + 1]
    data = np.frombuffer(some.buffers()[2] or b"", np.uint8)
    quotes, letters = np.flatnonzero(data == ord('"')), np.flatnonzero(data == ord("n"))
    letters = letters[np.searchsorted(quotes, letters) % 2 == 0]
    before = letters - 1
    while (spaces := np.isin(data[before], _SPACES)).any():
        before = before - spaces
    found = letters[data[before] == ord(":")]
    counts[asked] = np.diff(np.searchsorted(found, offsets))
    return counts, unknown

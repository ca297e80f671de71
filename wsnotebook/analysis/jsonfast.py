"""JSON texts parsed by Arrow, many in one call; texts that it would not parse exactly are left to jsonexact.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from numpy.typing import NDArray

from wsnotebook.analysis.jsoncolumns import Cells, Piece
from wsnotebook.analysis.jsontypes import (
    are_inexact,
    count_nulls,
    has_missing,
    inner,
    leaves,
    merged,
    times_as_texts,
)
from wsnotebook.jsonvalues import SHALLOW, is_shallow

__all__ = ["Parsed", "parse", "select"]

_CHUNK = 1 << 26  # bytes of text parsed in one call: the copies of all texts would take too much memory
_BLOCK = 1 << 20  # bytes that one thread parses; a larger text is left to Python
_FEWEST = 256  # texts; fewer are not split further to find the one that is wrong
_SAMPLE = 64  # texts that are parsed first, to know which strings look like times
_NONE = np.empty(0, np.int64)
_OPENINGS = b"{["  # of objects and arrays; other texts are no row
_VALUE = "v"
_BEFORE, _AFTER = f'{{"{_VALUE}":', "}\n"
# Around each text: a text that is more than one value, or less, is then an error, whatever stands in the next line.


class Parsed(NamedTuple):
    """Texts of which the rows are known exactly."""

    piece: Piece
    nulls: int
    """Keys whose value is null."""
    not_object: int
    """Elements and values that are no object."""
    left: NDArray[np.int64]
    """Texts that are to be parsed by Python."""


def parse(texts: pa.LargeStringArray, path: Sequence[str], *, flatten: bool) -> list[Parsed]:
    """Parse the texts that Arrow parses exactly; each text is in the piece of one result or in ``left`` of one.

    Args:
        texts: the texts, none of them null.
        path: keys from the value of a text to the object that becomes a row.
        flatten: whether objects in objects become columns of their own.
    """
    first, fit = _first_bytes(texts)
    found = [_left(np.flatnonzero(~(fit & np.isin(first, list(_OPENINGS)))))]
    for opening in _OPENINGS:
        places = np.flatnonzero(fit & (first == opening))
        if opening == ord("[") and path:  # an array has no keys
            found.append(_left(places))
            continue
        reader = _Reader(texts, path, flatten=flatten)
        for part in _chunks(texts, places):
            found += reader.read(part)
    return found


def select(values: pa.Array, places: NDArray[np.int64]) -> pa.Array:
    """Return the values at some places, in order; all of them without a copy."""
    return values if len(places) == len(values) else values.take(pa.array(places))


def _left(places: NDArray[np.int64]) -> Parsed:
    return Parsed(Piece(_NONE, {}), 0, 0, places)


def _first_bytes(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the first byte of each text, and whether Arrow may get it: in one line, not deep, not large."""
    offsets, data = _buffers(texts)
    lengths = np.diff(offsets)
    first = np.zeros(len(texts), np.uint8)
    first[lengths > 0] = data[offsets[:-1][lengths > 0]]
    fit = lengths < _BLOCK // 2
    for place in np.flatnonzero(fit & (lengths > SHALLOW)):
        fit[place] = is_shallow(data[offsets[place] : offsets[place + 1]].tobytes())
    for letter in b"\n\r":
        is_end = data == letter
        if is_end.any():
            fit &= np.diff(np.searchsorted(np.flatnonzero(is_end), offsets)) == 0
    return first, fit


def _buffers(texts: pa.LargeStringArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return offsets and bytes of texts; the offsets may begin after 0."""
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return places, np.frombuffer(data or b"", np.uint8)[: int(places[-1]) if len(places) else 0]


def _chunks(texts: pa.LargeStringArray, places: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    if not len(places):
        return
    offsets, _ = _buffers(texts)
    chunk = np.cumsum(offsets[places + 1] - offsets[places]) // _CHUNK
    yield from np.split(places, np.flatnonzero(np.diff(chunk)) + 1)


class _Reader:
    """Parses texts that begin alike; it keeps which strings look like times, and the order of keys."""

    def __init__(self, texts: pa.LargeStringArray, path: Sequence[str], *, flatten: bool) -> None:
        self._texts = texts
        self._path = path
        self._flatten = flatten
        self._times: pa.DataType | None = None
        self._order: pa.DataType | None = None

    def read(self, places: NDArray[np.int64]) -> list[Parsed]:
        """Parse the texts at ``places``; where one is wrong, the halves, so that few texts are left to Python."""
        some = select(self._texts, places)
        try:
            if self._order is None and len(places) > _SAMPLE:
                self._values(some[:_SAMPLE])
            values = self._values(some)
        except pa.ArrowInvalid:
            if len(places) < _FEWEST:
                return [_left(places)]
            half = len(places) // 2
            return [*self._anew(places[:half]), *self._anew(places[half:])]
        return self._rows(values, some, places)

    def _anew(self, places: NDArray[np.int64]) -> list[Parsed]:
        """Parse some of the texts by what is in them alone: keys of the others would become columns of nothing."""
        return _Reader(self._texts, self._path, flatten=self._flatten).read(places)

    def _values(self, texts: pa.LargeStringArray) -> pa.Array:
        """Return the values of texts.

        Raises:
            pa.ArrowInvalid: a text is not one JSON value, or its types differ from those of another.
        """
        kind = pa.large_string()
        parts = (pa.scalar(_BEFORE, kind), texts, pa.scalar(_AFTER, kind), pa.scalar("", kind))
        lines = pc.binary_join_element_wise(*parts).buffers()[2]
        schema = None if self._times is None else pa.schema([(_VALUE, self._times)])
        table = pj.read_json(
            pa.BufferReader(lines),
            read_options=pj.ReadOptions(block_size=_BLOCK),
            parse_options=pj.ParseOptions(explicit_schema=schema),
        )
        if table.num_rows != len(texts) or table.column_names != [_VALUE]:
            raise pa.ArrowInvalid("a text is not one value")
        found = table.schema.field(_VALUE).type
        # pyarrow 26 makes a column that is too short of arrays whose elements are all null or empty objects.
        table.validate()
        self._order = found if self._order is None else merged(self._order, found)
        times = times_as_texts(found)
        if times is not None:
            self._times = times if self._times is None else merged(self._times, times)
            return self._values(texts)
        return pa.concat_arrays(table.column(_VALUE).chunks)

    def _rows(self, values: pa.Array, texts: pa.Array, places: NDArray[np.int64]) -> list[Parsed]:
        order = self._order
        for key in self._path:
            if not pa.types.is_struct(values.type) or values.type.get_field_index(key) < 0:
                return [_left(places)]
            values = values.flatten()[values.type.get_field_index(key)]
            order = inner(order, key)
        is_missing = np.asarray(values.is_null())
        if pa.types.is_list(values.type):
            parents, objects = np.asarray(pc.list_parent_indices(values)), pc.list_flatten(values)
            order = inner(order)
        else:
            parents, objects = np.arange(len(values)), values
        if not pa.types.is_struct(objects.type):
            return [_left(places)]
        nulls, wrong = _NONE, is_missing.copy()
        if self._path or has_missing(objects):
            nulls, unknown = count_nulls(texts)
            wrong |= unknown | (
                (nulls > 0) & bool(self._path)
            )  # a null may stand beside the object at the path
        wrong[parents[are_inexact(objects, flatten=self._flatten)]] = True
        if wrong.any():  # without them the types may be others
            return [_left(places[wrong]), *(self._anew(places[~wrong]) if not wrong.all() else ())]
        are_objects = np.asarray(objects.is_valid())
        objects, parents = objects.filter(pa.array(are_objects)), parents[are_objects]
        cells = {path: Cells(None, array) for path, array in leaves(objects, order)}
        return [Parsed(Piece(places[parents], cells), int(nulls.sum()), int((~are_objects).sum()), _NONE)]

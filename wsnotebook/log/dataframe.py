"""The DataFrame of frames: how rows of the log become the columns of the table.

The only module of the log that knows pandas. Columns are built a segment at a time by numpy and Arrow, never by frame;
what was built once is kept, so that asking again costs what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wsnotebook.log.columns import COLUMNS, INDEX, STRING, TIME, Column
from wsnotebook.log.connections import Connection
from wsnotebook.log.numbercolumns import NumberColumns
from wsnotebook.log.numberfills import OpenMessages
from wsnotebook.log.segment import Rows

__all__ = ["Frames", "frames_of", "timed_series"]

_FIRST_CAPACITY = 1024

_MASKED: dict[str, Any] = {
    "i": pd.arrays.IntegerArray,
    "f": pd.arrays.FloatingArray,
    "b": pd.arrays.BooleanArray,
}
"""Arrays of numbers of which some are missing, by numpy's letter for the kind."""

_Arrows = dict[str, pa.Array]


def timed_series(points: Sequence[tuple[int, float]], name: str) -> pd.Series[float]:
    """Return a Series of floats by time, from pairs of ns since the epoch and value."""
    times = np.array([time for time, _ in points], np.int64)
    index = pd.DatetimeIndex(pd.array(times, dtype=pd.DatetimeTZDtype("ns", "UTC")), name="time")
    return pd.Series([value for _, value in points], index, dtype="float64", name=name)


class Frames:
    """The DataFrame of a whole log, kept and extended: asking again costs what has come since.

    Numbers lie in arrays that grow, and Arrow columns are chunks. Each DataFrame is a slice of one over the whole arrays,
    which is kept: that is how pandas' copy-on-write knows that they are not the user's to write to.

    Args:
        first: ``seq`` of the first row.
        open_messages: those of the rows before; others are numbered only from their first frame here.
        capacity: rows that there is room for at first.
        columns: the table of columns.
    """

    def __init__(
        self,
        first: int,
        open_messages: OpenMessages | None = None,
        *,
        capacity: int = _FIRST_CAPACITY,
        columns: Sequence[Column] = COLUMNS,
    ) -> None:
        self.first = first
        self._columns = columns
        self._numbers = NumberColumns(capacity, open_messages, columns)
        self._chunks: list[tuple[int, _Arrows]] = []  # first seq and columns of each chunk
        self._owners: list[pd.DataFrame] = []  # over the whole arrays; the last one knows all sessions
        self._owned = 0  # capacity of the arrays under them: others take their place when it grows
        self._whole: pd.DataFrame | None = None
        self._connections = 0

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        return self._numbers.rows

    @property
    def end(self) -> int:
        """``seq`` of the first row not taken."""
        return self.first + self.rows

    def reserve(self, rows: int) -> None:
        """Make room for so many rows in all."""
        self._numbers.reserve(rows)

    def extend(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Take the rows that follow those taken so far."""
        self._numbers.extend(rows, connections)
        self._chunks.append((rows.first, self._arrows(rows, connections)))
        self._whole = None

    def replace_chunks(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Put the columns of a sealed segment in the place of the copies made while it was open."""
        if rows.first >= self.first and rows.first + len(rows) <= self.end:
            self._chunks = [chunk for chunk in self._chunks if not 0 <= chunk[0] - rows.first < len(rows)]
            self._chunks.append((rows.first, self._arrows(rows, connections)))
            self._chunks.sort(key=lambda chunk: chunk[0])
            self._whole = None

    def dataframe(
        self, connections: Sequence[Connection], *, dropped: int = 0, truncated: int = 0
    ) -> pd.DataFrame:
        """Return the DataFrame of all rows taken.

        Args:
            connections: all of the log, told in its attrs.
            dropped: rows that the log had and has no more, told there too.
            truncated: bytes that came and belong to no row, likewise.
        """
        if self._whole is None or self._connections != len(connections):
            numbers = self._owner(connections).iloc[: self.rows]
            columns = {
                column.name: numbers[column.name]
                if column.build is None
                else _arrow_column(column, [arrows[column.name] for _, arrows in self._chunks])
                for column in self._columns
            }
            self._whole = pd.DataFrame(columns, index=numbers.index, copy=False)
            self._connections = len(connections)
        df = self._whole.copy(deep=False)
        told = [connection.to_dict() for connection in connections]
        df.attrs["wsnotebook"] = {"connections": told, "dropped": dropped, "truncated": truncated}
        return df

    def _arrows(self, rows: Rows, connections: Sequence[Connection]) -> _Arrows:
        return {
            column.name: column.build(rows, connections)
            for column in self._columns
            if column.build is not None
        }

    def _owner(self, connections: Sequence[Connection]) -> pd.DataFrame:
        """Return the DataFrame over the whole arrays, kept for as long as they are written to."""
        numbers = self._numbers
        if self._owned != numbers.capacity:
            self._owners.clear()  # there are new arrays, and the old ones are only the users'
            self._owned = numbers.capacity
        if not self._owners or self._connections != len(connections):
            columns = {
                column.name: _number_column(column, numbers, connections)
                for column in self._columns
                if column.build is None
            }
            index = pd.RangeIndex(self.first, self.first + numbers.capacity, name=INDEX.name)
            self._owners.append(pd.DataFrame(columns, index=index, copy=False))
        return self._owners[-1]


def _number_column(column: Column, numbers: NumberColumns, connections: Sequence[Connection]) -> Any:
    """Return a column over its array, of which nothing is copied."""
    values = numbers.arrays[column.name]
    if column.categories is not None:
        dtype = pd.CategoricalDtype(list(column.categories(connections)))
        return pd.Categorical.from_codes(values, dtype=dtype, validate=False)
    if column.kind is TIME:
        return pd.array(values, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False)
    if column.kind.has_missing:
        return _MASKED[values.dtype.kind](values, numbers.missing[column.name], copy=False)
    return values


def _arrow_column(column: Column, chunks: Sequence[pa.Array]) -> Any:
    values = pa.chunked_array(chunks, column.kind.arrow)
    if column.kind is STRING:
        return pd.arrays.ArrowStringArray(values, dtype=pd.StringDtype("pyarrow", na_value=pd.NA))  # type: ignore[call-arg]  # pandas-stubs lack it
    return pd.arrays.ArrowExtensionArray(values)


def frames_of(runs: Sequence[Rows], first: int, connections: Sequence[Connection]) -> Frames:
    """Return a few runs of rows, for one DataFrame; for all of a log, Frames that are kept are faster the second time.

    Messages that were open before the first run are numbered only from their first frame in it.
    """
    frames = Frames(first, capacity=sum(map(len, runs)))
    for rows in runs:
        frames.extend(rows, connections)
    return frames

"""The DataFrame of frames: how rows of the log become the columns of the table.

No other module of the log imports pandas. Columns are built a segment at a time by numpy and Arrow, never by frame, and
kept: the next DataFrame costs only the rows that are new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wsnotebook.analysis.versions import HAS_COPY_ON_WRITE
from wsnotebook.log.attrs import FrameAttrs
from wsnotebook.log.columns import COLUMNS, INDEX, STRING, TIME, Column
from wsnotebook.log.connections import Connection
from wsnotebook.log.numbercolumns import NumberColumns
from wsnotebook.log.numberfills import OpenMessages
from wsnotebook.log.rows import Rows

__all__ = ["Frames", "frames_of", "timed_series"]

_FIRST_CAPACITY = 1024

_MASKED: dict[str, Any] = {
    "i": pd.arrays.IntegerArray,
    "f": pd.arrays.FloatingArray,
    "b": pd.arrays.BooleanArray,
}
"""pandas array with missing values, by numpy's letter for the kind of numbers."""

_Arrows = dict[str, pa.Array]


def timed_series(points: Sequence[tuple[int, float]], name: str) -> pd.Series[float]:
    """Return a Series of floats by time, from pairs of ns since the epoch and value."""
    times = np.array([time for time, _ in points], np.int64)
    index = pd.DatetimeIndex(pd.array(times, dtype=pd.DatetimeTZDtype("ns", "UTC")), name="time")
    return pd.Series([value for _, value in points], index, dtype="float64", name=name)


class Frames:
    """The DataFrame of a whole log, kept and extended: each call of ``dataframe`` costs only the rows that are new.

    Numbers are in arrays that grow, and Arrow columns are chunks. Each DataFrame is a slice of one over the whole arrays,
    which is kept: its reference is how pandas' copy-on-write detects that a user's change needs a copy.

    Args:
        first: ``seq`` of the first row.
        open_messages: messages that are open before the first row.
        capacity: rows to allocate at first.
        columns: the table of columns.
        only_occurring: of a column with many names, make categories of those that occur, not of all. Runs of rows whose
            DataFrames must have one dtype need all.
    """

    def __init__(
        self,
        first: int,
        open_messages: OpenMessages | None = None,
        *,
        capacity: int = _FIRST_CAPACITY,
        columns: Sequence[Column] = COLUMNS,
        only_occurring: bool = False,
    ) -> None:
        self.first = first
        self._columns = columns
        self._builds = [(column.name, column.build) for column in columns if column.build is not None]
        self._numbers = NumberColumns(capacity, open_messages, columns, only_occurring=only_occurring)
        self._chunks: list[tuple[int, _Arrows]] = []  # first seq and columns of each chunk
        self._owners: list[pd.DataFrame] = []  # over the whole arrays; the last one has all sessions
        self._owned = 0  # capacity of the arrays below them, which are replaced when it grows
        self._replaced = 0  # replacements of arrays before the last owner
        self._whole: pd.DataFrame | None = None
        self._connections = 0
        self._handshakes: list[dict[str, Any]] = []  # of the connections of the last DataFrame

    @property
    def rows(self) -> int:
        """Rows added so far."""
        return self._numbers.rows

    @property
    def end(self) -> int:
        """``seq`` that the next row must have."""
        return self.first + self.rows

    def reserve(self, rows: int) -> None:
        """Allocate room for ``rows`` rows in all."""
        self._numbers.reserve(rows)

    def extend(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Add the rows that follow."""
        self._numbers.extend(rows, connections)
        self._chunks.append((rows.first, self._arrows(rows, connections)))
        self._whole = None

    def replace_chunks(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Replace the copies made while a segment was open by columns over the sealed segment."""
        if rows.first >= self.first and rows.first + len(rows) <= self.end:
            others = [chunk for chunk in self._chunks if not 0 <= chunk[0] - rows.first < len(rows)]
            chunks = [*others, (rows.first, self._arrows(rows, connections))]
            self._chunks = sorted(chunks, key=lambda chunk: chunk[0])
            self._whole = None

    def dataframe(
        self,
        connections: Sequence[Connection],
        dropped: int = 0,
        truncated: int = 0,
        late: Sequence[tuple[str, int, int, float]] = (),
    ) -> pd.DataFrame:
        """Return the DataFrame of all rows added; the arguments are stored in its attrs.

        Args:
            connections: connections of the log, by number.
            dropped: rows that the log dropped to stay within its retention.
            truncated: bytes that were received and belong to no row.
            late: how late the loops of sessions came: what ``lateness()`` returns.
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
        # Before pandas 3 a change that a user makes would reach the arrays of the log.
        df = self._whole.copy(deep=not HAS_COPY_ON_WRITE)
        for number in range(len(self._handshakes), len(connections)):
            self._handshakes.append({"connection": number, **connections[number].to_dict()})
        df.attrs["wsnotebook"] = FrameAttrs(
            connections=self._handshakes[: len(connections)], dropped=dropped, truncated=truncated, late=late
        )
        return df

    def _arrows(self, rows: Rows, connections: Sequence[Connection]) -> _Arrows:
        return {name: build(rows, connections) for name, build in self._builds}

    def _owner(self, connections: Sequence[Connection]) -> pd.DataFrame:
        """Return the DataFrame over the whole arrays, which is kept for as long as they are written to."""
        numbers = self._numbers
        if self._owned != numbers.capacity:
            self._owners.clear()  # the arrays were replaced, and only users' DataFrames have the old ones
            self._owned = numbers.capacity
        if not self._owners or self._connections != len(connections) or self._replaced != numbers.replaced:
            self._replaced = numbers.replaced
            columns = {
                column.name: _number_column(column, numbers, connections)
                for column in self._columns
                if column.build is None
            }
            index = pd.RangeIndex(self.first, self.first + numbers.capacity, name=INDEX.name)
            self._owners.append(pd.DataFrame(columns, index=index, copy=False))
        return self._owners[-1]


def _number_column(column: Column, numbers: NumberColumns, connections: Sequence[Connection]) -> Any:
    """Return a column over its array, without a copy."""
    values = numbers.arrays[column.name]
    if column.categories is not None:
        names = list(column.categories(connections))
        if (occurring := numbers.occurring.get(column.name)) is not None:
            names = [names[index] for index in occurring]
        dtype = pd.CategoricalDtype(pd.Index(names, dtype="str"))
        return pd.Categorical.from_codes(values, dtype=dtype, validate=False)
    if column.kind is TIME:
        return pd.array(values, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False)
    if column.kind.has_missing and (
        not column.kind.if_reported or any(each.is_reported for each in connections)
    ):
        return _MASKED[values.dtype.kind](values, numbers.missing[column.name], copy=False)
    return values


def _arrow_column(column: Column, chunks: Sequence[pa.Array]) -> Any:
    values = pa.chunked_array(chunks, column.kind.arrow)
    if column.kind is STRING:
        return pd.arrays.ArrowStringArray(values)
    return pd.arrays.ArrowExtensionArray(values)


def frames_of(runs: Sequence[Rows], first: int, connections: Sequence[Connection]) -> Frames:
    """Return the Frames of a few runs, for one DataFrame; for a whole log keep one Frames and extend it.

    A message that was open before the first run has no number in it.
    """
    frames = Frames(first, capacity=sum(map(len, runs)), only_occurring=True)
    for rows in runs:
        frames.extend(rows, connections)
    return frames

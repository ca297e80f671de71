"""NumberColumns: the columns of the DataFrame that are numbers inside, written in place as the table of columns says.

New arrays are zeros without memory: a column, or a segment of one, that is all zero costs nothing.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence

import numpy as np

from wsnotebook.log.columns import COLUMNS, Column
from wsnotebook.log.connections import Connection
from wsnotebook.log.numberfills import Arrays, OpenMessages, Source
from wsnotebook.log.rows import Rows

__all__ = ["NumberColumns"]


class NumberColumns:
    """Arrays that grow, of which each DataFrame is a view of the beginning.

    Args:
        capacity: rows to allocate at first.
        open_messages: messages that are open before the first row.
        columns: the table of columns; those that Arrow stores are passed over.
        only_occurring: of a column with many names, number those that occur instead of all.
    """

    def __init__(
        self,
        capacity: int,
        open_messages: OpenMessages | None = None,
        columns: Sequence[Column] = COLUMNS,
        *,
        only_occurring: bool = False,
    ) -> None:
        self.rows = 0
        """Rows written so far."""
        self.capacity = capacity
        """Rows that are allocated; when it grows, all arrays are replaced."""
        self.replaced = 0
        """How often arrays were replaced: who has others than ``arrays`` of now does not see the rows that follow."""
        numbers = [column for column in columns if column.kind.storage is not None]
        self._fills = [(column.name, column.fill) for column in numbers if column.fill is not None]
        self._categories = [
            (column.name, column.categories) for column in numbers if column.categories is not None
        ]
        self.arrays: Arrays = {column.name: np.zeros(capacity, column.kind.storage) for column in numbers}
        """By name; all of the same length, of which the first ``rows`` are written. Categories are indices."""
        self.missing: Arrays = {
            column.name: np.zeros(capacity, np.bool_) for column in numbers if column.kind.has_missing
        }
        """True where a value is missing, by name; only of columns that may lack one."""
        self.occurring: dict[str, tuple[int, ...]] = {
            column.name: () for column in numbers if only_occurring and column.has_many_names
        }
        """Which of all names occur, in order, by column; the indices in the array of the column count only these."""
        self._open_messages = open_messages or OpenMessages()

    def extend(self, rows: Rows, connections: Sequence[Connection]) -> None:
        """Fill the columns of the rows that follow."""
        if not len(rows):
            return
        stop = self.rows + len(rows)
        self.reserve(stop)
        source = Source(
            rows=rows,
            connections=connections,
            categories=self._names(connections),
            arrays={name: values[self.rows : stop] for name, values in self.arrays.items()},
            missing={name: values[self.rows : stop] for name, values in self.missing.items()},
            open_messages=self._open_messages,
        )
        for name, fill in self._fills:
            fill(source, source.arrays[name])
        for name in self.occurring:
            self._count_occurring(name, stop)
        self.rows = stop

    def reserve(self, rows: int) -> None:
        """Allocate room for ``rows`` rows in all, and an eighth more when the arrays must grow."""
        if rows <= self.capacity:
            return
        self.capacity = max(rows + rows // 8, 3 * self.capacity // 2)
        for arrays in (self.arrays, self.missing):
            for name, values in arrays.items():
                larger = np.zeros(self.capacity, values.dtype)
                used = values[: self.rows]
                if used.any():
                    larger[: self.rows] = used
                arrays[name] = larger
        self.replaced += 1

    def _count_occurring(self, name: str, stop: int) -> None:
        """Turn the indices among all names, in the rows after the last, into those among the names that occur."""
        filled = self.arrays[name][self.rows : stop]
        known = sum(np.count_nonzero(filled == index) for index in self.occurring[name])
        if known < len(filled):
            for index in np.unique(filled).tolist():
                self._add_occurring(name, index)
        places = np.zeros(len(filled), filled.dtype)
        for index in self.occurring[name][1:]:  # comparisons take 0.2 ns a row, a table of places 2 ns
            places += (filled >= index).view(np.int8)
        self.arrays[name][self.rows : stop] = places

    def _add_occurring(self, name: str, index: int) -> None:
        """Add a name, unless it is there, and renumber those behind it in a new array: DataFrames have the old one."""
        occurring = self.occurring[name]
        if index in occurring:
            return
        place = bisect(occurring, index)
        self.occurring[name] = (*occurring[:place], index, *occurring[place:])
        if self.rows:
            before = self.arrays[name][: self.rows]
            self.arrays[name] = np.zeros(self.capacity, before.dtype)
            np.add(before, before >= place, out=self.arrays[name][: self.rows])
        self.replaced += 1

    def _names(self, connections: Sequence[Connection]) -> dict[str, Sequence[str]]:
        """Return the names of the categories by column, and widen the arrays whose type cannot count them."""
        categories = {name: names_of(connections) for name, names_of in self._categories}
        for name, names in categories.items():
            values = self.arrays[name]
            # from one name less than the type can count, as pandas does: it would copy the array, and see no later row
            if len(names) > np.iinfo(values.dtype).max - 1:
                self.arrays[name] = values.astype(np.min_scalar_type(-len(names) - 2))
                self.replaced += 1
        return categories

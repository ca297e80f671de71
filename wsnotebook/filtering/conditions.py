"""Conditions on the columns of a log: each says for all rows of a run which fit, and which pandas expression means the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.log.connections import Connection
from wsnotebook.log.restore import NO_TIME
from wsnotebook.log.rows import Array, Rows
from wsnotebook.wire.batch import Flag, opcode_of
from wsnotebook.wire.frames import Opcode

__all__ = [
    "DAY_NS",
    "BeginsMessage",
    "Between",
    "Condition",
    "HasType",
    "OneOf",
    "Run",
    "SessionIs",
    "TimeOfDay",
    "TimeSpan",
]

DAY_NS = 86_400_000_000_000


class Run(NamedTuple):
    """Rows, and the connections of their log."""

    rows: Rows
    connections: Sequence[Connection]
    """By number."""
    types: Sequence[frozenset[str]] = ()
    """Types of the messages that end with each row, where a condition needs them."""


class Condition(Protocol):
    """A condition on the columns of a row."""

    @property
    def line(self) -> str:
        """The pandas expression of ``df`` that is true for the same rows."""

    def fits(self, run: Run) -> Array:
        """Return bool (n): which rows meet it."""


_COLUMNS: dict[str, Callable[[Rows], Array]] = {
    "direction": lambda rows: is_sent(rows.codes).repeat(rows.counts),
    "opcode": lambda rows: opcode_of(rows.heads),
    "status": lambda rows: rows.flags & Flag.STATUS,
    "length": lambda rows: rows.lengths,
    "seq": lambda rows: np.arange(rows.first, rows.first + len(rows)),
}
"""How each column of the DataFrame is read from a run."""


@dataclass(frozen=True)
class OneOf:
    """A column has one of some values."""

    column: str
    names: tuple[str, ...] | tuple[int, ...]
    """As the DataFrame has them."""
    values: frozenset[int]
    """As the run has them."""

    @property
    def line(self) -> str:
        """As in Condition."""
        column = _column(self.column)
        return (
            f'{column} == "{self.names[0]}"' if len(self.names) == 1 else f"{column}.isin({list(self.names)})"
        )

    def fits(self, run: Run) -> Array:
        """As in Condition."""
        return np.isin(_COLUMNS[self.column](run.rows), list(self.values))


@dataclass(frozen=True)
class Between:
    """A column of integers is between two numbers, both included; None is no bound."""

    column: str
    low: int | None
    high: int | None

    @property
    def line(self) -> str:
        """As in Condition."""
        return _interval(_column(self.column), self.low, self.high)

    def fits(self, run: Run) -> Array:
        """As in Condition."""
        return _is_between(_COLUMNS[self.column](run.rows), self.low, self.high)


@dataclass(frozen=True)
class TimeSpan:
    """The wall clock is between two moments, in ns since 1970, both included; None is no bound."""

    low: int | None
    high: int | None

    @property
    def line(self) -> str:
        """As in Condition."""
        known = "" if self.low is not None else 'df["time"].notna() & '
        line = _interval('df["time"].astype("int64")', self.low, self.high)
        return f"{known}({line})" if known else line

    def fits(self, run: Run) -> Array:
        """As in Condition."""
        times = run.rows.times
        fits: Array = (_is_between(times, self.low, self.high) & (times != NO_TIME)).repeat(run.rows.counts)
        return fits


@dataclass(frozen=True)
class TimeOfDay:
    """The time of day, in UTC on any day, is between two, in ns since midnight, both included.

    From a later to an earlier one is over midnight.
    """

    low: int
    high: int

    @property
    def line(self) -> str:
        """As in Condition."""
        column = f'df["time"].astype("int64") % {DAY_NS:_}'
        known = 'df["time"].notna()'
        if self.low <= self.high:
            return f"{known} & ({column}).between({self.low:_}, {self.high:_})"
        return f"{known} & ~({column}).between({self.high + 1:_}, {self.low - 1:_})"

    def fits(self, run: Run) -> Array:
        """As in Condition."""
        times = run.rows.times % DAY_NS
        after, before = times >= self.low, times <= self.high
        fits = after & before if self.low <= self.high else after | before
        fits &= run.rows.times != NO_TIME
        return fits.repeat(run.rows.counts)


@dataclass(frozen=True)
class SessionIs:
    """The session has a name."""

    name: str

    @property
    def line(self) -> str:
        """As in Condition."""
        return f'df["session"] == {self.name!r}'

    def fits(self, run: Run) -> Array:
        """As in Condition."""
        mine = np.array([each.session == self.name for each in run.connections], bool)
        fits: Array = mine[connection_of(run.rows.codes)].repeat(run.rows.counts)
        return fits


@dataclass(frozen=True)
class BeginsMessage:
    """The row is not a later fragment: with it the conditions on payload, size and type look at all frames of a message."""

    @property
    def line(self) -> str:
        """As in Condition."""
        return 'df["opcode"] != "continuation"'

    def fits(self, run: Run) -> Array:
        """As in Condition."""
        fits: Array = opcode_of(run.rows.heads) != Opcode.CONTINUATION
        return fits


@dataclass(frozen=True)
class HasType:
    """A message of one of some types ends with the row."""

    names: tuple[str, ...]

    @property
    def line(self) -> str:
        """As in Condition."""
        return f"df.ws.has_type({(self.names[0] if len(self.names) == 1 else list(self.names))!r})"

    def fits(self, run: Run) -> Array:
        """As in Condition."""
        wanted = {name.casefold() for name in self.names}
        of_types: dict[frozenset[str], bool] = {}  # of the few sets of types that there are
        for types in run.types:
            if types not in of_types:
                of_types[types] = any(each.casefold() in wanted for each in types)
        return np.fromiter((of_types[types] for types in run.types), bool, len(run.types))


def _is_between(values: Array, low: int | None, high: int | None) -> Array:
    fits = np.ones(len(values), bool)
    if low is not None:
        fits &= values >= low
    if high is not None:
        fits &= values <= high
    return fits


def _column(name: str) -> str:
    return "df.index" if name == "seq" else f'df["{name}"]'


def _interval(column: str, low: int | None, high: int | None) -> str:
    if low == high:
        return f"{column} == {low}"
    bounds = [f"{column} {sign} {bound}" for sign, bound in ((">=", low), ("<=", high)) if bound is not None]
    return bounds[0] if len(bounds) == 1 else " & ".join(f"({bound})" for bound in bounds)

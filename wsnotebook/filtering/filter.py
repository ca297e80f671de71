"""Filter: clauses that must all be true of a row, on columns first and then on payloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from wsnotebook.filtering.conditions import BeginsMessage, Between, Condition, HasType, OneOf, Run
from wsnotebook.filtering.hasjson import HasJson
from wsnotebook.filtering.jsonterms import all_met
from wsnotebook.filtering.payloads import HasMatch, HasText, end_to_end
from wsnotebook.log.rows import Array

__all__ = ["Clause", "Filter", "PayloadClause", "PayloadCondition"]


@dataclass(frozen=True)
class Clause:
    """One of several conditions on columns is true, or none of them."""

    alternatives: tuple[Condition, ...]
    is_negated: bool = False

    @property
    def line(self) -> str:
        """The pandas expression of ``df`` that is true for the same rows."""
        lines = [each.line for each in self.alternatives]
        return _negated(
            " | ".join(f"({line})" for line in lines) if len(lines) > 1 else lines[0], self.is_negated
        )

    def fits(self, run: Run) -> Array:
        """Return bool (n): which rows of a run meet it."""
        fits = self.alternatives[0].fits(run)
        for other in self.alternatives[1:]:
            fits = fits | other.fits(run)
        return ~fits if self.is_negated else fits


PayloadCondition: TypeAlias = HasText | HasMatch | HasJson
"""A condition on the payload of a row."""


@dataclass(frozen=True)
class PayloadClause:
    """A condition on the payload is true, or is not."""

    condition: PayloadCondition
    is_negated: bool = False

    @property
    def line(self) -> str:
        """As in Clause."""
        return _negated(self.condition.line, self.is_negated)


_OF_MESSAGES = ["length", "payload", "text"]
_JOINED = f"df.assign(fin=True, **df.ws.messages()[{_OF_MESSAGES}].combine_first(df[{_OF_MESSAGES}]))"
"""The pandas expression of ``df`` in which the first frame of a message has all of it."""


@dataclass(frozen=True)
class Filter:
    """The conditions on a row to be shown; without any, all rows are."""

    columns: tuple[Clause, ...] = ()
    payloads: tuple[PayloadClause, ...] = ()

    @property
    def line(self) -> str:
        """The line of pandas that gives the same rows of ``df``."""
        clauses = [clause.line for clause in self.columns] + [clause.line for clause in self.payloads]
        if not clauses:
            return "df"
        line = clauses[0] if len(clauses) == 1 else " & ".join(f"({each})" for each in clauses)
        return f"df[(lambda df: {line})({_JOINED})]" if self.joins else f"df[{line}]"

    @property
    def joins(self) -> bool:
        """Whether it looks at whole messages, not at frames: it is one ``per:message``, and has a condition on what differs."""
        if not any(
            not clause.is_negated and isinstance(each, BeginsMessage) for clause, each in self._conditions
        ):
            return False
        sizes = (
            isinstance(each, Between | OneOf) and each.column == "length" for _, each in self._conditions
        )
        return bool(self.payloads or self.types) or any(sizes)

    @property
    def reads_status(self) -> bool:
        """Whether its rows change with the status of a row, the one column that may still change after the append.

        A message that was never sent has no type.
        """
        return bool(self.types) or any('df["status"]' in clause.line for clause in self.columns)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of messages that it names; then it needs ``Run.types``."""
        return tuple(name for _, each in self._conditions if isinstance(each, HasType) for name in each.names)

    @property
    def _conditions(self) -> Iterator[tuple[Clause, Condition]]:
        return ((clause, each) for clause in self.columns for each in clause.alternatives)

    def places(self, run: Run) -> Array:
        """Return the indices of the rows of a run that match, from 0."""
        fits = np.ones(len(run.rows), bool)
        for clause in self.columns:
            fits &= clause.fits(run)
        places = np.flatnonzero(fits)
        terms = []
        for each in self.payloads:
            if isinstance(each.condition, HasJson):
                terms.append((each.condition, each.is_negated))
            elif len(places):
                met = each.condition.fits(run.rows, places)
                places = places[met != each.is_negated]
        if terms and len(places):
            places = places[all_met(terms, *end_to_end(run.rows, places))]
        return places


def _negated(line: str, is_negated: bool) -> str:
    return f"~({line})" if is_negated else line

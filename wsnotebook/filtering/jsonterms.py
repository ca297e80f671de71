"""all_met(): which payloads meet several conditions on their JSON; each payload is read once for all of them.

Arrow reads many of them in one call where it is loaded, and answers as Python does; Python reads the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from wsnotebook.filtering.arrowjson import Keys, Kind, columns_at, has_arrow, odd_payloads
from wsnotebook.filtering.columncompare import compared, nulls_of
from wsnotebook.filtering.hasjson import HasJson
from wsnotebook.filtering.jsonpayloads import parsed_payloads
from wsnotebook.filtering.payloads import split, taken
from wsnotebook.log.rows import Array

__all__ = ["Terms", "all_met"]

Terms: TypeAlias = Sequence[tuple[HasJson, bool]]
"""Conditions; each has to be met, or not to be met where True stands beside it."""

_FEWEST = 256  # payloads: a call of Arrow costs as much as Python takes for 100 of them
_PARTS = 4  # of payloads that Arrow could not read together: one odd one of a thousand costs Python a quarter of them


def all_met(terms: Terms, data: bytes, offsets: Array) -> Array:
    """Return bool (n): which payloads meet all terms.

    Args:
        terms: at least one.
        data: payloads, end to end.
        offsets: int64 (n + 1): where each begins.
    """
    fits = np.ones(len(offsets) - 1, bool)
    asks = np.zeros(len(offsets) - 1, bool)
    for condition, is_negated in terms:
        may = condition.may_be_met(data, offsets)
        asks |= may
        if not is_negated:
            fits &= may
    asks &= fits
    if asks.all():
        return _read(terms, data, offsets)
    if asks.any():
        fits[asks] = _read(terms, *taken(data, offsets, np.flatnonzero(asks)))
    return fits


def _read(terms: Terms, data: bytes, offsets: Array) -> Array:
    plan = _plan(terms)
    if not plan.fields or len(offsets) <= _FEWEST or not has_arrow():
        return _met_by_python(terms, data, offsets)
    odd = odd_payloads(data, offsets)
    if not len(odd):
        return _met_by_arrow(plan, data, offsets)
    fits = np.zeros(len(offsets) - 1, bool)
    fits[odd] = _met_by_python(terms, *taken(data, offsets, odd))
    others = np.delete(np.arange(len(fits)), odd)
    fits[others] = _met_by_arrow(plan, *taken(data, offsets, others))
    return fits


class _Plan(NamedTuple):
    """How terms are read."""

    terms: Terms
    """All."""
    quick: Terms
    """Those of which Arrow reads what they compare."""
    slow: Terms
    """The others."""
    fields: dict[Keys, Kind]
    """What Arrow reads."""


def _plan(terms: Terms) -> _Plan:
    quick: list[tuple[HasJson, bool]] = []
    slow: list[tuple[HasJson, bool]] = []
    fields: dict[Keys, Kind] = {}
    for term in terms:
        keys, kind = term[0].keys, term[0].kind
        is_quick = kind is not None and all(
            kind == other if keys == place else not _is_inside(keys, place) for place, other in fields.items()
        )
        (quick if is_quick else slow).append(term)
        if kind is not None and is_quick:
            fields[keys] = kind
    return _Plan(terms, quick, slow, fields)


def _is_inside(keys: Keys, other: Keys) -> bool:
    """Tell whether one place is inside the other."""
    shorter = min(len(keys), len(other))
    return keys[:shorter] == other[:shorter]


def _met_by_arrow(plan: _Plan, data: bytes, offsets: Array, parts: int = _PARTS) -> Array:
    count = len(offsets) - 1
    fits = _compare_columns(plan, data, offsets) if count >= _FEWEST else None
    if fits is None:
        if parts == 1 or count < parts * _FEWEST:
            return _met_by_python(plan.terms, data, offsets)
        edges = pairwise(np.linspace(0, count, parts + 1).astype(int).tolist())
        return np.concatenate(
            [_met_by_arrow(plan, *taken(data, offsets, np.arange(*each)), parts=1) for each in edges]
        )
    if plan.slow and fits.any():
        fits[fits] = _met_by_python(plan.slow, *taken(data, offsets, np.flatnonzero(fits)))
    return fits


def _compare_columns(plan: _Plan, data: bytes, offsets: Array) -> Array | None:
    """Return which payloads meet the quick terms; None where Arrow cannot tell."""
    columns = columns_at(data, offsets, plan.fields)
    if columns is None:
        return None
    fits = np.ones(len(offsets) - 1, bool)
    for condition, is_negated in plan.quick:
        column = columns[condition.keys]
        met = compared(column, plan.fields[condition.keys], condition.operator, condition.wanted)
        if met is None:
            return None
        if condition.operator == "!=":  # null is not equal to a value, and what is not there is nothing
            nulls = np.flatnonzero(nulls_of(column) & fits)
            met[nulls] = _met_by_python([(condition, False)], *taken(data, offsets, nulls))
        fits &= met != is_negated
    return fits


def _met_by_python(terms: Terms, data: bytes, offsets: Array) -> Array:
    values = parsed_payloads(split(data, offsets))
    fits = np.ones(len(values), bool)
    for condition, is_negated in terms:
        fits &= np.array(condition.met_by(values), bool) != is_negated
    return fits

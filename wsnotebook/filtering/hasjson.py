"""HasJson: a condition on the value that is at a path in a payload's JSON."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np

from wsnotebook.filtering.jsonnumbers import numbers_at
from wsnotebook.filtering.jsonpayloads import NO_JSON, parsed_payloads
from wsnotebook.filtering.payloads import end_to_end, split
from wsnotebook.jsonvalues import JsonPattern, values_at
from wsnotebook.log.rows import Array, Rows

__all__ = ["JSON_OPERATORS", "HasJson"]

_FEWEST = 256  # payloads: a call of Arrow costs as much as Python takes for 100 of them
_EXACT = 2**53  # floats tell integers below it apart


@dataclass(frozen=True)
class HasJson:
    """The payload is JSON in which a path has a value, and the value compares as it should."""

    source: str
    """As it was typed."""
    path: JsonPattern
    operator: str
    """One of JSON_OPERATORS; empty where any value will do."""
    wanted: Any = None
    """A JSON value. A number that was typed without quotes also compares with a number in a JSON string."""
    is_quoted: bool = False
    """It was typed in quotes: only a string is equal to it."""

    @property
    def line(self) -> str:
        """As in PayloadCondition."""
        return f'df["payload"].map(wsnotebook.filtering.payload_test({self.source!r}))'

    def is_met(self, payload: bytes) -> bool:
        """As in PayloadCondition."""
        return (self._key in payload or b"\\" in payload) and self._meet(parsed_payloads([payload]))[0]

    def fits(self, rows: Rows, places: Array) -> Array:
        """As in PayloadCondition; the payloads are parsed together."""
        data, offsets = end_to_end(rows, places)
        key = self._key
        if data.count(key) >= len(places):  # as if each has it: quicker than to ask each
            asks = self.is_for_arrow and len(places) >= _FEWEST
            numbers = numbers_at(data, offsets, self._steps[0]) if asks else None
            if numbers is not None:
                return self._compare_all(numbers, data, offsets)
            return np.array(self._meet(parsed_payloads(split(data, offsets))), bool)
        payloads = split(data, offsets)
        fits = np.array([key in payload or b"\\" in payload for payload in payloads], bool)
        asked = [payloads[place] for place in np.flatnonzero(fits).tolist()]
        fits[fits] = self._meet(parsed_payloads(asked))
        return fits

    @cached_property
    def is_for_arrow(self) -> bool:
        """Arrow can read what is looked for: it knows numbers as floats, and keys that have an encoding."""
        keys, rest = self._steps
        if rest or not keys or not self._is_of_numbers or self.operator == "~":
            return False
        return abs(self.wanted) < _EXACT and all(map(str.isprintable, keys))  # NaN is not smaller

    def _compare_all(self, numbers: Array, data: bytes, offsets: Array) -> Array:
        """Return which payloads meet it, of which the numbers are known."""
        fits: Array = JSON_OPERATORS[self.operator](numbers, self.wanted)
        if (
            self.operator == "!="
        ):  # of what has no number, null is not equal to one, and what is not there is nothing
            for place in np.flatnonzero(np.isnan(numbers)).tolist():
                fits[place] = self.is_met(data[offsets[place] : offsets[place + 1]])
        return fits

    def _meet(self, values: list[Any]) -> list[bool]:
        """Return which JSON values of payloads meet it."""
        keys, rest = self._steps
        for key in keys:
            values = [value[key] if type(value) is dict and key in value else NO_JSON for value in values]
        if rest:
            return [any(map(self._compares, values_at(value, rest))) for value in values]
        if not self._is_of_numbers:
            return [value is not NO_JSON and self._compares(value) for value in values]
        compare, wanted = JSON_OPERATORS[self.operator], self.wanted
        return [
            compare(value, wanted)
            if type(value) is int or type(value) is float
            else value is not NO_JSON and self._compares(value)
            for value in values
        ]

    @cached_property
    def _is_of_numbers(self) -> bool:
        """A number is looked for: most values are numbers then, and need no look at what they are."""
        return bool(self.operator) and _is_number(self.wanted)

    @cached_property
    def _steps(self) -> tuple[tuple[str, ...], JsonPattern]:
        """The keys that the path begins with, which lead to one value and are quick to follow, and the other steps."""
        keys = tuple(str(step) for step in takewhile(lambda step: isinstance(step, str), self.path))
        return keys, self.path[len(keys) :]

    @cached_property
    def _key(self) -> bytes:
        """The last key of the path: a payload without it needs no parser, unless it may be written with escapes."""
        key = next((step for step in reversed(self.path) if isinstance(step, str)), None)
        return b"" if key is None else json.dumps(key, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _compares(self, value: Any) -> bool:
        if not self.operator:
            return True
        wanted = self.wanted
        if isinstance(value, str) and not self.is_quoted and _is_number(wanted):
            value = _number(value)
        elif isinstance(value, str) and isinstance(wanted, str) and self.operator == "~":
            return wanted.lower() in value.lower()
        if isinstance(value, bool) is not isinstance(wanted, bool):
            return self.operator == "!="  # for Python True equals 1, for JSON it does not
        try:
            return bool(JSON_OPERATORS[self.operator](value, wanted))
        except TypeError:  # of two types that have no order
            return False


JSON_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    ":": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": lambda value, wanted: False,  # only a string contains a text
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> Any:
    """Return the number that a JSON string has, or the string."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if _is_number(value) else text

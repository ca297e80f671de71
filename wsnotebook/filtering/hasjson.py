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

from wsnotebook.filtering.arrowjson import Keys, Kind
from wsnotebook.filtering.columncompare import COMPARISONS
from wsnotebook.filtering.jsonpayloads import NO_JSON, parsed_payloads
from wsnotebook.filtering.payloads import holding, is_in_most
from wsnotebook.jsonvalues import JsonPattern, values_at
from wsnotebook.log.rows import Array

__all__ = ["JSON_OPERATORS", "HasJson"]

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
        """As in HasText."""
        return f'df["payload"].map(wsnotebook.filtering.payload_test({self.source!r}))'

    def is_met(self, payload: bytes) -> bool:
        """As in HasText."""
        may = all(each in payload for each in self._needles) or b"\\" in payload
        return may and self.met_by(parsed_payloads([payload]))[0]

    def may_be_met(self, data: bytes, offsets: Array) -> Array:
        """Return bool (n): which of some payloads, end to end, need to be read; the others do not meet it."""
        may = np.ones(len(offsets) - 1, bool)
        for needle in self._needles:
            if not is_in_most(data, offsets, needle):  # else it takes longer to look than it saves
                may &= holding(data, offsets, needle)
        if not may.all() and b"\\" in data:
            may |= holding(data, offsets, b"\\")
        return may

    @cached_property
    def keys(self) -> Keys:
        """The keys that the path begins with."""
        return self._steps[0]

    @cached_property
    def kind(self) -> Kind | None:
        """What Arrow has to read at ``keys`` to compare it; None where it cannot."""
        keys, rest = self._steps
        if rest or not keys or not self.operator or not all(map(str.isprintable, keys)):
            return None  # it knows keys that have an encoding
        if self._is_of_numbers:  # it knows numbers as floats; NaN is not smaller
            return "number" if self.operator in COMPARISONS and abs(self.wanted) < _EXACT else None
        if isinstance(self.wanted, str):
            return "text" if _has_encoding(self.wanted) else None
        return "bool" if isinstance(self.wanted, bool) and self.operator in COMPARISONS else None

    def met_by(self, values: list[Any]) -> list[bool]:
        """Return which JSON values of payloads meet it; NO_JSON does not."""
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
    def _needles(self) -> list[bytes]:
        """What a payload without escapes has to contain, to need a parser: the last key of the path, and a text to be equal to."""
        needles = [step for step in reversed(self.path) if isinstance(step, str)][:1]
        if isinstance(self.wanted, str) and JSON_OPERATORS.get(self.operator) is operator.eq:
            needles.append(self.wanted)
        return [json.dumps(each, ensure_ascii=False).encode("utf-8", "surrogatepass") for each in needles]

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


def _has_encoding(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which an escape in JSON can name
        return False
    return True

"""Conditions on a payload: a text in it, a regular expression, a value in its JSON.

They read bytes, so a filter asks them only about the rows that its conditions on columns leave.
"""

from __future__ import annotations

import json
import operator
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, Protocol

import numpy as np

from wsnotebook.filtering.jsonpayloads import NO_JSON, parsed_payloads
from wsnotebook.jsonvalues import JsonPattern, values_at
from wsnotebook.log.rows import Array, Rows

__all__ = ["JSON_OPERATORS", "HasJson", "HasMatch", "HasText", "PayloadCondition"]


class PayloadCondition(Protocol):
    """A condition on the payload of a row."""

    @property
    def line(self) -> str:
        """The pandas expression of ``df`` that is true for the same rows."""

    def is_met(self, payload: bytes) -> bool:
        """Return whether one payload meets it."""

    def fits(self, rows: Rows, places: Array) -> Array:
        """Return bool (len(places)): which of these rows of a run meet it."""


class _OneByOne:
    """The condition is asked about each payload by itself."""

    def is_met(self, payload: bytes) -> bool:
        """As in PayloadCondition."""
        raise NotImplementedError

    def fits(self, rows: Rows, places: Array) -> Array:
        """As in PayloadCondition."""
        return np.fromiter(map(self.is_met, _payloads(rows, places)), bool, len(places))


def _payloads(rows: Rows, places: Array) -> list[bytes]:
    """Return the payloads of some rows of a run."""
    starts, ends = rows.offsets[places], rows.offsets[places + 1]
    low, high = int(starts[0]), int(ends[-1])
    data = bytes(memoryview(rows.payload)[low:high])  # slices of bytes are quicker
    return [
        data[start:end] for start, end in zip((starts - low).tolist(), (ends - low).tolist(), strict=True)
    ]


@dataclass(frozen=True)
class HasText(_OneByOne):
    """The payload contains a text, as UTF-8; ASCII letters match in either case."""

    text: bytes
    """In lower case."""

    @property
    def line(self) -> str:
        """As in PayloadCondition."""
        return f'df["payload"].map(lambda payload: {self.text!r} in payload.lower())'

    def is_met(self, payload: bytes) -> bool:
        """As in PayloadCondition."""
        return self.text in payload.lower()

    def fits(self, rows: Rows, places: Array) -> Array:
        """As in PayloadCondition; where most rows are asked about, by one search through all payloads end to end."""
        if 2 * len(places) < len(rows):
            return super().fits(rows, places)
        low, high = int(rows.offsets[0]), int(rows.offsets[-1])
        data = bytes(memoryview(rows.payload)[low:high]).lower()
        ends = (rows.offsets - low).tolist()
        holds = np.zeros(len(rows), bool)
        found: list[int] = []
        at, place = data.find(self.text), 0
        while at >= 0:
            place = bisect_right(ends, at, place) - 1
            end = ends[place + 1]
            if at + len(self.text) <= end:  # otherwise the match lies across two payloads
                found.append(place)
            at = data.find(self.text, end)
        holds[found] = True
        return holds[places]


@dataclass(frozen=True)
class HasMatch(_OneByOne):
    """A regular expression matches somewhere in the payload, read as UTF-8."""

    pattern: re.Pattern[str]

    @property
    def line(self) -> str:
        """As in PayloadCondition."""
        flags = " | ".join(f"re.{letter}" for letter in "IMS" if self.pattern.flags & re.RegexFlag[letter])
        shown = f"{self.pattern.pattern!r}, payload.decode('utf-8', 'replace')" + (
            f", {flags}" if flags else ""
        )
        return f'df["payload"].map(lambda payload: re.search({shown}) is not None)'

    def is_met(self, payload: bytes) -> bool:
        """As in PayloadCondition."""
        return self.pattern.search(payload.decode("utf-8", "replace")) is not None


@dataclass(frozen=True)
class HasJson(_OneByOne):
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
        payloads = _payloads(rows, places)
        key = self._key
        if b"".join(payloads).count(key) >= len(payloads):  # as if each has it: quicker than to ask each
            return np.array(self._meet(parsed_payloads(payloads)), bool)
        fits = np.array([key in payload or b"\\" in payload for payload in payloads], bool)
        asked = [payloads[place] for place in np.flatnonzero(fits).tolist()]
        fits[fits] = self._meet(parsed_payloads(asked))
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
    def _steps(self) -> tuple[JsonPattern, JsonPattern]:
        """The keys that the path begins with, which lead to one value and are quick to follow, and the other steps."""
        keys = tuple(takewhile(lambda step: isinstance(step, str), self.path))
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

"""Pattern: how a message is compared with what is expected, for sessions, scripts and the lab alike.

Pure values. Waiting for a message is session/, the notation of a script is script/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from types import EllipsisType
from typing import Any, TypeAlias

from wsnotebook.safetext import safe_text

__all__ = [
    "Capture",
    "Comparison",
    "Exactly",
    "Message",
    "Pattern",
    "WrittenNumber",
    "is_regular_expression",
    "shown",
]

Message: TypeAlias = str | bytes
"""A whole message: str for text, bytes for binary."""

_SHOWN = 200  # characters of a message or a value in a sentence
_NAMED = 5  # differences in a sentence; one message can have thousands


@dataclass(frozen=True, slots=True)
class Capture:
    """A place in a JSON pattern where any value matches and is kept under a name."""

    name: str
    """A name that occurs twice has to have the same value; ``_`` is not kept and matches anything."""


class WrittenNumber(float):
    """A number of a JSON text that knows how it is written: ``1.10`` is 1.1, and ``1e400`` infinite.

    Args:
        text: as it is written.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


@dataclass(frozen=True, slots=True)
class Exactly:
    """A pattern that only an equal message matches."""

    message: Message


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of comparing one message with a pattern; true where it matches."""

    differences: tuple[str, ...] = ()
    """One phrase for each difference, at most five; for JSON with the path: ``$.price is 4, expected 3``."""
    is_other_kind: bool = False
    """The message is a text where a binary is expected, or the reverse, or no JSON."""
    captures: dict[str, Any] = field(default_factory=dict)
    """Values of named groups and of Captures, by name; only of a match. None for a group that took no part. Of numbers in
    JSON those that Python would write otherwise are WrittenNumbers."""

    def __bool__(self) -> bool:
        return not self.differences

    @property
    def distance(self) -> tuple[bool, int]:
        """How far the message is from the pattern, to find the nearest of several."""
        return self.is_other_kind, len(self.differences)


class Pattern:
    """What a message is expected to be.

    Args:
        what: one of

            * a str: a text message that contains it; between slashes, ``"/^[0-9]+$/"``, a regular expression that is
              found in the text (a str that itself has slashes at both ends is written as one: ``"/^/topic/$/"``)
            * bytes: a binary message that contains them
            * a compiled regular expression, found in a text (of str) or a binary message (of bytes)
            * a dict or list: JSON in which every given key has the given value, nested; other keys are ignored. A list
              has the same length, and its elements are compared one by one in this way. Numbers are equal by value
              (1 and 1.0), true is not 1, and ``...`` stands for any value
            * an Exactly, for an equal message
            * ``str``, ``bytes``, or ``...``: any text, any binary, any message
            * a function of the message that returns whether it matches
        json: compared with the JSON of the message as a dict or list is, but of any type; ``...`` for no comparison.

    Raises:
        ValueError: the regular expression between slashes is wrong.
        TypeError: ``what`` is none of these.
    """

    __slots__ = ("_compare", "_json", "_what")

    def __init__(self, what: Any = ..., *, json: Any = ...) -> None:
        self._what = _regular_expression(what) if isinstance(what, str) else what
        self._json = json
        compare = next((compare for kind, compare in _COMPARE if isinstance(self._what, kind)), None)
        if compare is None:
            if not callable(what):
                raise TypeError(
                    f"{what!r} cannot be compared with a message: use a str, bytes, a regular expression, "
                    "a dict or list for JSON, or a function"
                )
            compare = _asked
        self._compare: Callable[[Any, Message], Comparison] = compare

    def compare(self, message: Message) -> Comparison:
        """Compare one message; what a function raises is propagated."""
        found = self._compare(self._what, message)
        if not found or self._json is ...:
            return found
        inner = _json(self._json, message)
        return replace(inner, captures=found.captures | inner.captures)

    def __str__(self) -> str:
        if self._json is ...:
            return _named(self._what)
        shown_json = f"JSON with {shown(self._json)}"
        return shown_json if self._what is ... else f"{_named(self._what)} and {shown_json}"


def shown(value: object) -> str:
    """Return a message or a value for a sentence: its repr, cut after 200 characters."""
    text = safe_text(repr(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"


def is_regular_expression(text: str) -> bool:
    """Return whether a text is a regular expression between slashes."""
    return len(text) > 2 and text.startswith("/") and text.endswith("/")


def _regular_expression(text: str) -> str | re.Pattern[str]:
    if not is_regular_expression(text):
        return text
    try:
        return re.compile(text[1:-1])
    except re.error as error:
        raise ValueError(
            f"{shown(text)} is no regular expression: {error}. A text between slashes is one: put a backslash before "
            "each character that is meant as it stands, or leave the slashes away."
        ) from error


def _named(what: Any) -> str:
    if isinstance(what, re.Pattern):
        return f"/{safe_text(str(what.pattern))}/"
    if what is ...:
        return "any message"
    if isinstance(what, Exactly):
        return f"exactly {shown(what.message)}"
    return getattr(what, "__qualname__", None) or shown(what)


def _any(what: object, message: Message) -> Comparison:
    return Comparison()


def _of_type(what: type, message: Message) -> Comparison:
    return Comparison() if isinstance(message, what) else _other_kind(message)


def _contains(what: Message, message: Message) -> Comparison:
    if type(what) is not type(message):
        return _other_kind(message)
    return _unless(what in message, f"{shown(what)} is not in it")  # type: ignore[operator]  # both have one type


def _exactly(what: Exactly, message: Message) -> Comparison:
    expected = what.message
    if type(expected) is not type(message):
        return _other_kind(message)
    if expected == message:
        return Comparison()
    unit = "character" if isinstance(message, str) else "byte"
    pairs = enumerate(zip(expected, message, strict=False), 1)
    place = next((number for number, (one, other) in pairs if one != other), None)
    if place is None:
        return Comparison((f"it has {len(message)} {unit}s, expected {len(expected)}",))
    came, wanted = (shown(each[place - 1 :][:20]) for each in (message, expected))
    return Comparison((f"from {unit} {place} on it is {came}, expected {wanted}",))


def _search(what: re.Pattern[Any], message: Message) -> Comparison:
    if type(what.pattern) is not type(message):
        return _other_kind(message)
    found = what.search(message)
    if found is None:
        return Comparison((f"{_named(what)} is not found in it",))
    return Comparison(captures=found.groupdict())


def _asked(what: Callable[[Message], object], message: Message) -> Comparison:
    return _unless(bool(what(message)), f"{_named(what)} refuses it")


def _other_kind(message: Message) -> Comparison:
    return Comparison((f"it is {_KIND[type(message)]}",), is_other_kind=True)


def _unless(is_match: bool, difference: str) -> Comparison:
    return Comparison(() if is_match else (difference,))


def _json(what: Any, message: Message) -> Comparison:
    try:
        value = json.loads(message)
    except (ValueError, RecursionError) as error:
        return Comparison((f"it is no JSON: {error}",), is_other_kind=True)
    captures: dict[str, Any] = {}
    found = tuple(islice(_differences(what, value, "$", captures), _NAMED))
    if captures and not found:  # read again, as most messages that are compared do not match
        value = json.loads(message, parse_float=WrittenNumber, parse_int=_read_int)
        captures = {}
        found = tuple(_differences(what, value, "$", captures))
    return Comparison(found, captures={} if found else captures)


def _read_int(text: str) -> int | WrittenNumber:
    return WrittenNumber(text) if text == "-0" else int(text)


def _differences(what: Any, value: Any, path: str, captures: dict[str, Any]) -> Iterator[str]:
    if isinstance(what, Capture):
        if what.name != "_" and not _equal(captures.setdefault(what.name, value), value):
            yield f"{path} is {_written(value)}, but {{{what.name}}} is {_written(captures[what.name])}"
    elif isinstance(what, dict):
        if not isinstance(value, dict):
            yield f"{path} is {_written(value)}, expected an object"
            return
        for key, inner in what.items():
            if key in value:
                yield from _differences(inner, value[key], _below(path, key), captures)
            else:
                yield f"{_below(path, key)} is missing"
    elif isinstance(what, (list, tuple)):
        if not isinstance(value, list):
            yield f"{path} is {_written(value)}, expected a list"
            return
        if len(what) != len(value):
            yield f"{path} has {len(value)} elements, expected {len(what)}"
        for number, (inner, element) in enumerate(zip(what, value, strict=False)):
            yield from _differences(inner, element, f"{path}[{number}]", captures)
    elif what is not ... and not _equal(what, value):
        yield f"{path} is {_written(value)}, expected {_written(what)}"


def _equal(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; for Python True equals 1, for JSON it does not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _below(path: str, key: object) -> str:
    text = str(key)
    return f"{path}.{text}" if text.isidentifier() else f"{path}[{json.dumps(text)}]"


def _written(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return shown(value)
    text = safe_text(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_KIND = {str: "a text", bytes: "a binary"}

_COMPARE: tuple[tuple[Any, Callable[[Any, Message], Comparison]], ...] = (
    (EllipsisType, _any),
    (type, _of_type),
    (re.Pattern, _search),
    (Exactly, _exactly),
    ((str, bytes), _contains),
    ((dict, list), _json),
)
"""How a message is compared with each type of ``what``; everything else is called."""

"""JSON text by its values: where each stands, so that one is read or replaced and every other byte stays.

Also paths of values: ``$.payload.id``, ``params[0]``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any, NamedTuple, TypeAlias

__all__ = [
    "SHALLOW",
    "JsonPath",
    "JsonPattern",
    "JsonValue",
    "fits",
    "is_shallow",
    "json_or_none",
    "json_text",
    "json_values",
    "parse_keys",
    "parse_path",
    "parse_single_path",
    "replace_spans",
    "value_at",
    "values_at",
    "written_path",
]

JsonPath: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the outermost value to one in it."""
JsonPattern: TypeAlias = tuple[str | int | None, ...]
"""A path in which None stands for every key or index."""

SHALLOW = 500
"""Objects and arrays in one another that each parser can follow; Python ends at a thousand, less what calls it."""

_STEP = re.compile(
    r"""\.(?P<key>[^\s.\[\]"*]+) | \[(?P<index>\d+)\] | \[(?P<string>"(?:[^"\\]|\\.)*")\] | \.(?P<every>\*) | \[(?P<each>\*)\]""",
    re.VERBOSE,
)
_HOLDER = {str: dict, int: list}
"""Type of the value that a step of each type leads into."""
_SPACE = re.compile(r"[ \t\n\r]*")
_WHITE = (" ", "\t", "\n", "\r")
_KEY = re.compile(r"""("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\n\r]*:[ \t\n\r]*""")
_ASKED = 8  # objects and arrays in one another that are parsed once more each, to know where they end
_DEEPEST = 1000  # objects and arrays in one another; each is a step of every path in it
_scan = json.JSONDecoder().raw_decode


class JsonValue(NamedTuple):
    """One value in a JSON text."""

    path: JsonPath
    start: int
    """Where it begins in the text."""
    end: int
    """Where the text goes on after it."""
    value: Any
    """The value; None for an object and an array, whose values follow as items of their own."""
    key: tuple[int, int] | None = None
    """Where its key begins and ends, of a value in an object."""

    def is_container(self, text: str) -> bool:
        """Tell whether it is an object or an array of ``text``."""
        return text[self.start] in "{["


Enter: TypeAlias = Callable[[JsonPath, int, int], bool]
"""Asked of an object or array, by its path and where it begins and ends, whether what is in it is read too."""


class _Open(NamedTuple):
    """An object or array whose end is not read yet."""

    place: int
    """Of its JsonValue."""
    start: int
    path: JsonPath
    key: tuple[int, int] | None
    counts: Iterator[int] | None
    """Numbers of its elements; None for an object."""

    def item(self, text: str, at: int) -> tuple[int, JsonPath, tuple[int, int] | None]:
        """Return where the value of the item at ``at`` begins, its path, and where its key stands."""
        if self.counts is not None:
            return at, (*self.path, next(self.counts)), None
        found = _KEY.match(text, at)
        assert found is not None  # it was parsed before
        step = found[1]
        return found.end(), (*self.path, _scan(step)[0] if "\\" in step else step[1:-1]), found.span(1)


def json_values(text: str, enter: Enter | None = None) -> list[JsonValue]:
    """Return every value of a JSON text, an object or array before what is in it.

    Args:
        text: the text.
        enter: leaves out what is in an object or array for which it returns False. It is asked of those in the outermost
            one, but not of those deep in others: there it is quicker to read all.

    Raises:
        ValueError: the text is not JSON, or nested deeper than the interpreter's recursion limit, or 1000.
    """
    at = _parsed(text)
    found: list[JsonValue] = []
    parents: list[_Open] = []
    path: JsonPath = ()
    key = None
    while True:
        opening = text[at]
        if opening not in "{[":
            value, end = _scan(text, at)
            found.append(JsonValue(path, at, end, value, key))
        elif enter and 0 < len(parents) < _ASKED and not enter(path, at, end := _scan(text, at)[1]):
            found.append(JsonValue(path, at, end, None, key))
        else:
            parents.append(_Open(len(found), at, path, key, count() if opening == "[" else None))
            if len(parents) > _DEEPEST:
                raise ValueError("the JSON is nested too deep")
            found.append(JsonValue(path, at, at, None, key))  # until its end is known
            end = at + 1
            if text[(at := _skip(text, end))] not in "}]":
                at, path, key = parents[-1].item(text, at)
                continue
        while parents and text[(at := _skip(text, end))] != ",":
            place, *_ = parent = parents.pop()
            end = at + 1
            found[place] = JsonValue(parent.path, parent.start, end, None, parent.key)
        if not parents:
            return found
        at, path, key = parents[-1].item(text, _skip(text, at + 1))


def _parsed(text: str) -> int:
    """Return where the value of a JSON text begins, which is JSON as a whole, so that nothing else has to check it."""
    start = _skip(text, 0)
    try:
        end = _skip(text, _scan(text, start)[1])
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    if end < len(text):
        raise ValueError(f"characters follow the JSON value, from {end} on")
    return start


def _skip(text: str, at: int) -> int:
    """Return the place of the next character that is no white space."""
    if not text.startswith(_WHITE, at):
        return at
    found = _SPACE.match(text, at)
    return found.end() if found else at


def replace_spans(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """Return the text with parts of it replaced.

    Args:
        text: such as what values were read from.
        changes: where each part begins and ends, in order and apart, and what to write in its place.
    """
    parts: list[str] = []
    at = 0
    for start, end, written in changes:
        parts += (text[at:start], written)
        at = end
    return "".join((*parts, text[at:]))


def json_text(value: Any) -> str:
    """Return a value as JSON without spaces; characters are escaped only where one of them has no UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which an escape in JSON can name
        return json.dumps(value, separators=(",", ":"))
    return text


def parse_path(text: str) -> JsonPattern:
    """Return the path that a text such as ``"id"``, ``"$.payload.id"`` or ``"$.params[0]"`` names.

    ``*`` stands for every key, ``[*]`` for every element.

    Raises:
        ValueError: it is no path.
    """
    is_short = bool(text) and text[0] not in "$["  # "id" is "$.id"
    written, steps = f"$.{text}" if is_short else text, []
    at = int(written[:1] == "$")
    while at < len(written):
        found = _STEP.match(written, at)
        if found is None:
            raise ValueError(f"{text!r} is no path in JSON: write 'id', '$.payload.id' or '$.params[0].id'")
        at = found.end()
        if found["string"] is not None:
            steps.append(json.loads(found["string"]))
        else:
            steps.append(int(found["index"]) if found["index"] is not None else found["key"])
    if not steps:
        raise ValueError(f"{text!r} names no value: write 'id', '$.payload.id' or '$.params[0].id'")
    return tuple(steps)


def parse_single_path(text: str) -> JsonPath:
    """Return the path that a text names, as parse_path; it names one value.

    Raises:
        ValueError: it is no path, or has a star.
    """
    steps = tuple(step for step in parse_path(text) if step is not None)
    if len(steps) < len(parse_path(text)):
        raise ValueError(f"{text!r} names many values: write the path of one, without *")
    return steps


def parse_keys(text: str) -> tuple[str, ...]:
    """Return the keys that a text such as ``"data.trade"`` names, one in the object of the other; no index is among them.

    Raises:
        ValueError: it is no path, or has an index or a star.
    """
    keys = tuple(step for step in parse_single_path(text) if isinstance(step, str))
    if len(keys) < len(parse_path(text)):
        raise ValueError(
            f"{text!r} names one element of an array: leave out its index, all elements are meant"
        )
    return keys


def written_path(path: JsonPattern) -> str:
    """Return a path as it is written: ``$.params[0]``."""
    return "$" + "".join(map(_written_step, path))


def _written_step(step: str | int | None) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if step is None:
        return "[*]"
    return f".{step}" if step.isidentifier() else f"[{json.dumps(step)}]"


def fits(path: JsonPath, pattern: JsonPattern) -> bool:
    """Tell whether a path is one that a pattern names."""
    if len(path) != len(pattern):
        return False
    for step, wanted in zip(path, pattern, strict=True):
        if wanted is not None and (wanted != step or type(wanted) is not type(step)):
            return False
    return True


def is_shallow(text: bytes) -> bool:
    """Tell of a JSON text whether it cannot nest deeper than each parser can follow; one with many brackets is not asked."""
    return len(text) <= SHALLOW or text.count(b"{") + text.count(b"[") <= SHALLOW


def json_or_none(message: str | bytes) -> Any:
    """Return a message that is JSON as its value; None for another one, and for one nested too deep to be read."""
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def value_at(value: Any, path: JsonPath) -> Any:
    """Return what is at a path in a JSON value.

    Raises:
        LookupError: nothing is there.
    """
    for step in path:
        if type(value) is not _HOLDER[type(step)]:
            raise LookupError(f"nothing is at {written_path(path)}")
        value = value[step]
    return value


def values_at(value: Any, pattern: JsonPattern) -> Iterator[Any]:
    """Yield what is in a JSON value at the paths that a pattern names; nothing where there is none."""
    if not pattern:
        yield value
        return
    step, rest = pattern[0], pattern[1:]
    if step is None:
        children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        for child in children:
            yield from values_at(child, rest)
    elif isinstance(step, str):
        if isinstance(value, dict) and step in value:
            yield from values_at(value[step], rest)
    elif isinstance(value, list) and step < len(value):
        yield from values_at(value[step], rest)

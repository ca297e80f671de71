"""Two JSON values compared: the paths at which they differ, but for those that are ignored."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

__all__ = ["ABSENT", "Difference", "canonical", "differences", "is_ignored", "parsed"]

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent"})()
"""Stands in a Difference for a value that one side does not have."""
_SURE = 17  # characters of a number with a point and at most 15 digits, which a float has as they are written


class Difference(NamedTuple):
    """One value that differs."""

    path: str
    """Where it is: ``data.items[0].price``, ``data[""]`` for a key without letters; empty for the whole."""
    before: Any
    after: Any


def parsed(message: str | bytes) -> Any:
    """Return the JSON value of a text, or the object or array of bytes, or the message itself.

    A number that no float is, such as 1e400, is a Decimal.
    """
    if isinstance(message, str) or message.lstrip()[:1] in (b"{", b"["):
        try:
            return json.loads(message, parse_float=_number)
        except (ValueError, RecursionError):
            pass
    return message


def canonical(value: Any, ignore: Collection[tuple[str, ...]]) -> Any:
    """Return what two messages have in common if nothing differs that is not ignored; it can be a key of a dict."""
    return _canonical(value, (), ignore)


def differences(before: Any, after: Any, ignore: Collection[tuple[str, ...]] = ()) -> Iterator[Difference]:
    """Yield what differs between two values, in the order of the first."""
    yield from _differences(before, after, (), "", ignore)


def is_ignored(keys: tuple[str, ...], ignore: Collection[tuple[str, ...]]) -> bool:
    """Return whether a path ends with the keys of one that is ignored."""
    return any(keys[-len(end) :] == end for end in ignore)


def _number(text: str) -> float | Decimal:
    number = float(text)
    if len(text) < _SURE and "e" not in text.lower():
        return number
    try:
        exact = Decimal(text)
    except InvalidOperation:  # its exponent has more than 18 digits
        return number
    return number if exact == Decimal(repr(number)) else exact


def _canonical(value: Any, keys: tuple[str, ...], ignore: Collection[tuple[str, ...]]) -> Any:
    if isinstance(value, dict):
        return frozenset(
            (key, _canonical(inner, (*keys, key), ignore))
            for key, inner in value.items()
            if not is_ignored((*keys, key), ignore)
        )
    if isinstance(value, list):
        return tuple(_canonical(inner, keys, ignore) for inner in value)
    return _exact(value)


def _exact(value: Any) -> Any:
    """Return what equals the same number in another notation, NaN that is NaN too, and no boolean."""
    if type(value) is float:
        if math.isnan(value):
            return (float, "nan")
        return Decimal(repr(value)) if value.is_integer() else value  # 1e30 has other digits as int
    return (bool, value) if type(value) is bool else value


def _differences(
    before: Any, after: Any, keys: tuple[str, ...], path: str, ignore: Collection[tuple[str, ...]]
) -> Iterator[Difference]:
    if is_ignored(keys, ignore):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            step = (f"{path}.{key}" if path else key) if key else f'{path}[""]'
            yield from _differences(
                before.get(key, ABSENT), after.get(key, ABSENT), (*keys, key), step, ignore
            )
    elif isinstance(before, list) and isinstance(after, list):
        for place in range(max(len(before), len(after))):
            one, other = (each[place] if place < len(each) else ABSENT for each in (before, after))
            yield from _differences(one, other, keys, f"{path}[{place}]", ignore)
    elif _exact(before) != _exact(after):
        yield Difference(path, before, after)

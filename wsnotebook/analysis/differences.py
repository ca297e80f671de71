"""Two JSON values compared: the paths at which they differ, but for those that are ignored."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

__all__ = ["ABSENT", "Difference", "canonical", "differences", "is_ignored", "parsed"]

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent"})()
"""Stands in a Difference for a value that one side does not have."""


class Difference(NamedTuple):
    """One value that differs."""

    path: str
    """Where it is: ``data.items[0].price``, ``data[""]`` for a key without letters; empty for the whole."""
    before: Any
    after: Any


def parsed(text: str | bytes) -> Any:
    """Return the JSON value of a message, or the message itself."""
    if isinstance(text, str):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    return text


def canonical(value: Any, ignore: Collection[tuple[str, ...]]) -> Any:
    """Return what two messages have in common if nothing differs that is not ignored; it can be a key of a dict."""
    if isinstance(value, (dict, list)):
        return json.dumps(_without(value, (), ignore), sort_keys=True)
    return (type(value).__name__, value)


def differences(before: Any, after: Any, ignore: Collection[tuple[str, ...]] = ()) -> Iterator[Difference]:
    """Yield what differs between two values, in the order of the first."""
    yield from _differences(before, after, (), "", ignore)


def is_ignored(keys: tuple[str, ...], ignore: Collection[tuple[str, ...]]) -> bool:
    """Return whether a path ends with the keys of one that is ignored."""
    return any(keys[-len(end) :] == end for end in ignore)


def _without(value: Any, keys: tuple[str, ...], ignore: Collection[tuple[str, ...]]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(inner, (*keys, key), ignore)
            for key, inner in value.items()
            if not is_ignored((*keys, key), ignore)
        }
    return [_without(inner, keys, ignore) for inner in value] if isinstance(value, list) else value


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
    elif isinstance(before, bool) is not isinstance(after, bool) or before != after:
        yield Difference(path, before, after)

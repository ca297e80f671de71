"""The key of JSON messages whose value is their type: ``type``, ``event``, ``method``, …."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.jsoncolumns import Path, column_of, values_of
from wsnotebook.analysis.jsontable import Parts
from wsnotebook.analysis.versions import is_text

__all__ = ["discriminator", "event_names", "labels", "named_type", "types_of"]

_NAMES = (
    "type", "msg_type", "messageType", "message_type", "event", "event_type", "e", "op", "method", "action", "kind",
    "cmd", "command", "topic", "channel", "stream", "t", "T",
)  # fmt: skip
"""Keys that services use, the most certain first."""
_EVENT_NAMES = ("event", "target")
"""Keys of decoded messages whose value is the name that the application gives to one of a general kind: an event of
Socket.IO, a method of a hub of SignalR."""
_LONGEST = 100  # characters of a type; a longer text is what the message says
_MOST = 200  # types of a service; a key with more values is an identifier


def discriminator(parts: Mapping[Path, Parts], rows: int) -> str | None:
    """Return the name of the key that says the type of a message, or None where no key is like that.

    It is a key of the object itself, or of its ``header``, with few different strings: one of the known names, the
    first that half of the objects have, or else the one that most objects have; other keys need one that repeats.
    """
    found: dict[str, tuple[int, int]] = {}
    for path, cells in parts.items():
        if len(path) == 1 or path[:-1] == ("header",):
            values: pd.Series[Any] = pd.Series(column_of(cells, rows)).dropna()
            if len(values) and is_text(values):
                found[".".join(path)] = (len(values), values.nunique())
    known = {name: found[name] for name in (*_NAMES, *(f"header.{name}" for name in _NAMES)) if name in found}
    few = {name: counts for name, counts in known.items() if counts[1] <= _MOST}
    for name, (count, _) in few.items():
        if 2 * count >= rows:
            return name
    if few:
        return max(few, key=lambda name: few[name][0])
    repeated = {
        name: counts for name, counts in found.items() if 2 * counts[1] <= counts[0] and counts[1] <= _MOST
    }
    return max(repeated, key=lambda name: repeated[name][0], default=None)


def event_names(value: Mapping[Any, Any]) -> Iterator[str]:
    """Yield the names that the application has given to a decoded message."""
    return (value[key] for key in _EVENT_NAMES if isinstance(value.get(key), str))


def types_of(
    parts: Mapping[Path, Parts], rows: int, key: str | None, kind: str | None
) -> tuple[str | None, NDArray[np.object_]]:
    """Return the key that says the type of each object, and the types.

    Args:
        parts: the values by path.
        rows: number of objects.
        key: name of the key, dotted; None looks for it.
        kind: the key in which a decoder has put the kind, if one has. An object that the application has named has its
            name as its type then, and the others have their kind.

    Raises:
        ValueError: no object has ``key``; the message names keys that there are.
    """
    if key is not None or kind is None:
        key = key or discriminator(parts, rows)
        return key, labels(parts, rows, key)
    types = labels(parts, rows, kind)
    keys = [name for name in _EVENT_NAMES if (name,) in parts]
    for name in keys:
        names = labels(parts, rows, name)
        types = np.where(names == _OTHER, types, names)
    return next(iter(keys), kind), types


def named_type(value: Mapping[Any, Any]) -> str | None:
    """Return the type that one object names by itself: the text of the first known key that it has, or of its ``header``."""
    for holder in (value, value.get("header")):
        if isinstance(holder, Mapping):
            for name in _NAMES:
                found = holder.get(name)
                if isinstance(found, str) and len(found) <= _LONGEST:
                    return found
    return None


def labels(parts: Mapping[Path, Parts], rows: int, key: str | None) -> NDArray[np.object_]:
    """Return the value of a key of each object as a text, ``(other)`` where it has none.

    Args:
        parts: the values by path.
        rows: number of objects.
        key: name of the key, dotted; with None all are ``(other)``.

    Raises:
        ValueError: no object has the key; the message names keys that there are.
    """
    found: Any = next((cells for path, cells in parts.items() if ".".join(path) == key), None)
    if found is None:
        if key is not None and rows:
            names = ", ".join(sorted(".".join(path) for path in parts)[:20])
            raise ValueError(f"no message has the key {key!r}: give one of {names}")
        return np.full(rows, _OTHER, object)
    values = values_of(found, rows).astype(object)
    return values.where(values.notna(), _OTHER).map(str).to_numpy(object)


_OTHER = "(other)"

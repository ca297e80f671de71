"""Rewriter: puts values into recorded requests: those of a caller, and those that live replies have in place of recorded ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from wsnotebook.jsonvalues import (
    JsonPath,
    JsonPattern,
    fits,
    json_text,
    json_values,
    parse_path,
    replace_spans,
)
from wsnotebook.matching import Message

__all__ = ["Rewrite", "Rewriter"]

Rewrite: TypeAlias = Mapping[str, Any] | bool | None
"""What is rewritten; see replay()."""

_Put: TypeAlias = Callable[[str, Any], str | None]
"""Returns the JSON to write in the place of a value, given its JSON and the value; None where it stays."""


class Rewriter:
    """Rewrites requests, and learns from replies.

    Args:
        rewrite: see replay().

    Raises:
        ValueError: a path is none.
        TypeError: ``rewrite`` is neither a mapping nor a bool, or a value cannot be written as JSON.
    """

    def __init__(self, rewrite: Rewrite = None) -> None:
        if not isinstance(rewrite, (Mapping, bool, type(None))):
            raise TypeError(f"rewrite is a dict of paths, True or None, not {rewrite!r}")
        self._learned: dict[tuple[JsonPattern | None, str], str] = {}
        """JSON of a live value, by the path in replies and the JSON of the recorded one; None is every path."""
        self._sources: list[JsonPattern | None] = [None] if rewrite is True else []
        self._targets: list[tuple[JsonPattern | None, _Put]] = []
        for path, value in rewrite.items() if isinstance(rewrite, Mapping) else ():
            self._targets.append((parse_path(path), self._putting(value)))
        if rewrite is True:
            self._targets.append((None, self._putting_learned(None)))

    def _putting(self, value: Any) -> _Put:
        if callable(value):
            return lambda raw, recorded: json_text(value(recorded))
        if isinstance(value, str) and value.startswith("$."):
            source = parse_path(value)
            self._sources.append(source)
            return self._putting_learned(source)
        fixed = json_text(value)
        return lambda raw, recorded: fixed

    def _putting_learned(self, source: JsonPattern | None) -> _Put:
        return lambda raw, recorded: self._learned.get((source, raw))

    def covers(self, path: JsonPath) -> bool:
        """Tell whether what is at a path of a request is given by the caller or by replies."""
        return any(pattern is not None and fits(path, pattern) for pattern, _ in self._targets)

    def learn(self, recorded: Message, live: Message) -> None:
        """Note the values of a reply: recorded, and live."""
        if not self._sources:
            return
        texts = _text(recorded), _text(live)
        new = {path: raw for path, raw, _ in _scalars(texts[1])}
        for path, raw, value in _scalars(texts[0]):
            if path not in new:
                continue
            for source in self._sources:
                # True looks at strings only: a number that is equal by chance is everywhere.
                if (isinstance(value, str) and len(value) > 1) if source is None else fits(path, source):
                    self._learned[source, raw] = new[path]

    def rewritten(self, message: Message) -> Message:
        """Return a request with its values replaced; every other byte stays."""
        if not self._targets:
            return message
        text = _text(message)
        try:
            values = json_values(text)
        except ValueError:
            return message
        changes: list[tuple[int, int, str]] = []
        done = 0  # values before are within one that was replaced
        for each in values:
            raw = text[each.start : each.end]
            put = next((put for pattern, put in self._targets if _is_at(each.path, pattern)), None)
            new = put(raw, json.loads(raw)) if put and each.start >= done else None
            if new is not None and new != raw:
                changes.append((each.start, each.end, new))
                done = each.end
        new_text = replace_spans(text, changes)
        return new_text if isinstance(message, str) else new_text.encode() if changes else message


def _is_at(path: JsonPath, pattern: JsonPattern | None) -> bool:
    return pattern is None or fits(path, pattern)


def _scalars(text: str) -> Iterator[tuple[JsonPath, str, Any]]:
    """Yield path, JSON text and value of each scalar; none if the text is not JSON."""
    try:
        values = json_values(text)
    except ValueError:
        return
    for each in values:
        if not each.is_container(text):
            yield each.path, text[each.start : each.end], each.value


def _text(message: Message) -> str:
    return message if isinstance(message, str) else message.decode("utf-8", "replace")

"""Replies: which recorded replies the next request waits for, and which of them have come.

Pure values; replay.py feeds it. A reply belongs to the request whose id it has, else to the last request before it. A request of
the server, as in JSON-RPC, has an id of its own, which is a new one each time: it is known by its method.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from wsnotebook.jsonvalues import (
    JsonPath,
    fits,
    json_or_none,
    json_values,
    parse_single_path,
    replace_spans,
    value_at,
)
from wsnotebook.matching import Message
from wsnotebook.requestids import can_answer, can_ask, has_own_id, named_request

__all__ = ["Expected", "Match", "Replies"]

Match: TypeAlias = str | Callable[[Any, Any], bool] | None
"""How a live message is known as the reply that was recorded; see replay()."""

_ID: JsonPath = ("id",)  # of JSON-RPC
_EARLY = 1000  # live messages kept of each id that came before the recording had got to them


class Expected(NamedTuple):
    """A recorded message of the peer that belongs to a request."""

    seq: int
    at: float
    """Seconds after the first frame of the session."""
    message: Message
    is_first: bool
    """Whether it is the first reply to its request, which the next request waits for."""


class Replies:
    """Recorded replies that have not come.

    Args:
        match: see replay().

    Raises:
        ValueError: ``match`` is a str that is no path.
    """

    def __init__(self, match: Match = None) -> None:
        self._is_same = match if callable(match) else None
        self._path = parse_single_path(match if isinstance(match, str) else "id")
        self._live: dict[str, str] = {}  # the id that was sent for each recorded one
        self._asked: dict[str, str] = {}  # the id of a live request of the server for each recorded one
        self._live_ids: set[str | None] = set()
        self._unanswered: set[str | None] = set()  # ids of requests whose first reply was not recorded yet
        self._last: str | None = None  # id of the last request
        self._waiting: dict[str | None, deque[Expected]] = defaultdict(deque)
        self._early: dict[str | None, deque[Message]] = defaultdict(lambda: deque(maxlen=_EARLY))
        self._counts = {True: 0, False: 0}  # replies in _waiting, by is_first

    def key_of(self, message: Message) -> str | None:
        """Return the id of a message as JSON text, so that 1 is not "1"; None where it has none."""
        return None if self._is_same is not None else _text_at(json_or_none(message), self._path)

    def _answered(self, message: Message) -> str | None:
        """Return what joins a recorded message of the server with a live one: the id that it answers, or what it asks for."""
        if self._is_same is not None:
            return None
        parsed = json_or_none(message)
        if has_own_id(parsed) and "id" in parsed:
            return f"asks for {parsed['method']}"
        return _text_at(parsed, self._path) if can_answer(parsed) else None

    def live_names(self, recorded: Message, rewritten: Message) -> Message:
        """Return a message to send in which the ids of other requests, as in a cancel or an answer, are those of this time.

        Args:
            recorded: the recorded message.
            rewritten: the same as it would be sent; what was rewritten in it stays.
        """
        parsed = json_or_none(recorded)
        if self._is_same is not None:
            return rewritten
        path, own = named_request(parsed), self.key_of(recorded)
        old, now = _text_at(parsed, path), _text_at(json_or_none(rewritten), path)
        if not can_ask(parsed):  # its id is that of the server, whatever a caller makes of those of requests
            path, old, now = _ID, _text_at(parsed, _ID), _text_at(json_or_none(rewritten), _ID)
            new = self._asked.get(old or "", old)
        else:
            new = self.key_of(rewritten) if old == own else self._live.get(old or "")
            new = new if now == old else None
        if new is None or new == now:
            return rewritten
        text = rewritten if isinstance(rewritten, str) else rewritten.decode()
        changes = [(each.start, each.end, new) for each in json_values(text) if fits(each.path, path or ())]
        changed = replace_spans(text, changes)
        return changed if isinstance(rewritten, str) else changed.encode()

    def sent(self, recorded: Message, live: Message) -> None:
        """Note a request: as it was recorded, and as it was sent."""
        if not can_ask(json_or_none(recorded)):
            return
        self._last = self.key_of(recorded)
        self._unanswered.add(self._last)
        if self._last is not None:
            self._live[self._last] = self.key_of(live) or self._last
            self._live_ids.add(self._live[self._last])

    def expect(self, seq: int, at: float, recorded: Message) -> Message | None:
        """Note that the recording has a message of the peer here.

        Returns:
            The live message, if it came before.
        """
        key = self._answered(recorded)
        if key is not None and key.startswith("asks"):
            return self._expect(Expected(seq, at, recorded, True), key)
        if key not in self._live:
            key = None
            if self._last is not None:
                return None  # sent unasked, between a request with an id and its reply
        expected = Expected(seq, at, recorded, key in self._unanswered or key is None)
        self._unanswered.discard(key)
        return self._expect(expected, None if key is None else self._live[key])

    def _expect(self, expected: Expected, live: str | None) -> Message | None:
        early = self._early[live]
        found = next((each for each in early if self._fits(expected, each)), None)
        if found is None:
            self._waiting[live].append(expected)
            self._counts[expected.is_first] += 1
        else:
            early.remove(found)
            self._learn_id(expected.message, found)
        return found

    def _learn_id(self, recorded: Message, live: Message) -> None:
        """Note the id of a live request of the server."""
        parsed = json_or_none(recorded)
        if has_own_id(parsed):
            self._asked[_text_at(parsed, _ID) or ""] = _text_at(json_or_none(live), _ID) or ""

    def came(self, message: Message) -> Expected | None:
        """Return the recorded reply that a live message is; None for another message, or one that is early."""
        live = self._answered(message)
        if live not in self._live_ids and not (live or "").startswith("asks"):
            live = None
        waiting = self._waiting[live]
        found = next((each for each in waiting if self._fits(each, message)), None)
        if found is None:
            self._early[live].append(message)
        else:
            waiting.remove(found)
            self._learn_id(found.message, message)
            self._counts[found.is_first] -= 1
        return found

    def are_missing(self, *, first: bool) -> bool:
        """Return whether replies have not come: first ones, or any."""
        return self._counts[True] > 0 or (not first and self._counts[False] > 0)

    def last_at(self, *, first: bool) -> float:
        """Return the recorded time of the last of the replies that are missing."""
        waiting = (each for waiting in self._waiting.values() for each in waiting)
        return max(each.at for each in waiting if each.is_first or not first)

    def give_up(self, *, first: bool) -> list[Expected]:
        """Forget the replies that have not come, only first ones or all, and return them in the order of the recording."""
        given_up: list[Expected] = []
        for live, waiting in self._waiting.items():
            given_up += (each for each in waiting if each.is_first or not first)
            self._waiting[live] = deque(each for each in waiting if first and not each.is_first)
        self._counts = {True: 0, False: self._counts[False] if first else 0}
        return sorted(given_up, key=lambda each: each.seq)

    def _fits(self, expected: Expected, message: Message) -> bool:
        return self._is_same is None or bool(self._is_same(expected.message, message))


def _text_at(parsed: Any, path: JsonPath | None) -> str | None:
    """Return what is at a path as JSON text; None where nothing is."""
    try:
        return None if path is None else json.dumps(value_at(parsed, path), sort_keys=True)
    except (LookupError, RecursionError):
        return None

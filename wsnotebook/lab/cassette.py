"""Cassette: a recorded conversation as requests of a client, each with the frames that answered it.

Pure values: which recorded request a received message is, and what its id makes of the replies. playback.py sends them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from wsnotebook.jsonvalues import JsonPath, fits, json_values, parse_single_path, replace_spans, value_at
from wsnotebook.lab.recordedrows import RecordedMessage, RecordedRow, recorded_messages
from wsnotebook.matching import Message, Pattern, shown
from wsnotebook.redaction import MARK
from wsnotebook.wire.frames import Opcode

__all__ = ["Cassette", "Exchange", "Matching", "Sameness"]

Sameness: TypeAlias = Literal["equal", "any"] | Callable[[Any, Any], bool]
"""When a received message is a recorded request; see playback()."""


@dataclass(frozen=True, slots=True)
class Matching:
    """How requests and replies are told apart."""

    same: Sameness = "equal"
    key: JsonPath | None = None
    """Path of the id that a request and its replies share; None where order alone joins them."""
    is_rewritten: bool = False
    """Whether the client's id is any, and is put into the replies."""
    is_unordered: bool = False
    """Whether requests may come in any order."""
    ignored: Pattern | None = None
    """Messages of the client that are no requests, such as heartbeats."""

    @classmethod
    def of(
        cls, same: Sameness | None, key: str | None, *, rewrite: bool, unordered: bool, ignore: Any = None
    ) -> Matching | None:
        """Return it for the arguments of playback(); None where they ask for playing by the clock.

        Raises:
            ValueError: ``rewrite`` without ``key``, a key that is no path, or a wrong regular expression.
            TypeError: ``ignore`` cannot be compared with a message.
        """
        if rewrite and key is None:
            raise ValueError("rewrite=True puts the client's id into the replies: name it, key='id'")
        if same is None and key is None and not unordered and ignore is None:
            return None
        path = None if key is None else parse_single_path(key)
        ignored = None if ignore is None else Pattern(ignore)
        return cls(same or "equal", path, rewrite, unordered, ignored)

    def is_ignored(self, message: Message) -> bool:
        """Return whether a message of the client is no request."""
        return self.ignored is not None and bool(self.ignored.compare(message))

    def key_of(self, message: Message) -> str | None:
        """Return the id in a message as JSON text, so that 1 is not "1"; None where it has none."""
        if self.key is None:
            return None
        try:
            return json.dumps(value_at(json.loads(message), self.key), sort_keys=True)
        except (ValueError, LookupError, RecursionError):
            return None

    def is_same(self, recorded: Message, received: Message) -> bool:
        """Return whether a received message is the recorded one, but for the id if that is rewritten."""
        if callable(self.same):
            return bool(self.same(recorded, received))
        if self.same == "any" or recorded == received:
            return True
        if type(recorded) is not type(received):
            return False
        try:
            one, other = json.loads(recorded), json.loads(received)
        except (ValueError, RecursionError):
            return isinstance(recorded, str) and _is_redacted(recorded, received)
        return _is_equal(one, other, self.key if self.is_rewritten else None)

    def rewritten(self, message: Message, recorded: str, received: str) -> Message:
        """Return a reply with the id of the received request in place of the recorded one; every other byte stays."""
        if self.key is None or recorded == received or self.key_of(message) != recorded:
            return message
        text = message if isinstance(message, str) else message.decode()
        ids = [each for each in json_values(text) if fits(each.path, self.key)]
        new = replace_spans(text, [(each.start, each.end, received) for each in ids])
        return new if isinstance(message, str) else new.encode()


@dataclass(slots=True)
class Exchange:
    """One recorded request, and the frames of the server that belong to it."""

    request: RecordedMessage | None
    """None for the frames before the first request."""
    key: str | None = None
    """Id of the request."""
    replies: list[RecordedMessage] = field(default_factory=list)

    @property
    def begin(self) -> float:
        """Seconds from the first row of the session to the request."""
        return 0.0 if self.request is None else self.request.at

    def __str__(self) -> str:
        assert self.request is not None
        return f"request {shown(self.request.message)} at {self.request.at:g} s"


class Cassette:
    """A recorded conversation.

    Args:
        rows: its frames.
        server: direction of the frames that the server sent.
        matching: how requests and replies are told apart.
    """

    def __init__(self, rows: Iterable[RecordedRow], server: str, matching: Matching) -> None:
        self.matching = matching
        self.opening = Exchange(None)
        """What the server sends before any request."""
        self.exchanges: list[Exchange] = []
        """In the order of their requests."""
        self.ending: RecordedMessage | None = None
        """The server's close frame, if it was the first to close."""
        by_key: dict[str, Exchange] = {}
        for each in recorded_messages(rows):
            is_close = each.rows[0].opcode == Opcode.CLOSE
            if each.rows[0].direction == server:
                if is_close:
                    self.ending = each
                    break
                self._owner(each, by_key).replies.append(each)
            elif is_close:
                break
            elif each.is_data and not matching.is_ignored(each.message):
                exchange = Exchange(each, matching.key_of(each.message))
                self.exchanges.append(exchange)
                if exchange.key is not None:
                    by_key[exchange.key] = exchange

    def _owner(self, reply: RecordedMessage, by_key: dict[str, Exchange]) -> Exchange:
        """Return the exchange of a frame of the server: that of its id, or the last."""
        key = self.matching.key_of(reply.message) if reply.is_data else None
        last = self.exchanges[-1] if self.exchanges else self.opening
        return last if key is None else by_key.get(key, last)


def _is_equal(recorded: Any, received: Any, ignored: JsonPath | None) -> bool:
    """Return whether two JSON values are equal, but for what is at a path; true is not 1, and a mark is any text."""
    if ignored == ():
        return True
    if isinstance(recorded, dict) and isinstance(received, dict):
        return recorded.keys() == received.keys() and all(
            _is_equal(recorded[key], received[key], _below(ignored, key)) for key in recorded
        )
    if isinstance(recorded, list) and isinstance(received, list):
        return len(recorded) == len(received) and all(
            _is_equal(one, other, _below(ignored, place))
            for place, (one, other) in enumerate(zip(recorded, received, strict=True))
        )
    if isinstance(recorded, str) and isinstance(received, str):
        return recorded == received or _is_redacted(recorded, received)
    return isinstance(recorded, bool) == isinstance(received, bool) and bool(recorded == received)


def _below(path: JsonPath | None, step: str | int) -> JsonPath | None:
    """Return the rest of a path that goes through a step; None if it does not."""
    return path[1:] if path and fits((step,), path[:1]) else None


def _is_redacted(recorded: str, received: Any) -> bool:
    """Return whether a text with marks in the place of secrets is the received one, whatever those are."""
    first, *others = MARK.split(recorded)
    if not others or not isinstance(received, str) or not received.startswith(first):
        return False
    at = len(first)
    for part in others[:-1]:  # each as early as it comes: an expression of .* would try all places of all
        found = received.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(received) - at >= len(others[-1]) and received.endswith(others[-1])

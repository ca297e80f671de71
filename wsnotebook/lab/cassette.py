"""Cassette: a recorded conversation as requests of a client, each with the frames that answered it.

Pure values: which recorded request a received message is, and what its id makes of the replies. playback.py sends them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from wsnotebook.jsonvalues import (
    JsonPath,
    fits,
    json_or_none,
    json_values,
    parse_single_path,
    replace_spans,
    value_at,
)
from wsnotebook.lab.recordedrows import RecordedMessage, RecordedRow, recorded_messages
from wsnotebook.matching import Message, Pattern, shown
from wsnotebook.redaction import MARK
from wsnotebook.requestids import can_answer, can_ask, ended_request, has_own_id, named_request, tokens
from wsnotebook.wire.frames import Opcode

__all__ = ["Cassette", "Exchange", "Matching", "Sameness"]

Sameness: TypeAlias = Literal["equal", "any"] | Callable[[Any, Any], bool]
"""When a received message is a recorded request; see playback()."""

_NONE: Mapping[str, str] = {}


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
        """Return the id of a request of the client as JSON text, so that 1 is not "1"; None where it has none."""
        parsed = json_or_none(message)
        return self._key_in(parsed) if can_ask(parsed) else None

    def answered_key(self, message: Message) -> str | None:
        """Return the id of the request that a message of the server answers, as JSON text; None where it has none."""
        parsed = json_or_none(message)
        answers = filter(can_answer, parsed if _is_batch(parsed) else [parsed])
        return next((key for key in map(self._key_in, answers) if key is not None), None)

    def tokens_of(self, message: Message) -> Mapping[JsonPath, str]:
        """Return the tokens that a request gives for its progress, as JSON text, by their paths."""
        parsed = json_or_none(message) if self.key is not None else None
        return {path: _text_at(parsed, path) for path in tokens(parsed)}

    def ended_key(self, message: Message) -> str | None:
        """Return the id of the request that a message of the client cancels, as JSON text; None without one."""
        parsed = json_or_none(message) if self.key is not None else None
        path = ended_request(parsed)
        return None if path is None else _text_at(parsed, path)

    def server_id(self, message: Message, *, is_answer: bool) -> str | None:
        """Return the id of a request that the server of JSON-RPC makes, or of its answer, as JSON text; None of other messages."""
        parsed = json_or_none(message)
        is_one = not can_ask(parsed) if is_answer else has_own_id(parsed)
        if self.key is None or not is_one or not isinstance(parsed, dict) or "id" not in parsed:
            return None
        return _text_at(parsed, ("id",))

    def named_token(self, message: Message) -> str | None:
        """Return the token or the id by which a message names an earlier request, as JSON text; None without one."""
        parsed = json_or_none(message) if self.key is not None else None
        path = named_request(parsed)
        return None if path is None else _text_at(parsed, path)

    def _key_in(self, parsed: Any) -> str | None:
        try:
            return None if self.key is None else _text_at(parsed, self.key)
        except LookupError:
            return None

    def is_same(self, recorded: Message, received: Message, names: Mapping[str, str] = _NONE) -> bool:
        """Return whether a received message is the recorded one, but for ids and tokens if these are rewritten.

        Args:
            recorded: the recorded message.
            received: the message of the client.
            names: the client's ids and tokens by the recorded ones, for a message that names an earlier request.
        """
        if callable(self.same):
            return bool(self.same(recorded, received))
        if self.same == "any" or (recorded == received and not names):
            return True
        if type(recorded) is not type(received):
            return False
        one, other = json_or_none(recorded), json_or_none(received)
        if one is None or other is None:
            return recorded == received or (isinstance(recorded, str) and _is_redacted(recorded, received))
        if not self.is_rewritten or self.key is None:
            return _is_equal(one, other, ())
        left_out = (*tokens(one), *((self.key,) if can_ask(one) else ()))
        named = named_request(one)
        if named is None:
            return _is_equal(one, other, left_out)
        name = _text_at(one, named)
        is_named = named == named_request(other) and names.get(name, name) == _text_at(other, named)
        return is_named and _is_equal(one, other, (*left_out, named))

    def rewritten(self, message: Message, names: Mapping[str, str]) -> Message:
        """Return a message of the server with the client's ids and tokens in the place of the recorded ones.

        Every other byte stays, and the id of a request that the server makes.
        """
        parsed = json_or_none(message)
        if parsed is None:
            return message
        paths = list(self._paths_of_names(parsed))
        if _is_batch(parsed):
            paths += (
                (place, *path) for place, item in enumerate(parsed) for path in self._paths_of_names(item)
            )
        text = message if isinstance(message, str) else message.decode()
        changes = [
            (each.start, each.end, names[raw])
            for each in (json_values(text) if paths else ())
            if any(fits(each.path, path) for path in paths)
            and (raw := json.dumps(each.value, sort_keys=True)) in names
            and names[raw] != raw
        ]
        new = replace_spans(text, changes)
        return new if isinstance(message, str) else new.encode()

    def _paths_of_names(self, parsed: Any) -> Iterator[JsonPath]:
        """Yield where a message of the server has an id, or a token, of the client."""
        named = named_request(parsed)
        if named is not None:
            yield named
        if self.key is not None and not has_own_id(parsed):
            yield self.key


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
        owners = _Owners(matching, self.opening)
        for each in recorded_messages(rows):
            is_close = each.rows[0].opcode == Opcode.CLOSE
            if each.rows[0].direction == server:
                if is_close:
                    self.ending = each
                    break
                owners.owner(each).replies.append(each)
            elif is_close:
                break
            elif each.is_data and not each.is_cut and not matching.is_ignored(each.message):
                exchange = Exchange(each, matching.key_of(each.message))
                self.exchanges.append(exchange)
                owners.add(exchange, each.message)


class _Owners:
    """Which exchange the next frames of the server belong to.

    Args:
        matching: how requests and replies are told apart.
        last: the exchange before any request.
    """

    def __init__(self, matching: Matching, last: Exchange) -> None:
        self._matching = matching
        self._last = last
        self._by_key: dict[str, Exchange] = {}
        self._by_token: dict[str, Exchange] = {}
        self._asked: dict[str, Exchange] = {}  # to which a request of the server belongs, by its id

    def add(self, exchange: Exchange, request: Message) -> None:
        """Note a message of the client: what comes after a cancel, or an answer to the server, belongs to that."""
        self._last = exchange
        ended = self._matching.ended_key(request)
        answered = self._asked.get(self._matching.server_id(request, is_answer=True) or "")
        answered_key = None if answered is None else answered.key
        for key in (exchange.key, ended if ended in self._by_key else None, answered_key):
            if key is not None:
                self._by_key[key] = exchange
        self._by_token |= dict.fromkeys(self._matching.tokens_of(request).values(), exchange)

    def owner(self, reply: RecordedMessage) -> Exchange:
        """Return the exchange of a frame of the server: that of its id or its token, or the last."""
        if not reply.is_data:
            return self._last
        key = self._matching.answered_key(reply.message)
        if key is not None:
            return self._by_key.get(key, self._last)
        asking = self._matching.server_id(reply.message, is_answer=False)
        if asking is not None:
            self._asked[asking] = self._last
        return self._by_token.get(self._matching.named_token(reply.message) or "", self._last)


def _is_batch(parsed: Any) -> bool:
    """Return whether a message is several in an array, as JSON-RPC and Home Assistant send them."""
    return isinstance(parsed, list) and all(isinstance(each, dict) for each in parsed)


def _text_at(parsed: Any, path: JsonPath) -> str:
    """Return what is at a path as JSON text.

    Raises:
        LookupError: nothing is there.
    """
    return json.dumps(value_at(parsed, path), sort_keys=True)


def _is_equal(recorded: Any, received: Any, ignored: tuple[JsonPath, ...]) -> bool:
    """Return whether two JSON values are equal, but for what is at some paths; true is not 1, and a mark is any text."""
    if () in ignored:
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


def _below(paths: tuple[JsonPath, ...], step: str | int) -> tuple[JsonPath, ...]:
    """Return the rest of each path that goes through a step."""
    return tuple(path[1:] for path in paths if path and fits((step,), path[:1]))


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

"""What ids in JSON messages mean: which message answers a request, and where a message names one by its id or its token.

Of JSON-RPC with the Language Server Protocol and the Model Context Protocol, of Phoenix, and of Home Assistant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wsnotebook.jsonvalues import JsonPath, value_at

__all__ = ["can_answer", "can_ask", "ended_request", "has_own_id", "named_request", "tokens"]

_TOKENS: tuple[JsonPath, ...] = (
    ("params", "workDoneToken"),
    ("params", "partialResultToken"),
    ("params", "_meta", "progressToken"),
)
"""Where a request of JSON-RPC gives a token, by which progress names it."""

_NAMED: Mapping[str, JsonPath] = {
    "$/cancelRequest": ("params", "id"),
    "$/progress": ("params", "token"),
    "notifications/cancelled": ("params", "requestId"),
    "notifications/progress": ("params", "progressToken"),
    "unsubscribe_events": ("subscription",),
}
"""Where a message names an earlier request of the same connection, by its method or type."""

_ENDING = {"$/cancelRequest", "notifications/cancelled", "unsubscribe_events"}
"""Those that end it."""

_PHOENIX = {"topic", "event", "payload", "ref"}
"""Keys of a message of Phoenix in its first form; in the second it is an array of five."""


def can_ask(message: Any) -> bool:
    """Tell whether the id in a message, parsed, may be that of a request: not in a result or an error of JSON-RPC."""
    return not (isinstance(message, dict) and "jsonrpc" in message and "method" not in message)


def can_answer(message: Any) -> bool:
    """Tell whether a message with the id of a request, parsed, may be a reply to it.

    A request of the other side of JSON-RPC has an id of that side. Phoenix answers by ``phx_reply``, and what it pushes when a
    channel ends, such as ``phx_close``, has the ``ref`` of the join.
    """
    event = _phoenix_event(message)
    return not has_own_id(message) if event is None else bool(event == "phx_reply")


def has_own_id(message: Any) -> bool:
    """Tell whether the id of a message, parsed, is one that its sender has made: in a request of JSON-RPC."""
    return isinstance(message, dict) and "jsonrpc" in message and "method" in message


def tokens(message: Any) -> Iterator[JsonPath]:
    """Yield the paths of the tokens that a request, parsed, gives for its progress."""
    if isinstance(message, dict) and "jsonrpc" in message and "id" in message:
        yield from (path for path in _TOKENS if _has(message, path))


def named_request(message: Any) -> JsonPath | None:
    """Return the path at which a message, parsed, has the id or the token of an earlier request; None without one."""
    if isinstance(message, list):
        path: JsonPath | None = (0,) if _phoenix_event(message) is not None else None
    elif _phoenix_event(message) is not None:
        path = ("join_ref",)
    elif isinstance(message, dict):
        path = _NAMED.get(_word(message))
    else:
        path = None
    return path if path is not None and _has(message, path) else None


def ended_request(message: Any) -> JsonPath | None:
    """Return the path at which a message, parsed, has the id of the earlier request that it cancels; None without one."""
    return named_request(message) if isinstance(message, dict) and _word(message) in _ENDING else None


def _word(message: Mapping[str, Any]) -> str:
    """Return the method or the type of a message."""
    word = message.get("method", message.get("type"))
    return word if isinstance(word, str) else ""


def _phoenix_event(message: Any) -> Any:
    """Return the event of a message of Phoenix; None of another one."""
    if isinstance(message, list):
        return (
            message[3] if len(message) == 5 and all(isinstance(each, str) for each in message[2:4]) else None
        )
    return message["event"] if isinstance(message, dict) and message.keys() >= _PHOENIX else None


def _has(message: Any, path: JsonPath) -> bool:
    """Tell whether a text or a number is at a path."""
    try:
        found = value_at(message, path)
    except LookupError:
        return False
    return isinstance(found, (str, int)) and not isinstance(found, bool)

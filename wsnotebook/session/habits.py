"""Habits: names of other libraries, and forgotten awaits, each with the line to write instead."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Set
from typing import ClassVar, NoReturn, ParamSpec, TypeVar

__all__ = ["CONNECT", "KEYWORDS", "SESSION", "Habits", "explain_keywords"]

P = ParamSpec("P")
T = TypeVar("T")

_RECEIVE = "message = await session.receive()"
_SEND = "await session.send(text_or_bytes)"
_JSON = "value = await session.receive_deserialized()"
_FOR = "async for message in session:"

SESSION = {
    "recv": _RECEIVE,
    "receive_str": _RECEIVE,
    "receive_bytes": _RECEIVE,
    "recv_data": _RECEIVE,
    "read_message": _RECEIVE,
    "read": _RECEIVE,
    "receive_json": _JSON,
    "recv_json": _JSON,
    "recv_streaming": "async for frame in session.incoming:  # of connect(url, raw=True)",
    "messages": _FOR,
    "run_forever": _FOR,
    "send_str": _SEND,
    "send_text": _SEND,
    "send_bytes": _SEND,
    "send_binary": _SEND,
    "write_message": _SEND,
    "write": _SEND,
    "drain": "await session.flush()",
    "pong": "await session.send(Frame.pong(data))",
    "closed": 'session.state == "closed"',
    "open": 'session.state == "open"',
    "connected": 'session.state == "open"',
    "close_code": "session.close_reason_now.code",
    "wait_closed": "await session.close_reason",
    "abort": "session.terminate()",
    "request": "session.call.request",
    "response": "session.call.response",
    "request_headers": "session.call.request.headers",
    "response_headers": "session.call.response.headers",
    "local_address": "session.call.local_address",
    "remote_address": "session.call.remote_address",
    "settimeout": "message = await session.receive(timeout=seconds)",
    "__iter__": _FOR,
    "__enter__": "async with connect(url) as session:",
}
"""Name → line to write instead, of an open session."""

_WITH = "async with connect(url) as session:"
CONNECT = dict.fromkeys(
    ("send", "receive", "recv", "incoming", "outgoing", "close", "df", "log", "state", "ping"),
    "session = await connect(url), and then use session",
) | {"__iter__": _WITH, "__enter__": _WITH}
"""The same of a connect() that was not awaited."""

KEYWORDS = {
    "extra_headers": 'headers={"Name": "value"}',
    "additional_headers": 'headers={"Name": "value"}',
    "header": 'headers={"Name": "value"}',
    "user_agent_header": 'user_agent="name"',
    "timeout": "open_timeout=seconds, and await session.receive(timeout=seconds)",
    "receive_timeout": "await session.receive(timeout=seconds)",
    "heartbeat": "ping_interval=seconds",
    "protocols": 'subprotocols=["name"]',
    "max_size": "max_frame_size=bytes",
    "max_msg_size": "max_frame_size=bytes",
    "max_queue": "channels=Channels(incoming=bounded(frames))",
    "compress": 'compression="deflate"',
    "ssl_context": "ssl=context",
    "sslopt": "ssl=context",
    "autoping": "answers_pings=False",
    "autoclose": "raw=True",
    "on_message": "async for message in session:",
}
"""Keyword of other libraries → what connect() takes instead."""


class Habits:
    """Answers a name of another library with the line to write instead.

    Each name is a descriptor of the class and not a case of ``__getattr__``, which makes every other look-up slower: a
    third of a microsecond for each message.

    Args:
        lines: of the class that inherits: name → line.
    """

    _habits: ClassVar[dict[str, str]]

    def __init_subclass__(cls, lines: dict[str, str] | None = None) -> None:
        super().__init_subclass__()
        if lines is None:
            return
        cls._habits = lines
        for name in lines:
            if not name.startswith("__"):
                setattr(cls, name, _Habit(name))

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in self._habits]

    def __iter__(self) -> NoReturn:
        _refuse(type(self), "__iter__", TypeError)

    def __enter__(self) -> NoReturn:
        _refuse(type(self), "__enter__", TypeError)

    def __exit__(self, *error: object) -> None:
        """Python looks for it before it calls __enter__."""


class _Habit:
    """An attribute that is not there, and says what is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Habits | None, owner: type[Habits]) -> NoReturn:
        _refuse(owner, self._name, AttributeError)


def _refuse(owner: type[Habits], name: str, kind: type[Exception]) -> NoReturn:
    shown = {"__iter__": "for", "__enter__": "with"}.get(name, f".{name}")
    raise kind(f"{owner.__name__!r} object has no {shown}: write {owner._habits[name]}")


def explain_keywords(function: Callable[P, T]) -> Callable[P, T]:
    """Let a keyword that connect() does not take raise a TypeError that names the one it does."""
    ours = inspect.signature(function).parameters.keys() - {"self"}

    @functools.wraps(function)
    def checked(*arguments: P.args, **keywords: P.kwargs) -> T:
        if not keywords.keys() <= ours:
            raise TypeError(_explain(next(name for name in keywords if name not in ours), ours))
        return function(*arguments, **keywords)

    return checked


def _explain(name: str, ours: Set[str]) -> str:
    """Return the sentence about a keyword that connect() does not take."""
    if name in KEYWORDS:
        return f"connect() has no {name}=: write {KEYWORDS[name]}"
    import difflib  # only for who has mistyped: every import of connect() would load it

    near = difflib.get_close_matches(name, ours, n=1)
    remedy = f"did you mean {near[0]}=?" if near else "connect? lists what it takes"
    return f"connect() has no {name}=: {remedy}"

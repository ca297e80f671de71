"""Engine.IO and Socket.IO in it: a digit for the type of packet, JSON, and binary attachments in the messages after it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from wsnotebook.analysis.decoders.decoder import Payload, Record

__all__ = ["EngineIo", "SocketIo", "looks_like_socketio"]

_ENGINE = ("open", "close", "ping", "pong", "message", "upgrade", "noop")
_SOCKET = ("CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK")
_BINARY = ("BINARY_EVENT", "BINARY_ACK")
_EVENTS = ("EVENT", "BINARY_EVENT")
_HEAD = re.compile(
    r"4(?P<type>[0-6])(?:(?P<attachments>\d{1,4})-)?(?:(?P<namespace>/[^,]*),?)?(?P<id>\d{1,16})?"
)


_BINARY_TYPE = b"\x04"
"""The type of a packet stands before the bytes of an attachment in Engine.IO 3, that of Socket.IO 2, and only there."""
_UNKNOWN = (
    "each attachment begins with the byte 4, as those of Socket.IO 2, and nothing before it tells the version: "
    "decode('socketio2') drops that byte, decode('socketio4') keeps it"
)


class EngineIo:
    """What is known of a connection: its version of Engine.IO, and which side is the server.

    Args:
        version: 3 or 4; None to learn it from who pings, and what a CONNECT has.
    """

    def __init__(self, version: int | None = None) -> None:
        self.version = version
        self._side: object = None  # of which the next is told
        self._is_server: bool | None = None

    @classmethod
    def of_url(cls, url: str) -> EngineIo:
        """Return what the URL of a connection tells: its version, if anything."""
        found = _VERSION.search(url)
        return cls(int(found[1]) if found else None)

    def tell(self, side: object, is_server: bool) -> None:
        """Note which side a direction is, and so the other one."""
        self._side, self._is_server = side, is_server

    def is_server(self, side: object) -> bool | None:
        """Return whether a direction is that of the server; None as long as neither is known."""
        return None if self._is_server is None else (side is self._side) is self._is_server


_VERSION = re.compile(r"[?&]EIO=([34])(?!\w)")


class SocketIo:
    """One direction of a connection; called with each message.

    Args:
        engine: what is known of the connection, shared by both directions.
    """

    def __init__(self, engine: EngineIo | None = None) -> None:
        self._engine = engine or EngineIo()
        self._side = object()
        self._has_begun = False
        self._waiting: Record | None = None
        self._wanted = 0
        self._attachments: list[bytes] = []
        self._span = 0  # messages since the packet that waits, with its own

    def __call__(self, payload: Payload) -> Iterator[Record]:
        self._span += 1
        if isinstance(payload, str):
            if payload[:1] not in ("2", "3"):  # heartbeats may come between attachments
                yield from self.end()
            yield from self._read_text(payload)
            return
        if self._waiting is None:
            raise ValueError("a binary message that no packet announced")
        self._attachments.append(payload)
        if len(self._attachments) == self._wanted:
            yield self._whole()

    def end(self) -> Iterator[Record]:
        """Yield an error for a packet whose attachments did not all come."""
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            error = f"{len(self._attachments)} of {self._wanted} attachments came"
            yield Record(waiting.kind, waiting.value, error, self._span)

    def _read_text(self, text: str) -> list[Record]:
        if not text or text[0] not in "0123456":
            raise ValueError("no type of Engine.IO packet stands at the beginning")
        kind = _ENGINE[int(text[0])]
        if self._engine.version is None:
            self._learn(kind, text[1:])
        self._has_begun = True
        if kind != "message":
            return [Record(kind, json.loads(text[1:]) if kind == "open" else text[1:])]
        head = _HEAD.match(text)
        if head is None:
            raise ValueError("no type of Socket.IO packet stands at the beginning")
        kind = _SOCKET[int(head["type"])]
        rest = text[head.end() :]
        data = json.loads(rest) if rest else None
        value = {
            "namespace": head["namespace"] or "/",
            "id": int(head["id"]) if head["id"] else None,
            "data": data,
        }
        if kind in _EVENTS and isinstance(data, list) and isinstance(next(iter(data), None), str):
            value["event"] = data[0]
        record = Record(kind, value)
        if (kind in _BINARY) != (head["attachments"] is not None):
            raise ValueError(f"a {kind} with {head['attachments'] or 'no'} attachments")
        if kind not in _BINARY:
            return [record]
        self._waiting, self._wanted, self._attachments = record, int(head["attachments"]), []
        self._span = 1
        return [self._whole()] if not self._wanted else []

    def _learn(self, kind: str, rest: str) -> None:
        """Learn from a packet which side sends it, and which version that side speaks."""
        is_heartbeat = kind in ("ping", "pong")
        is_server = self._engine.is_server(self._side)
        if kind in ("open", "upgrade") or (is_heartbeat and rest == "probe"):
            self._engine.tell(self._side, kind in ("open", "pong"))
        elif is_heartbeat and is_server is not None:
            self._engine.version = (
                3 if (kind == "ping") is not is_server else 4
            )  # in version 3 the client pings
        elif kind == "message" and rest[:1] == "0":
            self._learn_from_connect(rest[1:])

    def _learn_from_connect(self, rest: str) -> None:
        if not self._has_begun and self._engine.is_server(self._side) is None:
            self._engine.tell(self._side, False)  # the first packet of a server is another one
        is_server = self._engine.is_server(self._side)
        has_namespace = rest.startswith("/")
        has_data = bool(rest.partition(",")[2] if has_namespace else rest)
        # Of version 3 no CONNECT has data, and no client sends one to the main namespace.
        if has_data or (is_server is False and not has_namespace):
            self._engine.version = 4
        elif is_server:
            self._engine.version = 3

    def _whole(self) -> Record:
        """Return the packet with its attachments; with an error where a placeholder names none of them."""
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        try:
            self._strip_types()
            value = waiting.value | {"data": self._filled(waiting.value["data"])}
        except ValueError as error:
            return Record(waiting.kind, waiting.value, str(error), self._span)
        return Record(waiting.kind, value, span=self._span)

    def _strip_types(self) -> None:
        """Remove from the attachments what Engine.IO 3 puts before them."""
        if self._engine.version == 4 or not self._attachments:
            return
        have_type = [each[:1] == _BINARY_TYPE for each in self._attachments]
        if self._engine.version is None:
            if all(have_type):
                raise ValueError(_UNKNOWN)
        elif all(have_type):
            self._attachments = [each[1:] for each in self._attachments]
        else:
            raise ValueError("an attachment does not begin with the byte 4, as those of Socket.IO 2 do")

    def _filled(self, data: Any) -> Any:
        """Return the data with attachments in the place of their placeholders."""
        if isinstance(data, list):
            return [self._filled(each) for each in data]
        if not isinstance(data, dict):
            return data
        if data.get("_placeholder") is True:
            number: Any = data.get("num")
            if number not in range(self._wanted):
                raise ValueError(f"a placeholder names the attachment {number!r} of {self._wanted}")
            return self._attachments[number]
        return {key: self._filled(value) for key, value in data.items()}


def looks_like_socketio(payload: Payload) -> bool:
    """Return whether a message is the first of an Engine.IO server, which has the session's id, a probe, or a packet with data."""
    return isinstance(payload, str) and _FIRST.match(payload) is not None


_FIRST = re.compile(r'0\{"sid":|[23]probe\Z|4[0-6](?:\d*-)?[{\[/]')
"""A probe is the first message of either side where the session began with polling, as that of most clients does."""

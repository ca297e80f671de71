"""Engine.IO 4 and Socket.IO 5 in it: a digit for the type of packet, JSON, and binary attachments in the messages after it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from wsnotebook.analysis.decoders.decoder import Payload, Record

__all__ = ["SocketIo", "looks_like_socketio"]

_ENGINE = ("open", "close", "ping", "pong", "message", "upgrade", "noop")
_SOCKET = ("CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK")
_BINARY = ("BINARY_EVENT", "BINARY_ACK")
_EVENTS = ("EVENT", "BINARY_EVENT")
_HEAD = re.compile(
    r"4(?P<type>[0-6])(?:(?P<attachments>\d{1,4})-)?(?:(?P<namespace>/[^,]*),?)?(?P<id>\d{1,16})?"
)


class SocketIo:
    """One direction of a connection; called with each message."""

    def __init__(self) -> None:
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

    def _whole(self) -> Record:
        """Return the packet with its attachments; with an error where a placeholder names none of them."""
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        try:
            value = waiting.value | {"data": self._filled(waiting.value["data"])}
        except ValueError as error:
            return Record(waiting.kind, waiting.value, str(error), self._span)
        return Record(waiting.kind, value, span=self._span)

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

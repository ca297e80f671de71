"""SignalR: the hub protocols of ASP.NET Core, JSON records that end with U+001E, and MessagePack with their lengths before.

The format is that of HubProtocol.md in the repository of ASP.NET Core.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decode, Payload, Record
from wsnotebook.analysis.decoders.packed import start_msgpack
from wsnotebook.analysis.decoders.rest import Rest

__all__ = ["SignalR", "looks_like_signalr"]

_END = "\x1e"
_HANDSHAKE = "Handshake"
_LENGTH_BYTES = 5
_SHOWN = 40  # characters of a record that was cut
_KINDS = {
    1: "Invocation",
    2: "StreamItem",
    3: "Completion",
    4: "StreamInvocation",
    5: "CancelInvocation",
    6: "Ping",
    7: "Close",
    8: "Ack",
    9: "Sequence",
}
_CALL = ("headers", "invocationId", "target", "arguments", "streamIds")
_FIELDS: dict[int, tuple[str, ...]] = {
    1: _CALL,
    2: ("headers", "invocationId", "item"),
    3: ("headers", "invocationId", "resultKind", "result"),
    4: _CALL,
    5: ("headers", "invocationId"),
    6: (),
    7: ("error", "allowReconnect"),
    8: ("sequenceId",),
    9: ("sequenceId",),
}
"""Fields of each type in MessagePack, after the type."""
_ITEM, _COMPLETION = 2, 3
_ERROR = 1  # the result kind of a completion whose result is an error


class SignalR:
    """One direction of a connection; called with each message."""

    def __init__(self) -> None:
        self._texts: list[str] = []  # of a record that is not whole yet
        self._rest = Rest()
        self._span = 0  # messages in which the rest lies
        self._unpack: Decode | None = None
        self._uploads: dict[str, str] = {}  # invocations by the streams that this side sends to them
        self._is_open = False
        self._problem = ""

    def __call__(self, payload: Payload) -> Iterator[Record]:
        self._span += 1
        records: list[str | bytes] = []
        if (
            isinstance(payload, bytes)
            and not self._is_open
            and payload[:1] == b"{"
            and _END.encode() in payload
        ):
            head, _, payload = payload.partition(_END.encode())
            records.append(head.decode())  # the handshake is JSON whatever follows
        self._is_open = True
        if isinstance(payload, str):
            records += self._records(payload)
        else:
            records += self._frames(payload)
        for record in records:
            yield self._read(record)._replace(span=self._span)
            self._span = 1
        if self._problem:
            yield Record(error=self._problem, span=self._span)
            self._problem = ""
        if not self._texts and not self._rest.size:
            self._span = 0

    def end(self) -> Iterator[Record]:
        """Yield an error for a record that never became whole."""
        rest = "".join(self._texts)[:_SHOWN] or self._rest.head(_SHOWN)
        if rest:
            yield Record(error=f"the last record is cut short: {rest!r}", span=self._span)
        self._texts.clear()
        self._rest.clear()
        self._span = 0

    def _records(self, text: str) -> list[str]:
        """Return the records in JSON that are whole."""
        first, *others = text.split(_END)
        self._texts.append(first)
        if not others:
            return []
        found = ["".join(self._texts), *others[:-1]]
        self._texts = others[-1:] if others[-1] else []
        return found

    def _frames(self, payload: bytes) -> Iterator[bytes]:
        """Yield the binary frames that are whole: each has its length before it, seven bits a byte, the low ones first."""
        data, start = self._rest.add(payload), 0
        if data is None:
            return
        while start < len(data):
            size, at = 0, start
            for at in range(start, min(start + _LENGTH_BYTES, len(data))):
                size |= (data[at] & 0x7F) << 7 * (at - start)
                if data[at] < 0x80:
                    break
            else:
                if at + 1 - start == _LENGTH_BYTES:
                    self._problem = f"a length of more than {_LENGTH_BYTES} bytes"
                    return  # where the next frame begins cannot be known
                self._rest.keep(data[start:], at + 2 - start)
                return
            end = at + 1 + size
            if len(data) < end:
                self._rest.keep(data[start:], end - start)
                return
            yield data[at + 1 : end]
            start = end

    def _read(self, record: str | bytes) -> Record:
        try:
            found = _message(json.loads(record)) if isinstance(record, str) else self._read_packed(record)
            return found._replace(value=self._with_upload(found.value))
        except ValueError as error:
            return Record(error=str(error) or "not a message in MessagePack")

    def _with_upload(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the fields with ``streamOf``, if they are of a stream that is an argument of an invocation: whose id it is.

        Such an item, or the end of it, has the stream in the place of an invocation, and answers none.
        """
        streams, invocation = value.get("streamIds"), value.get("invocationId")
        if isinstance(streams, list) and isinstance(invocation, str):
            self._uploads.update((each, invocation) for each in streams if isinstance(each, str))
        if value.get("type") not in (_ITEM, _COMPLETION) or not isinstance(invocation, str):
            return value
        if invocation not in self._uploads:
            return value
        of = self._uploads[invocation] if value["type"] == _ITEM else self._uploads.pop(invocation)
        return {**value, "streamOf": of}

    def _read_packed(self, frame: bytes) -> Record:
        if self._unpack is None:
            self._unpack = start_msgpack()
        (fields,) = self._unpack(frame)
        number = fields[0] if isinstance(fields, list) and fields else None
        if not isinstance(number, int) or number not in _FIELDS:
            raise ValueError(f"{number!r} is no type of SignalR")
        value = {"type": number} | dict(zip(_FIELDS[number], fields[1:], strict=False))
        if value.get("resultKind") == _ERROR:
            value["error"] = value.pop("result", None)
        return Record(_KINDS[number], value)


def _message(value: Any) -> Record:
    if not isinstance(value, dict):
        raise ValueError("a record is a JSON object")
    number = value.get("type")
    if isinstance(number, int) and number in _KINDS:
        return Record(_KINDS[number], value)
    if "type" not in value and value.keys() <= {"protocol", "version", "error", "minorVersion"}:
        return Record(_HANDSHAKE, value)
    raise ValueError(f"{number!r} is no type of SignalR")


def looks_like_signalr(payload: Payload) -> bool:
    """Return whether a message is whole records of the JSON protocol, or begins with the handshake of either."""
    try:
        if isinstance(payload, bytes):
            head, end, _ = payload.partition(_END.encode())
            return bool(end) and _message(json.loads(head)).kind == _HANDSHAKE
        return payload.endswith(_END) and all(
            _message(json.loads(record)) for record in payload.split(_END)[:-1]
        )
    except (ValueError, RecursionError):
        return False

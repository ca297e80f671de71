"""WAMP 2: arrays that begin with the number of their type; JSON in texts, MessagePack or CBOR in binary messages.

With the subprotocols whose names end with ``.batched`` a message has several: texts end with U+0018 each, others have their
length before them (wamp-proto.org, §Transports).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decode, Payload, Record
from wsnotebook.analysis.decoders.packed import start_cbor, start_msgpack

__all__ = ["Wamp", "looks_like_wamp"]

_ARGUMENTS = " arguments? keywords?"
_TYPES = {
    1: "HELLO realm details",
    2: "WELCOME session details",
    3: "ABORT details reason" + _ARGUMENTS,
    4: "CHALLENGE method extra",
    5: "AUTHENTICATE signature extra",
    6: "GOODBYE details reason",
    8: "ERROR request_type request details error" + _ARGUMENTS,
    16: "PUBLISH request options topic" + _ARGUMENTS,
    17: "PUBLISHED request publication",
    32: "SUBSCRIBE request options topic",
    33: "SUBSCRIBED request subscription",
    34: "UNSUBSCRIBE request subscription",
    35: "UNSUBSCRIBED request details?",
    36: "EVENT subscription publication details" + _ARGUMENTS,
    48: "CALL request options procedure" + _ARGUMENTS,
    49: "CANCEL request options",
    50: "RESULT request details" + _ARGUMENTS,
    64: "REGISTER request options procedure",
    65: "REGISTERED request registration",
    66: "UNREGISTER request registration",
    67: "UNREGISTERED request details?",
    68: "INVOCATION request registration details" + _ARGUMENTS,
    69: "INTERRUPT request options",
    70: "YIELD request options" + _ARGUMENTS,
}
"""Name and fields of each type, in the order of the array; a field with ? may be left out (wamp-proto.org, §Messages)."""
_FORMS: dict[str, tuple[str, tuple[type, ...]]] = {
    **dict.fromkeys(
        ("session", "request_type", "request", "registration", "subscription", "publication"),
        ("a number", (int, float)),  # JavaScript writes a large one as a float in MessagePack
    ),
    "realm": ("a text", (str, type(None))),  # of a client whose realm the router chooses
    **dict.fromkeys(("reason", "error", "topic", "procedure", "method", "signature"), ("a text", (str,))),
    **dict.fromkeys(("details", "options", "extra"), ("a dict", (dict,))),
}
"""What a field is, in words and as types; the arguments of a call may be of any form (§Payload Passthru Mode)."""
_SECRET = "signature"
_FIRST = ("HELLO", "WELCOME", "ABORT", "CHALLENGE")


class Wamp:
    """One direction of a connection; called with each message."""

    def __init__(self) -> None:
        self._unpack: dict[bool, Decode] = {}  # by whether it is CBOR

    def __call__(self, payload: Payload) -> Iterator[Record]:
        if isinstance(payload, str):
            texts = payload.split(_END)
            for text in texts[:-1] if len(texts) > 1 and not texts[-1] else texts:
                yield _message(json.loads(text))
        elif payload[:1] == b"\0":  # no array begins so, but a length does
            yield from map(self._packed, _frames(payload))
        else:
            yield self._packed(payload)

    def _packed(self, data: bytes) -> Record:
        is_cbor = data[:1] in _CBOR_ARRAYS
        if is_cbor not in self._unpack:
            self._unpack[is_cbor] = start_cbor() if is_cbor else start_msgpack()
        values = list(self._unpack[is_cbor](data))
        if len(values) != 1:
            raise ValueError(f"{len(values)} values in the place of one")
        return _message(values[0])


_END = "\x18"
_LENGTH_BYTES = 4
_CBOR_ARRAYS = [bytes((first,)) for first in (*range(0x80, 0x90), 0x98, 0x9F)]
"""First bytes of arrays in CBOR (RFC 8949, §3.1); in MessagePack an array of up to 15 begins with 0x90 to 0x9f.

Of these two 0x98 and 0x9f are arrays of 8 and 15 there, which no message of WAMP is.
"""


def _frames(data: bytes) -> Iterator[bytes]:
    """Yield what has its length before it, the high byte first."""
    at = 0
    while at < len(data):
        stop = at + _LENGTH_BYTES + int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
        if stop > len(data) or at + _LENGTH_BYTES > len(data):
            raise ValueError("the last message is cut short")
        yield data[at + _LENGTH_BYTES : stop]
        at = stop


def _message(value: Any) -> Record:
    if not isinstance(value, list) or not value or type(value[0]) is not int or value[0] not in _TYPES:
        raise ValueError("not an array that begins with the number of a type of WAMP")
    name, *fields = _TYPES[value[0]].split()
    needed = sum(not field.endswith("?") for field in fields)
    if not needed <= len(value) - 1 <= len(fields):
        raise ValueError(f"a {name} has {needed} to {len(fields)} fields, not {len(value) - 1}")
    found = dict(zip((field.removesuffix("?") for field in fields), value[1:], strict=False))
    for field, each in found.items():
        form, types = _FORMS.get(field, ("", ()))
        if types and type(each) not in types:
            raise ValueError(f"{field} of a {name} is {form}, not {type(each).__name__}")
    if _SECRET in found:
        found = found | {_SECRET: None}  # a table is no place for it
    return Record(name, found)


def looks_like_wamp(payload: Payload) -> bool:
    """Return whether a text is one of the first messages of a session."""
    try:
        return isinstance(payload, str) and all(record.kind in _FIRST for record in Wamp()(payload))
    except (ValueError, RecursionError):
        return False

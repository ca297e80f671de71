"""Phoenix channels: arrays of join_ref, ref, topic, event and payload; objects, as of version 1; and bytes in binary messages.

The layouts are those of the serializers in the repository of Phoenix and in its client of npm.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate, pairwise
from typing import Any

from wsnotebook.analysis.decoders.decoder import Payload, Record

__all__ = ["decode_phoenix", "looks_like_phoenix"]

_FIELDS = ("join_ref", "ref", "topic", "event", "payload")
_NEEDED = {"topic", "event", "payload"}  # of version 1, whose clients leave out a ref that they do not have
_BINARY: dict[int, tuple[tuple[str, ...], ...]] = {
    # Client and server both call a message of theirs 0: only the client's has a ref. The server's stands first: a client's
    # read as one would begin with the size of its event, mostly a control character, so that it does not fit.
    0: (("join_ref", "topic", "event"), ("join_ref", "ref", "topic", "event")),
    1: (("join_ref", "ref", "topic", "status"),),
    2: (("topic", "event"),),
}
"""Names whose sizes, a byte each, follow the kind of a binary message; then come they, and the bytes."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Characters of no name in a binary message; spaces and joiners of any script may be in one."""


def decode_phoenix(payload: Payload) -> Record:
    """Decode one message; its kind is the event."""
    value = _binary(payload) if isinstance(payload, bytes) else _text(json.loads(payload))
    return Record(value["event"], value)


def looks_like_phoenix(payload: Payload) -> bool:
    """Return whether it is such a message: the payload is an object or bytes, unlike that of other arrays of five."""
    try:
        found = decode_phoenix(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(found.value["payload"], dict | bytes)


def _text(value: Any) -> dict[str, Any]:
    if isinstance(value, list) and len(value) == len(_FIELDS):
        value = dict(zip(_FIELDS, value, strict=True))
    if not isinstance(value, dict) or not _NEEDED <= value.keys() <= set(_FIELDS):
        raise ValueError("neither an array nor an object of join_ref, ref, topic, event and payload")
    found = {name: value.get(name) for name in _FIELDS}
    _check(found)
    return found


def _binary(data: bytes) -> dict[str, Any]:
    layouts = _BINARY.get(data[0], ()) if data else ()
    found = [fields for names in layouts if (fields := _laid_out(names, data)) is not None]
    if not found:
        raise ValueError("no binary message of Phoenix: a push, a reply or a broadcast")
    # Where both layouts of 0 fit, a number in the place of the ref, as clients count theirs, tells the client's.
    return max(found, key=lambda fields: (fields["ref"] or "").isdecimal())


def _laid_out(names: tuple[str, ...], data: bytes) -> dict[str, Any] | None:
    """Return the fields of a layout; None where the bytes do not fit it."""
    sizes = data[1 : len(names) + 1]
    edges = list(accumulate(sizes, initial=len(names) + 1))
    if len(sizes) < len(names) or edges[-1] > len(data):
        return None
    try:
        texts = [data[start:stop].decode() for start, stop in pairwise(edges)]
        if any(map(_CONTROL.search, texts)):
            return None
        found = _named(dict(zip(names, texts, strict=True)), data[edges[-1] :])
        _check(found)
    except ValueError:
        return None
    return found


def _named(texts: dict[str, str], data: bytes) -> dict[str, Any]:
    """Return the same fields as those of a text."""
    refs = {name: texts.get(name) or None for name in ("join_ref", "ref")}
    if "status" in texts:
        payload = {"status": texts["status"], "response": data}
        return {**refs, "topic": texts["topic"], "event": "phx_reply", "payload": payload}
    return {**refs, "topic": texts["topic"], "event": texts["event"], "payload": data}


def _check(found: dict[str, Any]) -> None:
    """Raise ValueError if refs are no texts, or topic and event are none or empty."""
    refs, names = (found["join_ref"], found["ref"]), (found["topic"], found["event"])
    if not all(each is None or isinstance(each, str) for each in refs):
        raise ValueError("join_ref and ref are texts or null")
    if not all(isinstance(each, str) and each for each in names):
        raise ValueError("topic and event are texts")

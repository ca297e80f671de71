"""JSON messages, also several in one message, one a line (NDJSON); and the protocols that give each object a type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decode, Payload, Record

__all__ = [
    "by_item",
    "decode_json",
    "graphql",
    "homeassistant",
    "is_graphql",
    "is_jsonrpc",
    "jsonrpc",
    "kind_of",
    "looks_like_json",
    "looks_like_login",
    "looks_like_object",
]

_KINDS = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
}
_OF_CONNECTION = frozenset(
    "connection_init connection_ack connection_error connection_terminate ping pong ka".split()
)
_PAYLOADS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("subscribe", "start", "next", "data"), (dict,)),
    "error": (list, dict),
    **dict.fromkeys(("complete", "stop", "start_ack"), (type(None),)),
}
"""What the payload is in each type of message that has the id of an operation."""
_GRAPHQL_TYPES = _OF_CONNECTION | _PAYLOADS.keys()
_TOLD_BY = {"connection_init", "connection_ack"}
_TOLD_BY_PAYLOAD = {"query", "data", "errors"}


def decode_json(payload: Payload) -> Record | Iterator[Record]:
    """Decode one JSON value, or one a line."""
    try:
        value = json.loads(payload)
    except json.JSONDecodeError as error:
        # Not splitlines(): the strings of JSON may have other line ends in them, such as U+2028.
        parts = payload.split("\n") if isinstance(payload, str) else payload.split(b"\n")
        lines = [line for line in parts if line.strip()]
        if error.msg != "Extra data" or len(lines) < 2:
            raise
        return _lines(lines)
    return Record(kind_of(value), value)


def kind_of(value: Any) -> str | None:
    """Return the JSON type of a value; None for what JSON has no type for."""
    return _KINDS.get(type(value))


def _lines(lines: list[Payload]) -> Iterator[Record]:
    for line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Record(error=str(error))
        else:
            yield Record(kind_of(value), value)


def looks_like_json(payload: Payload) -> bool:
    """Return whether a message is a JSON value, or one in each of its lines."""
    try:
        found = decode_json(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, Record) or all(record.error is None for record in found)


def _json_or_none(payload: Payload) -> Any:
    """Return the JSON value of a message, or None if it is not JSON."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def by_item(record: Callable[[Any], Record]) -> Decode:
    """Return the decoder of a protocol whose messages are JSON objects, or arrays of them (batches)."""

    def decode(payload: Payload) -> Iterator[Record]:
        value = json.loads(payload)
        if value == []:
            raise ValueError("the batch is empty")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield record(item)
            else:
                yield Record(error=f"a JSON {kind_of(item)} is no message: an object is expected")

    return decode


def jsonrpc(item: dict[str, Any]) -> Record:
    """Return the message of JSON-RPC 2.0 in an object; its kind is request, notification, result or error."""
    if item.get("jsonrpc") != "2.0":
        return Record(error='not JSON-RPC 2.0: "jsonrpc": "2.0" is missing')
    if isinstance(item.get("method"), str):
        return Record("request" if "id" in item else "notification", item)
    answers = [name for name in ("result", "error") if name in item]
    if len(answers) != 1 or "id" not in item:
        return Record(error="neither a method, nor an id with exactly one of result and error")
    return Record(answers[0], item)


def is_jsonrpc(item: dict[str, Any]) -> bool:
    """Return whether an object is such a message."""
    return jsonrpc(item).error is None


def graphql(item: dict[str, Any]) -> Record:
    """Return the message of graphql-transport-ws, or of the older graphql-ws, in an object; its kind is its type."""
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in _GRAPHQL_TYPES:
        return Record(error=f"{kind!r} is no type of graphql-transport-ws or graphql-ws")
    return Record(kind, item)


def is_graphql(item: dict[str, Any]) -> bool | None:
    """Return whether an object is a message of either; None where it may be: others have types such as ping too."""
    kind, payload = item.get("type"), item.get("payload")
    if not isinstance(kind, str) or not item.keys() <= {"type", "id", "payload"}:
        return False
    if kind in _OF_CONNECTION:
        return False if "id" in item else kind in _TOLD_BY or None
    if not isinstance(item.get("id"), str) or not isinstance(payload, _PAYLOADS.get(kind, ())):
        return False
    return True if isinstance(payload, dict) and payload.keys() & _TOLD_BY_PAYLOAD else None


def homeassistant(item: dict[str, Any]) -> Record:
    """Return the message of Home Assistant in an object, which may stand in an array with others; its kind is its type."""
    kind = item.get("type")
    if not isinstance(kind, str):
        return Record(error=f"{kind!r} is no type of a message of Home Assistant")
    return Record(kind, item)


def looks_like_login(payload: Payload) -> bool:
    """Return whether a message is the one with which a Home Assistant begins."""
    value = _json_or_none(payload)
    return isinstance(value, dict) and value.get("type") == "auth_required" and "ha_version" in value


def looks_like_object(is_one: Callable[[Any], bool | None]) -> Callable[[Payload], bool | None]:
    """Return whether all objects in a message are messages of a protocol; None where none of them tells."""

    def looks(payload: Payload) -> bool | None:
        value = _json_or_none(payload)
        items = value if isinstance(value, list) else [value]
        found = [isinstance(item, dict) and is_one(item) for item in items]
        return bool(found) and False not in found and (True in found or None)

    return looks

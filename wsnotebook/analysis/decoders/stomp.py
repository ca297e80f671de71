"""STOMP 1.2: frames of a command, headers and a body, several in a message; an empty line alone is a heartbeat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wsnotebook.analysis.decoders.decoder import Payload, Record

__all__ = ["decode_stomp", "looks_like_stomp"]

_COMMANDS = frozenset(
    "CONNECT STOMP CONNECTED SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT MESSAGE RECEIPT ERROR".split()
)
_PLAIN = {"CONNECT", "CONNECTED"}
"""Frames whose headers are not escaped, as those of 1.0."""
_ESCAPES = {"\\r": "\r", "\\n": "\n", "\\c": ":", "\\\\": "\\"}


def decode_stomp(payload: Payload) -> Iterator[Record]:
    """Decode the frames of one message; the kind is the command. Bodies are text where they are UTF-8, else bytes."""
    data = payload.encode() if isinstance(payload, str) else payload
    rest = data.lstrip(b"\r\n")
    if not rest:
        yield Record("heartbeat")
    while rest:
        record, rest = _frame(rest)
        yield record
        rest = rest.lstrip(b"\r\n")


def _frame(data: bytes) -> tuple[Record, bytes]:
    end = re.search(rb"\r?\n\r?\n", data)
    if end is None:
        raise ValueError("no empty line ends the headers")
    command, *lines = re.split(r"\r?\n", data[: end.start()].decode())
    if command not in _COMMANDS:
        raise ValueError(f"{command[:40]!r} is no command")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"the header {line[:40]!r} has no colon")
        if command not in _PLAIN:
            name, value = _unescaped(name), _unescaped(value)
        headers.setdefault(name, value)  # the first counts
    if command == "CONNECT":
        headers.pop("passcode", None)  # a secret, which a table is no place for
    size = headers.get("content-length")
    stop = end.end() + int(size) if size is not None else data.find(b"\0", end.end())
    if size is not None and int(size) < 0:
        raise ValueError(f"content-length is {size}")
    if stop < 0 or data[stop : stop + 1] != b"\0":
        raise ValueError("no NUL ends the frame")
    return Record(command, {"headers": headers, "body": _text(data[end.end() : stop])}), data[stop + 1 :]


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        if found[0] not in _ESCAPES:
            raise ValueError(f"{found[0]!r} is no escape")
        return _ESCAPES[found[0]]

    return re.sub(r"\\.?", plain, text)


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def looks_like_stomp(payload: Payload) -> bool:
    """Return whether a message is frames, or a heartbeat, of STOMP."""
    try:
        return bool(payload) and all(record.error is None for record in decode_stomp(payload))
    except ValueError:
        return False

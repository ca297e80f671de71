"""Messages of a Jupyter kernel: JSON, JSON with buffers, and the subprotocol v1.kernel.websocket.jupyter.org.

The layouts are those of jupyter_client (adapter of WebSockets) and of the page "WebSocket protocols" of jupyter_server.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from wsnotebook.analysis.decoders.decoder import Payload, Record

__all__ = ["decode_jupyter", "looks_like_jupyter"]

_PARTS = ("header", "parent_header", "metadata", "content")
_MOST = 1 << 16  # offsets of a message; each costs 8 bytes of it


def decode_jupyter(payload: Payload) -> Record:
    """Decode one message; its kind is ``msg_type``. Buffers are bytes under ``buffers``."""
    if isinstance(payload, str):
        return _message(json.loads(payload), [])
    offsets = _offsets_of_v1(payload)
    if offsets is None:
        return _of_default(payload)
    channel, *parts = (payload[start:stop] for start, stop in pairwise(offsets))
    if len(parts) < len(_PARTS):
        raise ValueError(f"{len(parts)} parts: a message has {len(_PARTS)} and its buffers")
    value = {name: json.loads(part) for name, part in zip(_PARTS, parts, strict=False)}
    return _message({"channel": channel.decode(), **value}, parts[len(_PARTS) :])


def _offsets_of_v1(data: bytes) -> list[int] | None:
    """Return the offsets at the beginning, little-endian of 8 bytes after their number; None if that is not the layout."""
    count = int.from_bytes(data[:8], "little")
    if not 2 <= count <= _MOST or len(data) < 8 * (count + 1):
        return None
    offsets = [int.from_bytes(data[8 * at : 8 * at + 8], "little") for at in range(1, count + 1)]
    is_right = offsets[0] == 8 * (count + 1) and offsets == sorted(offsets) and offsets[-1] <= len(data)
    return offsets if is_right else None


def _of_default(data: bytes) -> Record:
    """Return a message with buffers: their number and offsets, big-endian of 4 bytes, then the JSON and the buffers."""
    count = int.from_bytes(data[:4], "big")
    offsets = (
        [int.from_bytes(data[4 * at : 4 * at + 4], "big") for at in range(1, count + 1)]
        if count <= _MOST
        else []
    )
    if not offsets or offsets[0] != 4 * (count + 1) or offsets != sorted(offsets) or offsets[-1] > len(data):
        raise ValueError("neither of the layouts of a kernel's binary messages")
    text, *buffers = (data[start:stop] for start, stop in pairwise([*offsets, len(data)]))
    return _message(json.loads(text), buffers)


def _message(value: Any, buffers: list[bytes]) -> Record:
    header = value.get("header") if isinstance(value, dict) else None
    kind = header.get("msg_type") if isinstance(header, dict) else None
    if not isinstance(kind, str) or not isinstance(value.get("content"), dict):
        raise ValueError("no header with msg_type, or no content")
    return Record(kind, value | ({"buffers": buffers} if buffers else {}))


def looks_like_jupyter(payload: Payload) -> bool:
    """Return whether it is one of these messages."""
    try:
        return decode_jupyter(payload).error is None
    except (ValueError, RecursionError):
        return False

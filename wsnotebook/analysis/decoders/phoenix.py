"""Phoenix channels, version 2: arrays of join_ref, ref, topic, event and payload."""

from __future__ import annotations

import json
from typing import Any

from wsnotebook.analysis.decoders.decoder import Payload, Record

__all__ = ["decode_phoenix", "looks_like_phoenix"]

_FIELDS = ("join_ref", "ref", "topic", "event", "payload")


def decode_phoenix(payload: Payload) -> Record:
    """Decode one message; its kind is the event."""
    value = json.loads(payload)
    if not _is_message(value):
        raise ValueError("not an array of join_ref, ref, topic, event and payload")
    return Record(value[3], dict(zip(_FIELDS, value, strict=True)))


def looks_like_phoenix(payload: Payload) -> bool:
    """Return whether it is such an array."""
    try:
        return _is_message(json.loads(payload))
    except (ValueError, RecursionError):
        return False


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(_FIELDS)
        and all(each is None or isinstance(each, str) for each in value[:2])
        and all(isinstance(each, str) for each in value[2:4])
    )

"""parsed_payloads(): many payloads as JSON values by few calls of the parser, as if each was parsed by itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

__all__ = ["NO_JSON", "parsed_payloads"]

NO_JSON = object()
"""Stands for a payload that is no JSON."""

_decode = json.JSONDecoder().decode  # json.loads would guess the encoding of each payload first
_BETWEEN = secrets.token_hex(16)
"""A JSON string that no peer knows: payloads that would be one value together, as ``[1`` and ``2]``, would swallow it."""
_SEPARATOR = f',"{_BETWEEN}",'.encode()


def parsed_payloads(payloads: Sequence[bytes]) -> list[Any]:
    """Return the JSON value of each payload; NO_JSON where it is none, or no UTF-8, or nested too deep for the parser.

    They are parsed as one array with a string between each two: a call of the parser costs as much as a small payload. Where
    that fails, both halves are tried.
    """
    if len(payloads) == 1:
        return [_parsed(payloads[0])]
    if not payloads:
        return []
    array = _parsed(b"".join((b"[", _SEPARATOR.join(payloads), b"]")))
    if array is not NO_JSON and len(array) == 2 * len(payloads) - 1:
        if array[1::2].count(_BETWEEN) == len(payloads) - 1:
            return array[::2]  # type: ignore[no-any-return]  # it begins with a bracket
    middle = len(payloads) // 2
    return parsed_payloads(payloads[:middle]) + parsed_payloads(payloads[middle:])


def _parsed(payload: bytes) -> Any:
    try:
        return _decode(str(payload, "utf-8"))
    except (ValueError, RecursionError):  # a peer may nest deeper than the interpreter's recursion limit
        return NO_JSON

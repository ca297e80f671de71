"""check_opening: whether a request that asks for a WebSocket is an opening handshake (RFC 6455 §4.2.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import NamedTuple, Protocol

from wsnotebook.lab.guard import Refusal
from wsnotebook.lab.messages import Headers

__all__ = ["Asked", "asks_for_websocket", "check_opening"]


class Asked(Protocol):
    """A request, whether only its head was read or a handler may answer it."""

    @property
    def method(self) -> str:
        """As received."""

    @property
    def http_version(self) -> str:
        """Such as "1.1"."""

    @property
    def headers(self) -> Headers:
        """Of the request."""


class _Rule(NamedTuple):
    is_broken: Callable[[Asked], bool]
    status: int
    reason: str
    fields: tuple[tuple[str, str], ...] = ()


def _has_no_key(asked: Asked) -> bool:
    keys = asked.headers.get_all("sec-websocket-key")
    try:
        return [len(base64.b64decode(key, validate=True)) for key in keys] != [16]
    except binascii.Error:
        return True


_RULES = (
    _Rule(
        lambda asked: asked.http_version == "1.0",
        426,
        "an upgrade needs HTTP/1.1: in HTTP/1.0 it is ignored (RFC 9110 §7.8)",
        (("Upgrade", "websocket"),),
    ),
    _Rule(lambda asked: asked.method != "GET", 405, "an opening handshake is a GET", (("Allow", "GET"),)),
    _Rule(
        lambda asked: "upgrade" not in asked.headers.tokens("connection"),
        426,
        "Upgrade without Connection: Upgrade; a proxy may have removed it (RFC 9110 §7.8)",
        (("Upgrade", "websocket"),),
    ),
    _Rule(
        lambda asked: asked.headers.tokens("upgrade") != ["websocket"],
        426,
        "Upgrade names other protocols beside websocket, and one is spoken here",
        (("Upgrade", "websocket"),),
    ),
    _Rule(
        lambda asked: asked.headers.get_all("sec-websocket-version") != ["13"],
        426,
        "Sec-WebSocket-Version has to be 13",
        (("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")),
    ),
    _Rule(_has_no_key, 400, "Sec-WebSocket-Key has to be 16 bytes in base64"),
)


def asks_for_websocket(headers: Headers) -> bool:
    """Return whether a request names the protocol websocket, rightly or not."""
    return "websocket" in headers.tokens("upgrade")


def check_opening(asked: Asked) -> Refusal | None:
    """Return the refusal of a request that asks for a WebSocket wrongly, or None."""
    for rule in _RULES:
        if rule.is_broken(asked):
            return Refusal(rule.status, rule.reason, rule.fields)
    return None

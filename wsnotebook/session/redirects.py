"""Redirects of a handshake: their address as one of a WebSocket, and what may go along to another origin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.uri import WebSocketURI

from wsnotebook.redaction import is_harmless

__all__ = ["as_websocket", "crosses_origin", "split_at_origin"]

_SCHEMES = {"http": "ws", "https": "wss"}
_OF_ONE_ORIGIN = frozenset(("host", "origin"))  # harmless to show, and yet of no use to another server


def as_websocket(refusal: InvalidStatus) -> InvalidStatus:
    """Return a copy of a refusal whose Location is that of a WebSocket: servers redirect with http:// and https://."""
    response = refusal.response
    locations = response.headers.get_all("Location")
    if not locations:
        return refusal
    scheme, colon, rest = locations[0].partition("://")
    headers = Headers(response.headers)
    del headers["Location"]
    headers["Location"] = _SCHEMES.get(scheme.lower(), scheme) + colon + rest
    return InvalidStatus(replace(response, headers=headers))


def crosses_origin(old: WebSocketURI, new: WebSocketURI) -> bool:
    """Tell whether a redirect leads to another origin (RFC 6454 §4)."""
    return (old.secure, old.host, old.port) != (new.secure, new.host, new.port)


def split_at_origin(headers: Iterable[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Return the headers that may go to another origin, and the names of those that stay behind.

    Only what is known to hold no secret goes along: a list of what does would lack the header of the next service.
    """
    kept: list[tuple[str, str]] = []
    left: list[str] = []
    for name, value in headers:
        if is_harmless("header", name) and name.lower() not in _OF_ONE_ORIGIN:
            kept.append((name, value))
        else:
            left.append(name)
    return tuple(kept), left

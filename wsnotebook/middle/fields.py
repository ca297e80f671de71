"""fields: which header fields of a handshake are handed on, and what is changed on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from wsnotebook.lab.messages import Headers

__all__ = ["Handed", "to_client", "to_host", "to_upstream"]

_PER_CONNECTION = frozenset(
    ("connection", "upgrade", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate")
    + ("te", "trailer", "transfer-encoding", "content-length", "http2-settings")
)
"""Fields that are between two ends of one connection (RFC 9110 §7.6.1): each leg has its own."""
_OF_BODY = frozenset(("transfer-encoding", "content-length", "trailer"))
"""Fields without which the end of a body is not known: they go on with one that is handed on as it comes."""
_OF_HANDSHAKE = frozenset(
    ("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions")
    + ("sec-websocket-protocol", "sec-websocket-accept")
)
"""Fields of the handshake (RFC 6455 §11.3), which each leg does for itself."""


class Handed(NamedTuple):
    """The header of a request for the upstream."""

    fields: list[tuple[str, str]]
    """Handed on as they came."""
    origin: str | None
    """Origin; None where the client sent none, or the proxy gives one."""
    subprotocols: list[str]
    """Offered by the client."""
    changes: list[str]
    """What differs from the client's request, one sentence each, without secrets."""


def to_upstream(
    headers: Headers, own_origins: Iterable[str], upstream: str, given: frozenset[str] = frozenset()
) -> Handed:
    """Return the header of the request for the upstream.

    Args:
        headers: of the client's request.
        own_origins: origins of the proxy: the upstream knows a page of these by its own.
        upstream: URL that is dialled.
        given: names, in lower case, of fields that the proxy gives in place of the client's.
    """
    parts = urlsplit(upstream)
    host, asked = parts.netloc.rpartition("@")[2], headers.get("host", "missing")
    changes = [] if host == asked else [f"Host is {host}, the client's was {asked}"]
    dropped = _per_connection(headers) | _OF_HANDSHAKE | {"host", "origin", *given}
    fields = [(name, value) for name, value in headers if name.lower() not in dropped]
    missed = _per_connection(headers) - {"connection", "upgrade"}  # those are part of every handshake
    left_out = sorted({name for name, _ in headers if name.lower() in missed})
    if left_out:
        changes.append(f"not handed on, as they are for one connection: {', '.join(left_out)}")
    origin = None if "origin" in given else headers.get("origin")
    if origin is not None and origin.lower() in set(own_origins):
        scheme = "https" if parts.scheme == "wss" else "http"
        changes.append(f"Origin is {scheme}://{host}, the client's was the proxy's own, {origin}")
        origin = f"{scheme}://{host}"
    subprotocols = [
        name.strip() for value in headers.get_all("sec-websocket-protocol") for name in value.split(",")
    ]
    return Handed(fields, origin, [name for name in subprotocols if name], changes)


def to_host(headers: Headers) -> list[tuple[str, str]]:
    """Return the fields, but Host, of a request that is no handshake and is handed on with its body."""
    dropped = (_per_connection(headers) | {"host"}) - _OF_BODY
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def _per_connection(headers: Headers) -> frozenset[str]:
    return _PER_CONNECTION | set(headers.tokens("connection"))


def to_client(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the fields of an upstream's response that its client gets."""
    kept = list(fields)
    per_connection = {
        token.strip().lower()
        for name, value in kept
        if name.lower() == "connection"
        for token in value.split(",")
    }
    dropped = _PER_CONNECTION | _OF_HANDSHAKE | per_connection
    return [(name, value) for name, value in kept if name.lower() not in dropped]

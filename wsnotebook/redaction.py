"""Redaction of secrets in a handshake, before it is shown or recorded: URL, query parameters, headers.

A further secret header is one entry of _SECRET_HEADERS, a query parameter one word of _SECRET_QUERY.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

__all__ = ["REDACTED", "redact_head", "redact_header", "redact_url"]

REDACTED = "<redacted>"

_SECRET_HEADERS = frozenset(
    ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token", "api-key")
)
_SECRET_QUERY = re.compile(
    r"(?:^|[-_.])(?:token|key|apikey|secret|password|passwd|pwd|auth|signature|sig|jwt|session|sid|code|credential)s?$"
    r"|token$|secret$|apikey$|password$",
    re.IGNORECASE,
)
# Browsers cannot set Authorization on a WebSocket, so some clients send a token as a subprotocol. Registered names
# of subprotocols are shorter.
_LONG_SUBPROTOCOL = 32  # characters


def redact_url(url: str) -> str:
    """Return ``url`` without its user's secret and without the values of secret query parameters.

    Example: ``redact_url("wss://me:pass@host/?token=abc&n=1")`` returns
    ``"wss://me:<redacted>@host/?token=<redacted>&n=1"``. A user without a password may be a token, and is redacted too.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # an invalid URL appears in the message of InvalidURL, so it is redacted by pattern
        return re.sub(r"//[^/]*@", f"//{REDACTED}@", url.partition("?")[0])
    netloc = parts.netloc
    if "@" in netloc:
        user, _, host = netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}:{REDACTED}@{host}" if ":" in user else f"{REDACTED}@{host}"
    return urlunsplit((parts.scheme, netloc, parts.path, redact_query(parts.query), parts.fragment))


def redact_query(query: str) -> str:
    """Return a query string with the values of secret parameters redacted and all other characters unchanged."""
    pairs = []
    for pair in query.split("&"):
        name, equals, _ = pair.partition("=")
        pairs.append(f"{name}={REDACTED}" if equals and _SECRET_QUERY.search(name) else pair)
    return "&".join(pairs)


def redact_header(name: str, value: str) -> str:
    """Return the value of a header with its secrets redacted.

    Authorization keeps its scheme: ``redact_header("Authorization", "Bearer abc")`` is ``"Bearer <redacted>"``.
    """
    lower = name.lower()
    if lower in _SECRET_HEADERS:
        scheme, space, _ = value.partition(" ")
        keeps_scheme = space and lower.endswith("authorization")
        return f"{scheme} {REDACTED}" if keeps_scheme else REDACTED
    if lower == "sec-websocket-protocol":
        return ", ".join(_redact_subprotocol(part.strip()) for part in value.split(","))
    if lower in ("location", "referer"):
        return redact_url(value)
    return value


def _redact_subprotocol(value: str) -> str:
    return REDACTED if len(value) > _LONG_SUBPROTOCOL or value.startswith("eyJ") else value


def redact_head(first_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return a request or response head with its secrets redacted, in ISO-8859-1 with the final empty line.

    Args:
        first_line: request line or status line, without CR LF.
        headers: (name, value) pairs, in the order to write.
    """
    method, space, rest = first_line.partition(" ")
    target, _, version = rest.partition(" ")
    if method == "GET" and "?" in target:
        path, _, query = target.partition("?")
        first_line = f"{method} {path}?{redact_query(query)} {version}"
    lines = [first_line, *(f"{name}: {redact_header(name, value)}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

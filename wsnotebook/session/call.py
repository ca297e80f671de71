"""HttpCall: the HTTP request and response of the opening handshake. Every repr here redacts secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.datastructures import Headers as _Headers

from wsnotebook.redaction import redact_header, redact_subprotocol, redact_url
from wsnotebook.session.bodytext import body_text

__all__ = ["Headers", "HttpCall", "HttpRequest", "HttpResponse"]


class Headers(Mapping[str, str]):
    """Header fields in order; lookups ignore the case of names. The repr redacts secrets.

    ``headers[name]`` is the first value of that name, ``get_all(name)`` the list of all.
    """

    __slots__ = ("_items",)

    def __init__(self, items: _Headers | list[tuple[str, str]] | None = None) -> None:
        self._items = tuple(items if isinstance(items, list) else items.raw_items() if items else ())

    def get_all(self, name: str) -> list[str]:
        """Return every value of ``name``, in order."""
        return [value for key, value in self._items if key.lower() == name.lower()]

    def raw_items(self) -> tuple[tuple[str, str], ...]:
        """Return all fields in order, repeated names included, as (name, value) pairs."""
        return self._items

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._items))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._items})

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}: {redact_header(name, value)}" for name, value in self._items)
        return f"Headers({shown})"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The request of the opening handshake."""

    url: str
    """Requested address, after redirects."""
    headers: Headers = field(default_factory=Headers)
    """Header fields as sent."""
    method: str = "GET"
    """Always GET (RFC 6455 §4.1)."""

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {redact_url(self.url)}, {self.headers!r})"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The response of the opening handshake."""

    status: int
    """HTTP status; 101 if the upgrade was accepted."""
    reason: str
    """Reason phrase."""
    headers: Headers = field(default_factory=Headers)
    """Header fields as received."""
    http_version: str = "1.1"
    """Version of HTTP."""
    elapsed: float = 0.0
    """Seconds from sending the request to the complete head of the response."""
    body: bytes = b""
    """Body of a response that refuses the upgrade, at most 1 MiB, its content coding as it came; empty with 101."""
    lack: str = ""
    """Why the body is not whole, such as a connection that ended within it; empty where it is."""
    interim: tuple[HttpResponse, ...] = ()
    """Responses with a status from 100 to 199 that came before this one."""

    @property
    def text(self) -> str:
        """The body as text: gzip, deflate and, where the package ``brotli`` is installed, br are undone; then its charset."""
        return body_text(
            self.body, self.headers.get("Content-Type", ""), self.headers.get("Content-Encoding", "")
        )

    def __repr__(self) -> str:
        return f"HttpResponse({self.status} {self.reason}, {self.headers!r}, {len(self.body)} bytes of body)"


@dataclass(frozen=True, slots=True)
class HttpCall:
    """The call that opened a session: request, response and facts of the connection. Frozen."""

    request: HttpRequest
    """The request of the handshake."""
    response: HttpResponse | None = None
    """The response; None if none was received."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """A dict for values of the user; the package does not use it."""
    subprotocol: str | None = None
    """The subprotocol that the server selected; None if none."""
    local_address: Any = None
    """(host, port) of the local end."""
    remote_address: Any = None
    """(host, port) of the peer, or the path of a unix socket."""
    tls: dict[str, Any] | None = None
    """``version``, ``cipher``, ``certificate`` (of the peer) and ``alpn``; None without TLS."""

    def __repr__(self) -> str:
        chosen = "" if self.subprotocol is None else f", subprotocol {redact_subprotocol(self.subprotocol)!r}"
        return f"HttpCall({self.request!r}, {self.response!r}{chosen}, {self.local_address} to {self.remote_address})"

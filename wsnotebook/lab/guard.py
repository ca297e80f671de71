"""Access control of a lab server: the check of the Host and Origin headers.

Loopback is not private: any web page can reach 127.0.0.1, also under a DNS name that was rebound to it. A browser's
request is served only if Host names this server and Origin is its own or is listed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from wsnotebook.lab.messages import Headers

__all__ = ["Guard", "Refusal", "authority", "check_origins", "is_loopback", "own_hosts"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Refusal(NamedTuple):
    """The status and reason of a refused request."""

    status: int
    """HTTP status: 400 for a malformed request, 403 for a wrong Host or Origin, 405 or 426 for a wrong handshake, 431 for
    a head over the limit."""
    reason: str
    """One sentence for the server's own record; a 403 is sent without it."""
    fields: tuple[tuple[str, str], ...] = ()
    """Further fields of the response."""


def own_hosts(host: str, address: str, port: int, *, tls: bool = False) -> frozenset[str]:
    """Return the values of the Host header that name this server, lower case.

    Args:
        host: the name or address that the server listens on.
        address: the local address of the accepted connection, which replaces a wildcard ``host`` (0.0.0.0, ::).
        port: the local port; the default port may be missing in the header.
        tls: whether the default port is 443 instead of 80.
    """
    names = {host.lower(), address.lower()}
    if is_loopback(address):
        names.add("localhost")
    names = {f"[{name}]" if ":" in name else name for name in names if name not in ("", "0.0.0.0", "::")}
    hosts = {f"{name}:{port}" for name in names}
    if port == _DEFAULT_PORTS["https" if tls else "http"]:
        hosts |= names
    return frozenset(hosts)


def authority(host: str, port: int) -> str:
    """Return host and port as in a URL; of a wildcard host the loopback address, by which this machine reaches it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True)
class Guard:
    """The Host and Origin values that are accepted."""

    hosts: frozenset[str]
    """Accepted Host values, lower case, as own_hosts returns them."""
    origins: frozenset[str] = frozenset()
    """Origins of web pages that are accepted in addition to the server's own."""
    scheme: str = "http"
    """``http`` or ``https``: the scheme of the server's own origin."""

    def check(self, headers: Headers, target: str = "/") -> Refusal | None:
        """Return the refusal of a request with these headers and this target, or None to serve it."""
        own_names = ", ".join(sorted(self.hosts))
        host = headers.get("host", "")
        if host.lower() not in self.hosts:
            return Refusal(403, f"Host {host!r} is not this server's own ({own_names})")
        # A target in absolute form names a host too, which another server would take instead (RFC 9112 §3.2.2).
        named = host if target.startswith(("/", "*")) else urlsplit(target).netloc
        if named.lower() not in self.hosts:
            return Refusal(403, f"the host {named!r} of the target is not this server's own ({own_names})")
        # Browsers send Origin with each WebSocket handshake; Python clients and curl send none.
        origin = headers.get("origin")
        own = {f"{self.scheme}://{name}" for name in self.hosts}
        if origin is None or origin in self.origins or origin.lower() in own:
            return None
        return Refusal(403, f"Origin {origin!r} is not listed: origins=[{origin!r}] lets its pages connect")


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach ``address``, a host name or an IP address."""
    try:
        return ipaddress.ip_address(address.split("%")[0]).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def check_origins(origins: Iterable[str]) -> frozenset[str]:
    """Return ``origins`` as a set, after checking their syntax.

    Raises:
        ValueError: an element is not an origin such as ``http://localhost:8888``, or is a wildcard.
        TypeError: ``origins`` is one str instead of a list.
    """
    if isinstance(origins, str):
        raise TypeError(f"origins is a list: origins=[{origins!r}]")
    for origin in origins:
        if origin != "null" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#*\s]+", origin):
            raise ValueError(
                f"{origin!r} is not an origin: write scheme://host:port without a path, "
                "such as 'http://localhost:8888', one for each page that may connect"
            )
    return frozenset(origins)

"""Who may talk to a lab server: the check of Host and Origin.

Loopback is not private. Any web page can reach 127.0.0.1, under a rebound name too, so a browser's request is
served only where both headers say that it was meant for us.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from wsnotebook.lab.messages import Headers

__all__ = ["Guard", "Refusal", "check_origins", "is_loopback", "own_hosts"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Refusal(NamedTuple):
    """The answer to a request that is not served."""

    status: int
    """HTTP status: 400 for a malformed request, 403 for one from the wrong place."""
    reason: str
    """One sentence for the server's own record; the peer is told it only with a 400."""


def own_hosts(host: str, address: str, port: int, *, tls: bool = False) -> frozenset[str]:
    """Return the Host values under which a server may be asked for.

    Args:
        host: the name or address that the server was told to listen on.
        address: the local address of the accepted connection; it tells who we are where ``host`` is a wildcard.
        port: the local port.
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


@dataclass(frozen=True)
class Guard:
    """What a request must say to be served."""

    hosts: frozenset[str]
    """Accepted Host values, lower case, with the port."""
    origins: frozenset[str] = frozenset()
    """Origins of web pages that are let in beside the server's own."""
    scheme: str = "http"
    """``http`` or ``https``: the scheme of the server's own origin."""

    def check(self, headers: Headers) -> Refusal | None:
        """Return why a request with these headers is not served, or None where it may pass."""
        host = headers.get("host", "")
        if host.lower() not in self.hosts:
            return Refusal(403, f"Host {host!r} is not this server's own ({', '.join(sorted(self.hosts))})")
        # No Origin: not a page from elsewhere. Python clients and curl send none.
        origin = headers.get("origin")
        own = {f"{self.scheme}://{name}" for name in self.hosts}
        if origin is None or origin in self.origins or origin.lower() in own:
            return None
        return Refusal(403, f"Origin {origin!r} is not listed: embedded_server(…, origins=[{origin!r}])")


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach ``address``."""
    try:
        return ipaddress.ip_address(address.split("%")[0]).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def check_origins(origins: Iterable[str]) -> frozenset[str]:
    """Return ``origins`` as a set.

    Raises:
        ValueError: one of them is not an origin such as ``http://localhost:8888``, or is a wildcard.
        TypeError: a single str instead of a list of them.
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

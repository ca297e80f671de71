"""pages: which requests to an HTTP proxy are made for a web page, and which hosts only this network can reach.

A page of the internet must not reach through a proxy what the browser would keep it from.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from wsnotebook.lab.messages import Headers

__all__ = ["addresses_of", "is_of_a_page", "is_private"]

_OF_A_PERSON = frozenset(("none", "same-origin"))  # values of Sec-Fetch-Site: an address that was typed


def is_of_a_page(headers: Headers) -> bool:
    """Tell whether a request may be made for a page that does not come from a private address itself.

    Programs that are no browsers send neither Origin nor Referer, and do not call themselves Mozilla.
    """
    source = headers.get("origin") or headers.get("referer")
    if source is not None:
        return not is_private(urlsplit(source).hostname or "")
    is_browser = headers.get("user-agent", "").startswith("Mozilla/")
    return is_browser and headers.get("sec-fetch-site") not in _OF_A_PERSON


async def addresses_of(host: str) -> tuple[str, ...]:
    """Return the addresses for which a name stands now; none where it cannot be resolved.

    They are to be dialled in place of the name, which may stand for others a moment later (DNS rebinding).
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def is_private(host: str) -> bool:
    """Tell whether an address, and no other name than localhost, is not one of the internet."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_global

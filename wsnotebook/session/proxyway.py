"""Way: the proxy on the way to a server, and who named it. How it is asked is in tunnel.py."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from wsnotebook.redaction import redacted
from wsnotebook.safetext import safe_text

if TYPE_CHECKING:
    from websockets.uri import WebSocketURI

__all__ = ["ProxyFault", "Way", "find_proxy"]

_DIRECTLY = "proxy=None connects directly."
_USED_FOR = {False: ("ws", "socks", "https", "http"), True: ("wss", "socks", "https")}
"""Whether it is wss:// → schemes whose proxy websockets takes, the first that is set."""


class ProxyFault(Exception):
    """A proxy that cannot be used, cannot be reached, or refuses.

    Attributes:
        problem: names the proxy, without its password.
        remedy: a sentence that says how to continue.
        status: of its refusal; None where it did not answer.
    """

    def __init__(self, problem: str, remedy: str = "", status: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = status
        self.remedy = f"{remedy} {_DIRECTLY}".lstrip()


class Way(NamedTuple):
    """A proxy, and who named it."""

    address: str
    """Its URL, with a password."""
    named_by: str = ""
    """The variable of the environment, "the system", or empty for an argument."""

    def __repr__(self) -> str:
        """Show no secret: a traceback may show the variables of its functions."""
        scheme, mark, rest = self.address.rpartition("://")
        userinfo, at, host = rest.rpartition("@")
        user, colon, password = userinfo.partition(":")
        shown = f"{user}:{redacted(password)}" if colon else redacted(userinfo) if at else ""
        by = f" of {self.named_by}" if self.named_by else ""
        return f"the proxy {safe_text(f'{scheme}{mark}{shown}{at}{host}')}{by}"


def find_proxy(wanted: str | bool | None, uri: WebSocketURI) -> Way | None:
    """Return the proxy for an address.

    Args:
        wanted: argument of connect(): an address, True for that of the system, None for none.
        uri: where to connect to.
    """
    if wanted is not True:
        return Way(wanted) if isinstance(wanted, str) else None
    # Looking at the environment first saves a sixth of the time of connecting.
    if sys.platform not in ("win32", "darwin") and not any(
        name.lower().endswith(b"_proxy") for name in os.environb
    ):
        return None
    from websockets.proxy import (
        get_proxy,  # here, as it loads urllib.request, and most connections have no proxy
    )

    found = get_proxy(uri)
    return None if found is None else Way(found, _variable(uri.secure))


def _variable(secure: bool) -> str:
    """Return the name of the variable that names the proxy."""
    import urllib.request  # as in find_proxy

    scheme = next(scheme for scheme in _USED_FOR[secure] if scheme in urllib.request.getproxies())
    name = f"{scheme}_proxy"
    return next((given for given in (name, name.upper()) if os.environ.get(given)), "the system")

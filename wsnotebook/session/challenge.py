"""What to do where a server or a proxy refuses: the credentials that it asks for (RFC 9110 §11.6, §11.7), or by its status (§15)."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["proxy_remedy", "server_remedy"]

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_SCHEME = re.compile(r"\s*([-!#$%&'*+.^_`|~0-9A-Za-z]+)(?!\s*=|[-!#$%&'*+.^_`|~0-9A-Za-z])")
_BY_STATUS = {
    200: "An ordinary page answers there: check the path.",
    400: "Check path and subprotocols: the server may want others.",
    403: "The server may want another origin=, cookies= or auth=.",
    404: "Check the path.",
    **dict.fromkeys((408, 425, 429, 502, 503, 504), "It may accept later: connect again."),
}
"""HTTP status → what to try."""
_PASS = {"basic": 'auth=("user", "password")', "bearer": 'auth="token"'}


def server_remedy(status: int, challenges: Iterable[str], *, were_sent: bool) -> str:
    """Return the sentence for a refusal by a server; empty where its status says nothing about that.

    Args:
        status: of the refusal.
        challenges: values of its WWW-Authenticate fields.
        were_sent: the request had an Authorization field.
    """
    if status != 401:
        return _BY_STATUS.get(status, "")
    schemes = list(_schemes(challenges))
    asked = f"The server asks for {' or '.join(schemes)}" if schemes else "The server asks for credentials"
    refused = ", and does not accept what was sent" if were_sent else ""
    passing = [
        _PASS.get(scheme.lower()) or f'headers={{"Authorization": "{scheme} …"}}' for scheme in schemes
    ]
    return f"{asked}{refused}: pass {' or '.join(passing or _PASS.values())}."


def proxy_remedy(status: int, challenges: Iterable[str]) -> str:
    """Return the sentence for a refusal by a proxy; empty where it does not ask for credentials.

    Args:
        status: of the refusal.
        challenges: values of its Proxy-Authenticate fields.
    """
    if status != 407:
        return ""
    schemes = list(_schemes(challenges)) or ["credentials"]
    known = any(scheme.lower() == "basic" for scheme in schemes) or schemes == ["credentials"]
    passing = (
        'pass proxy="http://user:password@host:port"' if known else "wsnotebook has only Basic for a proxy"
    )
    return f"The proxy asks for {' or '.join(schemes)}: {passing}."


def _schemes(challenges: Iterable[str]) -> Iterable[str]:
    """Yield the names of the schemes; their parameters may hold commas, and stand between commas too."""
    for challenge in challenges:
        for part in _QUOTED.sub('""', challenge).split(","):
            found = _SCHEME.match(part)
            if found is not None:
                yield found[1]

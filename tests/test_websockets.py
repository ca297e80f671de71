"""What the package uses of websockets beyond its documentation, and where: the contract to look at before an upgrade.

The floor and the ceiling of websockets in pyproject.toml rest on this page.
"""

from __future__ import annotations

import pytest
import websockets
from imports import MODULES, imports_of
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.server import ServerProtocol

CLASSES = [
    (connect, "wsnotebook/session/dialer.py", "process_redirect"),
    (ServerProtocol, "wsnotebook/lab/connection.py", "receive_data send_response data_to_send"),
    (
        ServerConnection,
        "wsnotebook/lab/connection.py",
        "handshake connection_made data_received connection_lost drain",
    ),
]
"""A class, the file that extends or uses it, and the methods that this file overrides or calls."""

UNDOCUMENTED = {
    "websockets.headers": {
        "wsnotebook/files/pcapng/side.py",
        "wsnotebook/middle/answer.py",
        "wsnotebook/middle/offer.py",
        "wsnotebook/wire/protocol.py",
        "wsnotebook/wire/upgrade.py",
    },
    "websockets.utils": {
        "wsnotebook/files/pcapng/head.py",
        "wsnotebook/files/pcapng/synthetic.py",
        "wsnotebook/middle/answer.py",
        "wsnotebook/wire/masking.py",
        "wsnotebook/wire/upgrade.py",
    },
    "websockets.speedups": {"wsnotebook/wire/masking.py"},
    "websockets.proxy": {"wsnotebook/session/proxyway.py", "wsnotebook/session/tunnel.py"},
}
"""Modules without a page in the documentation, and the files that import from them."""


def lacks(thing: object, names: str) -> list[str]:
    """Return the names, dotted, that an object does not have."""
    found = []
    for name in names.split():
        value = thing
        for part in name.split("."):
            if not hasattr(value, part):
                found.append(name)
                break
            value = getattr(value, part)
    return found


@pytest.mark.parametrize(("kind", "file", "names"), CLASSES)
def test_methods_that_are_overridden_exist(kind: type, file: str, names: str) -> None:
    """An override of what websockets calls no more would be passed over in silence."""
    lacking = lacks(kind, names)
    assert not lacking, f"websockets {websockets.__version__}: {kind.__name__} lacks {lacking}: see {file}"


def test_nothing_else_imports_what_is_not_documented() -> None:
    """Who needs one more of these modules adds it to the page above."""
    found: dict[str, set[str]] = {}
    for path in MODULES:
        for each in imports_of(path):
            if each.module in UNDOCUMENTED:
                found.setdefault(each.module, set()).add(str(path))
    assert found == UNDOCUMENTED

"""What the package uses of websockets beyond its documentation, and where: the contract to look at before an upgrade.

The floor and the ceiling of websockets in pyproject.toml rest on this page.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import websockets
from imports import MODULES, imports_of
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.client import ClientProtocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

ADDRESS = "ws://server.test/"

CLASSES = [
    (
        ClientProtocol,
        "wsnotebook/wire/protocol.py",
        "parse process_response send_request send_eof discard",
    ),
    (
        ClientConnection,
        "wsnotebook/session/connection.py",
        "handshake process_event data_received connection_lost",
    ),
    (connect, "wsnotebook/session/dialer.py", "connect open_tcp_connection process_redirect"),
    (ServerProtocol, "wsnotebook/lab/connection.py", "receive_data send_response data_to_send"),
    (
        ServerConnection,
        "wsnotebook/lab/connection.py",
        "handshake connection_made data_received connection_lost drain",
    ),
]
"""A class, the file that extends it, and the methods that this file overrides or calls."""

INSTANCES = [
    (
        lambda: ClientProtocol(parse_uri(ADDRESS)),
        "wsnotebook/wire/protocol.py",
        "reader.buffer reader.eof parser events handshake_exc key state debug logger extensions subprotocol",
    ),
    (
        lambda: connect(ADDRESS),
        "wsnotebook/session/dialer.py",
        "factory ws_uri uri additional_headers create_connection_kwargs",
    ),
]
"""Makes an object, the file that uses it, and the attributes that it reads or sets there."""

UNDOCUMENTED = {
    "websockets.headers": {
        "wsnotebook/files/pcapng/side.py",
        "wsnotebook/middle/answer.py",
        "wsnotebook/middle/offer.py",
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
    "websockets.proxy": {"wsnotebook/session/tunnel.py"},
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


@pytest.mark.parametrize(("make", "file", "names"), INSTANCES)
def test_attributes_that_are_used_exist(make: Callable[[], object], file: str, names: str) -> None:
    """One that is set and never read would change nothing."""
    thing = make()
    lacking = lacks(thing, names)
    assert not lacking, f"websockets {websockets.__version__}: {thing!r} lacks {lacking}: see {file}"


def test_nothing_else_imports_what_is_not_documented() -> None:
    """Who needs one more of these modules adds it to the page above."""
    found: dict[str, set[str]] = {}
    for path in MODULES:
        for each in imports_of(path):
            if each.module in UNDOCUMENTED:
                found.setdefault(each.module, set()).add(str(path))
    assert found == UNDOCUMENTED

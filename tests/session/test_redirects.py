"""Redirects: followed to a WebSocket, whatever their scheme; what may be a secret stays with its origin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from bytepeer import BytePeer, ByteServer

from wsnotebook import FrameLog, HandshakeError, InvalidURL, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.session.conftest import Io


@pytest_asyncio.fixture
async def other_server() -> AsyncIterator[ByteServer]:
    """A server on another port: another origin."""
    server = ByteServer()
    await server.start()
    yield server
    await server.stop()


async def redirect(server: ByteServer, location: str) -> None:
    """Answer the next request with 302."""
    peer = await server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
    peer.hang_up()


async def upgrade(server: ByteServer) -> BytePeer:
    """Accept the next request."""
    peer = await server.accept()
    await peer.upgrade()
    return peer


async def test_only_harmless_headers_go_to_another_origin(
    byte_server: ByteServer, other_server: ByteServer, io: Io
) -> None:
    """A credential in a header of any name stays behind, a token among the subprotocols too, and the event says which."""
    headers = {
        "X-Api-Key": "k3y",
        "X-Acme-Ticket": "k3y",
        "Authorization": "k3y",
        "Accept-Language": "de",
        "Host": "own",
    }
    opening = asyncio.ensure_future(
        connect(
            byte_server.url,
            io=io,
            proxy=None,
            headers=headers,
            cookies={"a": "k3y"},
            subprotocols=["chat", "k3y"],
        )
    )
    await redirect(byte_server, other_server.url)
    peer = await upgrade(other_server)
    session = await opening
    assert b"k3y" not in peer.request and b"Host: own" not in peer.request
    assert b"Accept-Language: de" in peer.request and b"Sec-WebSocket-Protocol: chat\r\n" in peer.request
    (detail,) = session.log.events.query("kind == 'redirect'").detail
    left = "X-Api-Key, X-Acme-Ticket, Authorization, Host, Cookie, Sec-WebSocket-Protocol stayed behind"
    assert detail == f"to {other_server.url}, another origin: {left}"
    session.terminate()
    await session.close()


async def test_all_headers_stay_within_an_origin(byte_server: ByteServer, io: Io) -> None:
    """The same server at another path."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, headers={"X-Api-Key": "k3y"}))
    await redirect(byte_server, "/new")
    peer = await upgrade(byte_server)
    session = await opening
    assert b"X-Api-Key: k3y" in peer.request and peer.request.startswith(b"GET /new ")
    session.terminate()
    await session.close()


async def test_a_redirect_to_http_is_one_to_ws(byte_server: ByteServer, io: Io) -> None:
    """Servers and their proxies write the scheme of the request that they see."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None))
    await redirect(byte_server, byte_server.url.replace("ws://", "HTTP://") + "new")
    await upgrade(byte_server)
    session = await opening
    assert session.call.request.url == byte_server.url + "new"
    session.terminate()
    await session.close()


async def test_an_error_names_the_redirects_before_it(byte_server: ByteServer, io: Io) -> None:
    """Without their secrets; the log has them too."""
    log = FrameLog()
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, log=log))
    await redirect(byte_server, "/login?ticket=k3y")
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(
        HandshakeError, match=r"got 403.*after a redirect to ws://.*/login\?ticket=<redacted:"
    ) as caught:
        await opening
    assert "k3y" not in str(caught.value)
    assert log.events.query("kind == 'redirect'").detail.str.contains("/login").all()


async def test_a_redirect_to_another_protocol_is_an_error_of_ours(byte_server: ByteServer, io: Io) -> None:
    """Nothing is fetched by it."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None))
    await redirect(byte_server, "ftp://127.0.0.1/file")
    with pytest.raises(InvalidURL, match="ftp://"):
        await opening

"""The opening handshake: what is refused and how that reads, what a call tells, limits of time."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import re
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import (
    ConnectError,
    FrameLog,
    HandshakeError,
    InvalidURL,
    SocketTimeout,
    WsNotebookError,
    connect,
    lab,
)
from wsnotebook.errors import NotAsyncio
from wsnotebook.session.connection import WireConnection
from wsnotebook.session.state import SessionState
from wsnotebook.wire.protocol import HandshakeProtocol

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer, Io, Opener


async def _answered(byte_server: ByteServer, io: Io, answer: bytes, **options: Any) -> HandshakeError:
    """Answer the request with ``answer`` and hang up; return what connect() raises."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, **options))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(answer)
    peer.hang_up()
    with pytest.raises(HandshakeError) as caught:
        await opening
    return caught.value


async def test_b47_status_500_names_101_and_500_and_has_headers_and_body(
    byte_server: ByteServer, io: Io
) -> None:
    """The whole body is on the call, a part of it in the sentence."""
    log = FrameLog()
    body = b"database is down: " + b"x" * 1000
    error = await _answered(
        byte_server,
        io,
        b"HTTP/1.1 500 Internal Server Error\r\nX-Trace: 42\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
        log=log,
    )
    assert "expected status 101, got 500 Internal Server Error" in str(error)
    assert "database is down" in str(error)
    assert len(str(error)) < 800
    response = error.call.response
    assert (response.status, response.reason, response.headers["x-trace"]) == (
        500,
        "Internal Server Error",
        "42",
    )
    assert response.body == body
    assert error.call.request.headers["Sec-WebSocket-Version"] == "13"
    assert log.events.kind.tolist() == ["connecting", "closed"]


async def test_a_hostile_body_moves_no_cursor(byte_server: ByteServer, io: Io) -> None:
    """Control characters of a refusal are escaped in the sentence."""
    error = await _answered(
        byte_server, io, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\n\x1b[2J\rok"
    )
    assert "\x1b" not in str(error)
    assert "\\x1b[2J" in str(error)


async def test_b48_nothing_listens(byte_server: ByteServer, io: Io) -> None:
    """ConnectError at once; it is a ConnectionError too, and has the call."""
    await byte_server.stop()
    with pytest.raises(ConnectError, match="nothing listens there") as caught:
        await asyncio.wait_for(connect(byte_server.url, io=io, proxy=None).__aenter__(), 5)
    assert isinstance(caught.value, ConnectionError)
    assert caught.value.call.request.url == byte_server.url
    assert caught.value.call.response is None


async def test_a_name_that_does_not_resolve(io: Io) -> None:
    """.invalid never does (RFC 6761)."""
    with pytest.raises(ConnectError, match="cannot be resolved|no connection"):
        await connect("ws://nobody.invalid/", io=io, proxy=None, open_timeout=20)


async def test_b49_a_required_subprotocol(io: Io) -> None:
    """With it the call and the session show it; without it HandshakeError."""
    from websockets.asyncio.server import serve

    async def talk(connection: Any) -> None:
        await connection.wait_closed()

    def require(connection: Any, offered: Any) -> Any:
        from websockets.exceptions import NegotiationError

        if "chat" not in offered:
            raise NegotiationError("chat is required")
        return "chat"

    async with serve(talk, "127.0.0.1", 0, select_subprotocol=require) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with connect(url, io=io, proxy=None, subprotocols=["other", "chat"]) as session:
            assert session.subprotocol == session.call.subprotocol == "chat"
            assert session.call.response is not None
            assert session.call.response.headers["Sec-WebSocket-Protocol"] == "chat"
        with pytest.raises(HandshakeError, match="expected status 101, got 400"):
            await connect(url, io=io, proxy=None, subprotocols=["other"])


async def test_threads_that_ask_for_the_call_at_once_have_the_same(opened: Opener) -> None:
    """It is made when it is first asked for, and has attributes that both may set."""
    session, _ = await opened()
    make, both = session._make_call, threading.Barrier(2)
    assert make is not None

    def slowly() -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.1)  # until the other one is here too, if it may come
        return make()

    session._make_call = slowly
    first, second = await asyncio.gather(*(asyncio.to_thread(lambda: session.call) for _ in range(2)))
    assert first is second


async def test_a_subprotocol_that_was_not_offered_is_refused(opened: Opener) -> None:
    """RFC 6455 §4.1."""
    with pytest.raises(HandshakeError, match="subprotocol"):
        await opened("Sec-WebSocket-Protocol: chat", subprotocols=["other"])


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x03\x00\x02\x02\x46", b"HTTP/1.1 101"]
)
async def test_a_server_that_is_not_http_is_named_as_that(
    byte_server: ByteServer, io: Io, answer: bytes
) -> None:
    """The sentence asks whether it is a WebSocket server at all."""
    error = await _answered(byte_server, io, answer)
    assert "not an HTTP answer" in str(error)
    assert error.__cause__ is not None


async def test_b52_the_open_timeout_covers_the_whole_opening(byte_server: ByteServer, io: Io) -> None:
    """TCP is accepted and no HTTP comes: SocketTimeout, which is a TimeoutError; nothing is left."""
    with pytest.raises(SocketTimeout, match="Raise open_timeout") as caught:
        await connect(byte_server.url, io=io, proxy=None, open_timeout=0.05)
    assert isinstance(caught.value, TimeoutError)
    peer = await byte_server.accept()
    await peer.reader.read()


async def test_b52_the_open_timeout_covers_tls(byte_server: ByteServer, io: Io) -> None:
    """TCP is accepted and no TLS comes."""
    with pytest.raises(SocketTimeout):
        await connect(byte_server.url.replace("ws:", "wss:"), io=io, proxy=None, open_timeout=0.05)


async def test_b52_a_head_that_drips_does_not_extend_it(byte_server: ByteServer, io: Io) -> None:
    """The time is for all of it together, not from byte to byte."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, open_timeout=0.1))
    peer = await byte_server.accept()

    async def drip() -> None:
        await peer.send(b"HTTP/1.1 101 Switching Protocols\r\nX: ")
        while True:
            await peer.send(b"x")
            await asyncio.sleep(0.01)

    dripping = asyncio.create_task(drip())
    with pytest.raises(SocketTimeout):
        await opening
    dripping.cancel()
    await asyncio.gather(dripping, return_exceptions=True)


async def test_a_call_tells_what_was_asked_and_answered(opened: Opener) -> None:
    """Frozen; times in seconds; addresses of both ends."""
    session, peer = await opened(
        "X-Server: lab", headers={"X-Mine": "1"}, user_agent="me", origin="http://page.test"
    )
    call = session.call
    assert (call.request.method, call.request.url) == (
        "GET",
        f"ws://127.0.0.1:{peer.writer.get_extra_info('sockname')[1]}/",
    )
    assert call.request.headers["x-mine"] == "1"
    assert call.request.headers["User-Agent"] == "me"
    assert call.request.headers["Origin"] == "http://page.test"
    assert call.response is not None
    assert (call.response.status, call.response.reason, call.response.http_version) == (
        101,
        "Switching Protocols",
        "1.1",
    )
    assert call.response.headers["X-Server"] == "lab"
    assert 0 < call.response.elapsed < 5
    assert call.local_address == peer.writer.get_extra_info("peername")
    assert call.remote_address == peer.writer.get_extra_info("sockname")
    assert call.tls is None
    call.attributes["mine"] = 1
    for value, name in ((call, "request"), (call.request, "url"), (call.response, "status")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, None)


async def test_what_is_sent_is_what_was_asked(opened: Opener) -> None:
    """Cookies, auth, repeated headers, and no User-Agent where that is None."""
    _, peer = await opened(
        headers=[("X-A", "1"), ("X-A", "2")],
        cookies={"a": "1", "b": "2"},
        auth=("user", "pass"),
        user_agent=None,
    )
    request = peer.request.decode()
    assert "X-A: 1\r\nX-A: 2\r\n" in request
    assert "Cookie: a=1; b=2\r\n" in request
    assert "Authorization: Basic dXNlcjpwYXNz\r\n" in request
    assert "user-agent" not in request.lower()
    _, peer = await opened(auth="token")
    assert b"Authorization: Bearer token\r\n" in peer.request


HOSTILE = ["a\r\nEvil: 1", "a\nEvil: 1", "a\rb", "a\0b"]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("where", ["headers", "cookies", "auth", "origin", "user_agent"])
async def test_no_value_can_begin_another_header(byte_server: ByteServer, where: str, value: str) -> None:
    """CR, LF and NUL raise ValueError when connect() is called: nothing is dialled."""
    cases: dict[str, dict[str, Any]] = {
        "headers": {"headers": {"X": value}},
        "cookies": {"cookies": {"a": value}},
        "auth": {"auth": value},
        "origin": {"origin": value},
        "user_agent": {"user_agent": value},
    }
    with pytest.raises(ValueError, match="no line break"):
        connect(byte_server.url, **cases[where])


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nEvil", "a\0", "é"])
async def test_names_of_headers_cookies_and_subprotocols_are_tokens(
    byte_server: ByteServer, name: str
) -> None:
    """RFC 9110 §5.6.2; raised when connect() is called."""
    cases: list[dict[str, Any]] = [
        {"headers": {name: "1"}},
        {"cookies": {name: "1"}},
        {"subprotocols": [name]},
    ]
    for options in cases:
        with pytest.raises(ValueError, match="cannot be"):
            connect(byte_server.url, **options)


async def test_other_arguments_that_cannot_be(byte_server: ByteServer) -> None:
    """Each sentence says what is wanted."""
    url = byte_server.url
    cases: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (ValueError, "semicolon", {"cookies": {"a": "1; b=2"}}),
        (ValueError, "set by the handshake itself", {"headers": {"Sec-WebSocket-Key": "x"}}),
        (ValueError, "outside Latin-1", {"headers": {"X": "€"}}),
        (ValueError, r"subprotocols=\[", {"headers": {"Sec-WebSocket-Protocol": "chat"}}),
        (ValueError, "given twice.*auth=", {"headers": {"authorization": "x"}, "auth": "y"}),
        (ValueError, "given twice.*cookies=", {"headers": {"Cookie": "a=1"}, "cookies": {"b": "2"}}),
        (ValueError, "given twice.*origin=", {"headers": {"Origin": "https://a"}, "origin": "https://b"}),
        (ValueError, "given twice.*user_agent=", {"headers": {"User-Agent": "a"}, "user_agent": "b"}),
        (ValueError, "given twice", {"headers": [("Host", "a"), ("host", "b")]}),
        (TypeError, "is a str, not int", {"headers": {"X": 1}}),
        (TypeError, r"write \['chat'\]", {"subprotocols": "chat"}),
        (ValueError, "twice", {"subprotocols": ["chat", "chat"]}),
        (ValueError, "'kernel' or 'thread'", {"io": "process"}),
        (ValueError, "'deflate' or None", {"compression": "gzip"}),
        (InvalidURL, "TLS is for wss", {"ssl": ssl.create_default_context()}),
        (TypeError, "create_default_context", {"ssl": True}),
        (TypeError, r"name is a text, not 5; str\(\)", {"name": 5}),
        (ValueError, "name .* half a character", {"name": "feed \ud800"}),
    ]
    for error, match, options in cases:
        with pytest.raises(error, match=match):
            connect(url, **options)


async def test_an_unknown_keyword_is_a_type_error_that_names_it() -> None:
    """In connect() and in the builders."""
    from wsnotebook import ws, wss

    options: dict[str, Any] = {"maskin": True}
    for make in (connect, ws, wss):
        with pytest.raises(TypeError, match="maskin"):
            make("ws://h/" if make is not wss else "wss://h/", **options)


@pytest.mark.parametrize("begin", ["__await__", "__aenter__", "__aiter__"])
def test_another_runner_than_asyncio_is_told_so(begin: str) -> None:
    """As that of %autoawait trio: it drives the coroutine itself, and there is no loop of asyncio."""
    made = getattr(connect("ws://127.0.0.1:1/", proxy=None), begin)()
    if begin == "__aiter__":
        made = made.__anext__()
    with pytest.raises(NotAsyncio, match="%autoawait asyncio"):
        made.send(None)


@pytest.mark.parametrize(
    "url",
    [
        "", "127.0.0.1:80", "http://h/", "https://h/", "ftp://h/", "ws:///path", "ws://h/a b", "ws://h/\r\nEvil: 1",
        "ws://h/\0", "ws://h:0/", "ws://h:99999/", "ws://h/#part", "ws://[::1", "ws+unix://relative",
    ],
)  # fmt: skip
async def test_an_address_that_is_none_raises_at_once(url: str) -> None:
    """InvalidURL, which is a ValueError, with how one is written."""
    with pytest.raises(InvalidURL, match="wss://host/path") as caught:
        connect(url)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, WsNotebookError)


async def test_wss_given_a_ws_url_sends_nothing_in_the_clear(byte_server: ByteServer) -> None:
    """InvalidURL before anything is dialled."""
    from wsnotebook import ws, wss, wss_raw

    for make in (wss, wss_raw):
        with pytest.raises(InvalidURL, match=r"wss\(\) was given a ws:// URL"):
            make(byte_server.url)
    with pytest.raises(InvalidURL, match=r"ws\(\) was given a wss:// URL"):
        ws("wss://127.0.0.1/")


async def test_the_builders_build(io: Io) -> None:
    """ws(host, port, path) and its raw twin; the default port of wss is 443."""
    from wsnotebook import ClientWebSocketSession, ws, ws_raw, wss

    async with lab.embedded_server("echo") as server:
        async with ws("127.0.0.1", server.port, "/a b?x=1", io=io, proxy=None) as session:
            await session.send("hello")
            assert await session.receive() == "hello"
            assert session.call.request.url == f"ws://127.0.0.1:{server.port}/a%20b?x=1"
        async with ws_raw("127.0.0.1", server.port, io=io, proxy=None) as raw:
            assert type(raw) is ClientWebSocketSession
        async with ws(server.url, io=io, proxy=None) as session:
            assert session.state is SessionState.OPEN
    with pytest.raises((ConnectError, SocketTimeout)) as caught:
        await wss("127.0.0.1", io=io, proxy=None, open_timeout=1)
    assert "443" in str(caught.value.__cause__)


async def test_names_are_given_and_counted(opened: Opener) -> None:
    """name= is the session's and stands in the column; without it every session has another."""
    session, _ = await opened(name="feed", early=b"\x81\x01a")
    assert session.name == "feed"
    assert set(session.df.session) == {"feed"}
    assert (await opened())[0].name != (await opened())[0].name


async def test_sessions_may_share_a_log(opened: Opener) -> None:
    """Rows are told apart by the session's name; each cursor sees its own."""
    log = FrameLog()
    one, _ = await opened(log=log, name="one", early=b"\x81\x01a")
    two, _ = await opened(log=log, name="two", early=b"\x81\x01b")
    assert (await one.receive(), await two.receive()) == ("a", "b")
    assert log.df.session.tolist() == ["one", "two"]
    assert one.log is two.log is log


async def test_an_open_session_holds_nothing_of_its_handshake() -> None:
    """Connection and protocol are freed before the collector of cycles runs."""
    async with lab.embedded_server("echo") as server:
        gc.collect()
        gc.disable()
        try:
            async with connect(server.url, proxy=None):
                await asyncio.sleep(0)  # the last callbacks of the handshake
                held = [
                    each for each in gc.get_objects() if isinstance(each, (WireConnection, HandshakeProtocol))
                ]
                assert held == []
        finally:
            gc.enable()


@pytest.mark.parametrize("options", [{"auth": "x"}, {"headers": {"Authorization": "x"}}])
def test_a_user_in_the_url_and_an_authorization_are_one_too_many(options: dict[str, Any]) -> None:
    """The server would take either, or neither."""
    with pytest.raises(ValueError, match="given twice.*a user in the URL"):
        connect("ws://me:pass@127.0.0.1:1/", **options)


@pytest.mark.parametrize("options", [{}, {"user_agent": None}])
async def test_a_user_agent_among_the_headers_is_the_only_one(
    opened: Opener, options: dict[str, Any]
) -> None:
    """It replaces ours, or stands where there is none."""
    _, peer = await opened(headers={"user-agent": "mine"}, **options)
    assert re.findall(rb"(?im)^user-agent: (.*)\r$", peer.request) == [b"mine"]


async def test_a_host_of_the_users_replaces_ours(byte_server: ByteServer, io: Io) -> None:
    """One line leaves, the first, and the call tells it."""
    opening = asyncio.ensure_future(
        connect(byte_server.url, io=io, proxy=None, headers={"host": "feed.test"})
    )
    peer = await byte_server.accept()
    await peer.upgrade()
    session = await opening
    lines = peer.request.decode().split("\r\n")
    assert lines[1] == "Host: feed.test"
    assert [line for line in lines if line.lower().startswith("host:")] == lines[1:2]
    assert session.call.request.headers.get_all("Host") == ["feed.test"]
    session.terminate()
    await session.close()

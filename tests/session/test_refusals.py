"""Refused upgrades as servers and gateways send them: whatever is odd about one, its status is had, and what to do."""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import FrameLog, HandshakeError, connect

if TYPE_CHECKING:
    from tests.session.conftest import BytePeer, ByteServer, Io, Opener, RawOpener

MEBIBYTE = 1 << 20
REFUSED = b"HTTP/1.1 500 Internal Server Error\r\n"


async def refused(
    byte_server: ByteServer, io: Io, *answer: bytes, hangs_up: bool = True, **options: Any
) -> HandshakeError:
    """Answer a request with pieces; return what connect() raises."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, **options))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    for piece in answer:
        await peer.send(piece)
    if hangs_up:
        peer.hang_up()
    with pytest.raises(HandshakeError) as caught:
        await opening
    return caught.value


@pytest.mark.parametrize("framing", ["length", "chunked", "end"])
async def test_a_large_body_is_cut(byte_server: ByteServer, io: Io, framing: str) -> None:
    """Status, headers and the first mebibyte are had; the server need not have finished."""
    body = b"b" * (2 * MEBIBYTE)
    head = REFUSED + b"X-Trace: 42\r\n"
    answer = {
        "length": head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        "chunked": head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body,
        "end": head + b"\r\n" + body,
    }[framing]
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None))
    peer = await byte_server.accept()
    peer.writer.write(answer)  # without waiting: the client hangs up before it is all gone
    with pytest.raises(
        HandshakeError, match=r"got 500.*\(what is over 1048576 bytes was not read\)"
    ) as caught:
        await opening
    response = caught.value.call.response
    assert (response.status, response.headers["X-Trace"], len(response.body)) == (500, "42", MEBIBYTE)


@pytest.mark.parametrize("framing", [b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n", b""])
async def test_a_body_that_never_ends_leaves_its_status(
    byte_server: ByteServer, io: Io, framing: bytes
) -> None:
    """It is a HandshakeError with what came, and no timeout."""
    body = b"5\r\nhello\r\n" if b"chunked" in framing else b"hello"
    answer = REFUSED + framing + b"\r\n" + body
    error = await refused(byte_server, io, answer, hangs_up=False, open_timeout=0.2)
    assert (error.call.response.status, error.call.response.body) == (500, b"hello")
    assert "got 500 Internal Server Error; body: 'hello' (its end has not come)." in str(error)


@pytest.mark.parametrize("resets", [True, False])
async def test_a_connection_that_is_lost_within_the_body_leaves_the_status(
    byte_server: ByteServer, io: Io, resets: bool
) -> None:
    """By its end or by a reset."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(REFUSED + b"Content-Length: 99\r\n\r\nhello")
    peer.reset() if resets else peer.hang_up()
    with pytest.raises(HandshakeError, match=r"got 500.*the connection ended within it"):
        await opening


async def test_a_redirect_whose_body_never_ends_is_followed(byte_server: ByteServer, io: Io) -> None:
    """Its body is of no use."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None))
    peer = await byte_server.accept()
    await peer.send(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /new\r\n\r\n")
    followed = await byte_server.accept()
    await followed.upgrade()
    session = await opening
    assert session.call.request.url.endswith("/new")
    session.terminate()
    await session.close()


async def test_a_body_is_shown_as_what_it_is(byte_server: ByteServer, io: Io) -> None:
    """Its coding and charset undone, and JSON as JSON; the bytes on the call are as they came."""
    packed = gzip.compress('{"error": "kein Schlüssel"}'.encode("latin-1"))
    head = REFUSED + b"Content-Encoding: gzip\r\nContent-Type: application/json; charset=latin-1\r\n"
    error = await refused(byte_server, io, head + b"Content-Length: %d\r\n\r\n" % len(packed) + packed)
    assert str(error).endswith('got 500 Internal Server Error; body: {"error": "kein Schlüssel"}.')
    assert error.call.response.body == packed
    assert error.call.response.text == '{"error": "kein Schlüssel"}'


async def test_a_json_body_moves_no_cursor(byte_server: ByteServer, io: Io) -> None:
    """Nor reorders the line."""
    body = '{"a": "\u202e\x7f"}'.encode()
    error = await refused(byte_server, io, REFUSED + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert '{"a": "\\u202e\\x7f"}' in str(error)


@pytest.mark.parametrize(
    ("status", "fields", "options", "remedy"),
    [
        ("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"', {}, 'pass auth=("user", "password")'),
        ("401 No", "WWW-Authenticate: Bearer", {"auth": "t"}, "does not accept what was sent: pass auth"),
        ("407 Proxy", "Proxy-Authenticate: Basic", {}, 'pass proxy="http://user:password@host:port"'),
    ],
)
async def test_who_asks_for_credentials_is_named_with_what_to_pass(
    byte_server: ByteServer, io: Io, status: str, fields: str, options: dict[str, Any], remedy: str
) -> None:
    """By its scheme."""
    answer = f"HTTP/1.1 {status}\r\n{fields}\r\nContent-Length: 0\r\n\r\n".encode()
    assert remedy in str(await refused(byte_server, io, answer, **options))


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x03\x00\x02", b"HTTP/1.1 200 OK\r\nx\r\n"]
)
async def test_what_is_no_http_is_refused_at_once(byte_server: ByteServer, io: Io, answer: bytes) -> None:
    """The server need not hang up, and there is no limit of time."""
    error = await refused(byte_server, io, answer, hangs_up=False, open_timeout=None)
    assert "not an HTTP answer" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 502 Bad Gateway\nContent-Length: 2\n\nno",
        b"HTTP/1.1 502 Bad Gateway\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 502\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 502 X\r\nContent-Length: 2\r\n\r\nno",
    ],
)
async def test_an_odd_refusal_is_a_refusal(byte_server: ByteServer, io: Io, answer: bytes) -> None:
    """Its status is what matters, on a default session too."""
    error = await refused(byte_server, io, answer)
    assert "got 502" in str(error) and "body: 'no'" in str(error)


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (b"Upgrade: h2c\r\nConnection: Upgrade", "Upgrade field is 'h2c', not websocket"),
        (b"Connection: Upgrade", "Upgrade field is missing"),
        (b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x", "Accept field is 'x'"),
    ],
)
async def test_a_wrong_101_says_what_is_wrong(
    byte_server: ByteServer, io: Io, head: bytes, problem: str
) -> None:
    """And by which section; never that 101 was expected."""
    error = await refused(byte_server, io, b"HTTP/1.1 101 Switching Protocols\r\n" + head + b"\r\n\r\n")
    assert f"the server's 101 opens no WebSocket: its {problem}" in str(error).replace("Sec-WebSocket-", "")
    assert re.search(r"\(RFC 6455 §4\.1\)", str(error)) and "expected" not in str(error)


async def test_interim_responses_are_read_past_and_recorded(byte_server: ByteServer, io: Io) -> None:
    """An event for each, and the responses on the call."""
    log = FrameLog()
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, log=log))
    peer = await byte_server.accept()
    await peer.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    await peer.upgrade(early=b"\x81\x01b")
    session = await opening
    assert await session.receive() == "b"
    assert session.call.response is not None
    assert [each.status for each in session.call.response.interim] == [100, 103]
    assert session.call.response.interim[1].headers["link"] == "</a>"
    details = log.events.query("kind == 'handshake'").detail.tolist()
    assert details[:2] == ["100 Continue came before the 101", "103 Early Hints came before the 101"]
    session.terminate()
    await session.close()


ODD = {
    "it is not HTTP/1.1": (b"HTTP/1.1 101 Switching Protocols", b"HTTP/1.0 101 Switching Protocols"),
    "a line ends with LF alone": (b"\r\n", b"\n"),
    "a header line is folded": (b"Upgrade: websocket", b"Upgrade:\r\n websocket"),
    "it uses the extension x-foo": (b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x-foo; a=1\r\n\r\n"),
    "it selects the subprotocol chat": (b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
}


async def odd_upgrade(byte_server: ByteServer, old: bytes, new: bytes) -> BytePeer:
    """Answer with a 101 of which a part is replaced, and a message in its segment."""
    peer = await byte_server.accept()
    send = peer.send

    async def send_odd(data: bytes) -> None:
        await send(data.replace(old, new) + b"\x81\x02hi")

    peer.send = send_odd  # type: ignore[method-assign]  # the peer's own answer, but for one part
    await peer.upgrade()
    peer.send = send  # type: ignore[method-assign]
    return peer


@pytest.mark.parametrize("problem", ODD)
async def test_an_odd_101_is_refused_by_name(byte_server: ByteServer, io: Io, problem: str) -> None:
    """On a default session, with what accepts it."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None))
    await odd_upgrade(byte_server, *ODD[problem])
    with pytest.raises(HandshakeError, match=r"connect\(url, raw=True\) accepts") as caught:
        await opening
    assert f"opens no WebSocket: {problem}" in str(caught.value)


@pytest.mark.parametrize("problem", ODD)
async def test_an_odd_101_is_accepted_raw(byte_server: ByteServer, io: Io, problem: str) -> None:
    """With an event that says what is odd, and the frames behind it."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, raw=True))
    await odd_upgrade(byte_server, *ODD[problem])
    session = await opening
    assert (await session.incoming.receive()).read_text() == "hi"
    (detail,) = session.log.events.query("kind == 'handshake' and detail.str.startswith('accepted')").detail
    assert detail.startswith(f"accepted, though {problem}")
    assert session.subprotocol == ("chat" if "subprotocol" in problem else None)
    session.terminate()
    await session.close()


async def test_a_long_head_opens_a_session(opened: Opener, opened_raw: RawOpener) -> None:
    """A line of nearly 64 KiB, and as many fields as 512; a status line without reason is in test_response.py."""
    fields = [f"X-{number}: a" for number in range(500)]
    session, _ = await opened("Set-Cookie: " + "c" * 65_000, *fields)
    assert session.call.response is not None
    assert len(session.call.response.headers["set-cookie"]) == 65_000
    assert len(session.call.response.headers.raw_items()) == 504
    raw, _ = await opened_raw("Set-Cookie: " + "c" * 65_000, *fields)
    assert raw.call.response is not None

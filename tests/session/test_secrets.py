"""Secrets of a handshake: covered wherever it is shown, and before it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wsnotebook import ConnectError, FrameLog, connect
from wsnotebook.redaction import redact_head, redact_header, redact_url

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer, Io

TOKEN = "s3cret-t0ken"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://h/?token=abc", "ws://h/?token=<redacted>"),
        ("ws://h/?a=1&access_token=abc&b=2", "ws://h/?a=1&access_token=<redacted>&b=2"),
        ("ws://h/?api_key=abc&apikey=d&sig=e", "ws://h/?api_key=<redacted>&apikey=<redacted>&sig=<redacted>"),
        ("ws://h/?Password=abc&X-Amz-Signature=d", "ws://h/?Password=<redacted>&X-Amz-Signature=<redacted>"),
        ("wss://user:abc@h:1/p", "wss://user:<redacted>@h:1/p"),
        ("wss://abc@h/", "wss://<redacted>@h/"),
        ("ws://h/?symbol=BTC&monkey=1&tokens_per_page", "ws://h/?symbol=BTC&monkey=1&tokens_per_page"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """Names that mean a secret lose their value; all else is to the letter."""
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer abc", "Bearer <redacted>"),
        ("authorization", "abc", "<redacted>"),
        ("Proxy-Authorization", "Basic abc", "Basic <redacted>"),
        ("Cookie", "session=abc", "<redacted>"),
        ("Set-Cookie", "session=abc; Path=/", "<redacted>"),
        ("X-API-Key", "abc", "<redacted>"),
        ("Sec-WebSocket-Protocol", "chat, eyJhbGciOi.abc", "chat, <redacted>"),
        ("Location", "wss://h/?token=abc", "wss://h/?token=<redacted>"),
        ("Origin", "https://page.test", "https://page.test"),
    ],
)
def test_a_header_is_shown_without_its_secrets(name: str, value: str, shown: str) -> None:
    """The scheme of an authorization stays: it is what one looks for."""
    assert redact_header(name, value) == shown


def test_a_head_keeps_its_form() -> None:
    """Request line, fields and the empty line; what is covered is the value."""
    head = redact_head("GET /p?token=abc&a=1 HTTP/1.1", [("Host", "h"), ("Cookie", "abc")])
    assert head == b"GET /p?token=<redacted>&a=1 HTTP/1.1\r\nHost: h\r\nCookie: <redacted>\r\n\r\n"


async def test_no_repr_and_no_record_of_a_session_has_a_secret(byte_server: ByteServer, io: Io) -> None:
    """Session, call, request, response, headers, log, DataFrame attributes and events; the values themselves are there."""
    import asyncio

    opening = asyncio.ensure_future(
        connect(
            byte_server.url + f"?access_token={TOKEN}",
            io=io,
            proxy=None,
            headers={"Authorization": f"Bearer {TOKEN}", "X-Api-Key": TOKEN},
            cookies={"session": TOKEN},
        )
    )
    peer = await byte_server.accept()
    await peer.upgrade(f"Set-Cookie: session={TOKEN}")
    session = await opening
    await peer.send(b"\x81\x01a")
    await session.receive()
    shown = [
        repr(session), repr(session.call), repr(session.call.request), repr(session.call.response),
        repr(session.call.request.headers), str(session.call), session.url, repr(session.log), repr(session.log.connections),
        repr(session.df.attrs), session.log.events.to_string(),
    ]  # fmt: skip
    assert [text for text in shown if TOKEN in text] == []
    assert "access_token=<redacted>" in session.url
    assert session.call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN in session.call.request.url
    session.terminate()
    await session.close()


async def test_include_secrets_records_them(byte_server: ByteServer, io: Io) -> None:
    """Asked for by the log; its connections are marked."""
    import asyncio

    log = FrameLog(include_secrets=True)
    opening = asyncio.ensure_future(connect(byte_server.url + f"?token={TOKEN}", io=io, proxy=None, log=log))
    peer = await byte_server.accept()
    await peer.upgrade()
    session = await opening
    assert TOKEN in log.connections[0].url
    assert TOKEN.encode() in log.connections[0].request
    assert log.connections[0].has_secrets
    session.terminate()
    await session.close()


async def test_the_repr_of_an_error_and_the_events_of_a_failed_opening_have_no_secret(
    byte_server: ByteServer, io: Io
) -> None:
    """What a traceback of chained exceptions and the log show of the call."""
    await byte_server.stop()
    log = FrameLog()
    with pytest.raises(ConnectError) as caught:
        await connect(byte_server.url + f"?token={TOKEN}", io=io, proxy=None, log=log)
    assert TOKEN not in repr(caught.value)
    assert TOKEN not in log.events.to_string()

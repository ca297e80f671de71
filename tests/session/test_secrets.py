"""Secrets of a handshake: covered wherever it is shown, and before it is recorded."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING

import pytest

from wsnotebook import ConnectError, FrameLog, HandshakeError, connect
from wsnotebook.redaction import Rule, add, redact_head, redact_header, redact_url, redacted

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer, Io

TOKEN = "s3cret-t0ken"


MARK = re.compile("<redacted:[0-9a-f]{8}>")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://h/?token=abc", "ws://h/?token=*"),
        ("ws://h/?limit=1&access_token=abc&depth=2", "ws://h/?limit=1&access_token=*&depth=2"),
        ("ws://h/?ticket=abc&sessionId=abc&listenKey=abc", "ws://h/?ticket=*&sessionId=*&listenKey=*"),
        ("ws://h/?%74oken=abc&Symbol=BTC", "ws://h/?%74oken=*&Symbol=BTC"),
        ("ws://h/?limit=1;token=abc", "ws://h/?limit=1;token=*"),
        ("ws://h/?abc", "ws://h/?*"),
        ("wss://user:abc@h:1/p", "wss://user:*@h:1/p"),
        ("wss://abc@h/", "wss://*@h/"),
        ("wss://abc:@h/", "wss://*:@h/"),
        ("https://h/#access_token=abc", "https://h/#*"),
        ("ws://h:x[/?token=abc", "ws://h:x["),
        ("/p?token=abc", "/p?token=*"),
        ("ws://h/?symbol=BTC&flag=", "ws://h/?symbol=BTC&flag="),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """Values of names that are not known to be harmless are marks; all else is to the letter."""
    assert MARK.sub("*", redact_url(url)).removesuffix("/") == shown.removesuffix("/")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer abc", "Bearer *"),
        ("authorization", "abc", "*"),
        ("Authorization", "abc def", "*"),
        ("Proxy-Authorization", "Basic abc", "Basic *"),
        ("Cookie", "session=abc", "*"),
        ("Set-Cookie", "session=abc; Path=/", "*"),
        ("X-Vault-Token", "abc", "*"),
        ("Sec-WebSocket-Protocol", "chat, abc", "chat, *"),
        ("Location", "wss://h/?token=abc", "wss://h/?token=*"),
        ("Origin", "https://page.test", "https://page.test"),
    ],
)
def test_a_header_is_shown_without_its_secrets(name: str, value: str, shown: str) -> None:
    """A known scheme of an authorization stays: it is what one looks for."""
    assert MARK.sub("*", redact_header(name, value)) == shown


def test_equal_secrets_have_equal_marks() -> None:
    """Wherever they stand, so that a person sees that the same token was sent twice."""
    assert redact_header("X-Key", "abc") == redact_header("Cookie", "abc") == redacted("abc")
    assert redacted("abc") != redacted("abd")


def test_a_rule_shows_and_hides_a_name_everywhere() -> None:
    """Until another rule says otherwise."""
    assert redact_url("ws://h/?region=eu") != "ws://h/?region=eu"
    add(Rule("query", "Region"), Rule("header", "Host", is_shown=False))
    try:
        assert redact_url("ws://h/?region=eu") == "ws://h/?region=eu"
        assert redact_header("host", "h") == redacted("h")
    finally:
        add(Rule("query", "region", is_shown=False), Rule("header", "host"))
    assert redact_header("host", "h") == "h"


def test_the_table_is_at_hand_after_the_import_of_the_package() -> None:
    """As the documentation writes it."""
    code = "import wsnotebook; wsnotebook.redaction.add(wsnotebook.redaction.Rule('query', 'region'))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_rule_for_what_has_no_names_is_refused() -> None:
    """And changes nothing, also where a good one stands before it."""
    with pytest.raises(ValueError, match="header, query, subprotocol"):
        add(Rule("query", "zone"), Rule("payload", "zone"))  # type: ignore[arg-type]
    assert redact_url("ws://h/?zone=1") != "ws://h/?zone=1"


def test_a_head_keeps_its_form() -> None:
    """Request line, fields and the empty line; what is redacted is the value."""
    head = redact_head("GET /p?token=abc&limit=1 HTTP/1.1", [("Host", "h"), ("Cookie", "abc")])
    mark = redacted("abc").encode()
    assert head == b"GET /p?token=%b&limit=1 HTTP/1.1\r\nHost: h\r\nCookie: %b\r\n\r\n" % (mark, mark)


@pytest.mark.parametrize("target", ["http://u:s3cret@h/?token=s3cret", "/?token=s3cret", "//?token=s3cret"])
def test_a_request_target_of_any_form_is_redacted(target: str) -> None:
    """Absolute-form too, which proxies get."""
    assert b"s3cret" not in redact_head(f"POST {target} HTTP/1.1", [])


async def test_no_repr_and_no_record_of_a_session_has_a_secret(byte_server: ByteServer, io: Io) -> None:
    """Session, call, request, response, headers, log, DataFrame attributes and events; the values themselves are there."""
    opening = asyncio.ensure_future(
        connect(
            byte_server.url + f"?access_token={TOKEN}",
            io=io,
            proxy=None,
            headers={"Authorization": f"Bearer {TOKEN}", "X-Vault-Token": TOKEN},
            cookies={"session": TOKEN},
            subprotocols=[TOKEN],
        )
    )
    peer = await byte_server.accept()
    await peer.upgrade(f"Set-Cookie: session={TOKEN}", f"Sec-WebSocket-Protocol: {TOKEN}")
    session = await opening
    await peer.send(b"\x81\x01a")
    await session.receive()
    shown = [
        repr(vars(session)), repr(session), repr(session.call), repr(session.call.request), repr(session.call.response),
        repr(session.call.request.headers), str(session.call), session.url, repr(session.log), repr(session.log.connections),
        repr(session.df.attrs), session.log.events.to_string(),
    ]  # fmt: skip
    assert [text for text in shown if TOKEN in text] == []
    assert "access_token=<redacted:" in session.url
    assert session.call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN in session.call.request.url
    session.terminate()
    await session.close()


async def test_include_secrets_records_them(byte_server: ByteServer, io: Io) -> None:
    """Asked for by the log; its connections are marked."""
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


async def test_nothing_that_a_refusal_leads_to_shows_a_secret(
    byte_server: ByteServer, io: Io, caplog: pytest.LogCaptureFixture
) -> None:
    """Its whole chain as a traceback, each link's repr and attributes, and every record of every logger at DEBUG."""
    caplog.set_level(logging.DEBUG)
    opening = asyncio.ensure_future(
        connect(
            byte_server.url + f"?ticket={TOKEN}",
            io=io,
            proxy=None,
            headers={"X-Csrf-Token": TOKEN},
            subprotocols=[TOKEN],
        )
    )
    peer = await byte_server.accept()
    await peer.send(
        b"HTTP/1.1 401 Unauthorized\r\nSet-Cookie: a=%(t)b\r\nLocation: wss://h/?k=%(t)b\r\nContent-Length: 0\r\n\r\n"
        % {b"t": TOKEN.encode()}
    )
    with pytest.raises(HandshakeError) as caught:
        await opening
    assert caught.value.call.response.headers["Set-Cookie"] == f"a={TOKEN}"
    shown = ["".join(traceback.format_exception(caught.value)), caplog.text]
    link: BaseException | None = caught.value
    while link is not None:
        shown += [repr(link), repr(vars(link))]
        link = link.__cause__ or link.__context__
    assert [text for text in shown if TOKEN in text] == []
    assert "> X-Csrf-Token: <redacted:" in caplog.text


async def test_a_subprotocol_that_was_not_offered_is_not_shown(byte_server: ByteServer, io: Io) -> None:
    """The server chose it: it may be the token of somebody else."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, subprotocols=["chat"]))
    peer = await byte_server.accept()
    await peer.upgrade(f"Sec-WebSocket-Protocol: {TOKEN}")
    with pytest.raises(HandshakeError) as caught:
        await opening
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


async def test_the_password_of_a_proxy_is_not_shown() -> None:
    """Of one that cannot be used."""
    with pytest.raises(ConnectError) as caught:
        await connect("ws://127.0.0.1:1/", proxy=f"gopher://me:{TOKEN}@127.0.0.1:1")
    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "me:<redacted:" in str(caught.value)


@pytest.mark.parametrize(("user", "auth"), [("", TOKEN), (f"me:{TOKEN}@", None)])
def test_variables_that_a_verbose_traceback_shows_have_no_secret(user: str, auth: str | None) -> None:
    """The checked arguments of connect()."""
    opening = connect(f"ws://{user}h/?ticket={TOKEN}", auth=auth, cookies={"a": TOKEN}, proxy=None)
    assert TOKEN not in repr(opening) + repr(vars(opening))

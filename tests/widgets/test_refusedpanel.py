"""RefusedPanel: the call of a session that was not opened, as widget and as text, and Reconnect."""

from __future__ import annotations

import asyncio
import html
import json
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook.errors import CallError
from wsnotebook.lab import embedded_server
from wsnotebook.lab.certificate import certificate
from wsnotebook.session.client import connect
from wsnotebook.widgets.panel import panel_for
from wsnotebook.widgets.refusedpanel import Refused, RefusedPanel
from wsnotebook.workbench import Workbench

if TYPE_CHECKING:
    from bytepeer import ByteServer

HOSTILE = b"<script>alert(1)</script> $\\style{x}$ \x1b[2J\xe2\x80\xae"


async def failed(connecting: Any) -> CallError:
    """Return the error of an attempt."""
    with pytest.raises(CallError) as caught:
        await connecting
    return caught.value


async def refused(byte_server: ByteServer, answer: bytes, **options: Any) -> CallError:
    """Return the error of an attempt that a server has answered so."""
    opening = asyncio.ensure_future(failed(connect(f"{byte_server.url}?token=s3cret", proxy=None, **options)))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(answer)
    peer.hang_up()
    return await opening


async def test_a_refusal_is_text_in_a_terminal_and_escaped_on_a_page(
    byte_server: ByteServer, displayed: list[Any]
) -> None:
    """What was asked, the status, headers and body, without a secret, an element, mathematics or a cursor that moves."""
    head = b"HTTP/1.1 403 Forbidden\r\nSet-Cookie: id=s3cret\r\nContent-Length: %d\r\n\r\n" % len(HOSTILE)
    error = await refused(byte_server, head + HOSTILE, headers={"Authorization": "Bearer s3cret"})
    panel = RefusedPanel(error)
    panel._ipython_display_()
    live, still = displayed
    assert "application/vnd.jupyter.widget-view+json" in live.data
    plain, page = still.data["text/plain"], still.data["text/html"]
    assert (
        "got 403 Forbidden" in plain and "another origin=" in plain and "Sec-WebSocket-Version: 13" in plain
    )
    assert "<script>alert(1)</script> $\\style{x}$ \\x1b[2J\\u202e" in plain
    assert "<script>" not in page and "&lt;script&gt;" in page and "mathjax_ignore" in page
    assert "s3cret" not in plain + page + repr(panel.refused.get_state())


@pytest.mark.parametrize("body", [b"\x00\x01\x02" * 40, b"\xff\xd8\xff\xe0" * 5], ids=["nul", "image"])
async def test_a_body_that_is_no_text_is_shown_as_bytes(byte_server: ByteServer, body: bytes) -> None:
    """Their number, and the first of them."""
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(body)
    shown = Refused(await refused(byte_server, head + body)).refusal
    assert f"({len(body)} bytes that are no text" in shown and body[:8].hex(" ") in shown


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/problem+json; charset=utf-8", "application/vnd.x+json", "text/plain"],
)
async def test_a_body_of_json_has_an_entry_a_line(
    byte_server: ByteServer, kind: str, displayed: list[Any]
) -> None:
    """By what it is, for its type may be any of JSON's, such as that of RFC 9457, or wrong; values stay, and are no markup."""
    body = b'{"title":"No credit","balance":30.10,"accounts":["/a/1",{}],"detail":"<b>\xe2\x80\xae"}'
    head = f"HTTP/1.1 402 Payment Required\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    panel = RefusedPanel(await refused(byte_server, head.encode() + body))
    shown = '{\n  "title": "No credit",\n  "balance": 30.10,\n  "accounts": [\n    "/a/1",\n    {}\n  ],\n  "detail": "<b>\\u202e"\n}'
    assert panel.refused.refusal.endswith(shown)
    panel._ipython_display_()
    assert html.escape(shown) in displayed[1].data["text/html"]


async def test_what_looks_like_json_and_is_none_stays_as_it_came(byte_server: ByteServer) -> None:
    """Cut off, it cannot be read; larger than that it is not read, which would hold the kernel up."""
    for body in (b'{"title": "No cr', b"[" + b"1," * 200_000 + b"1]"):
        head = b"HTTP/1.1 402 No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert body[:100].decode() in Refused(await refused(byte_server, head + body)).refusal


async def test_a_long_body_is_cut_and_says_so(byte_server: ByteServer) -> None:
    """A page of a megabyte is no state of a widget."""
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 100000\r\n\r\n"
    shown = Refused(await refused(byte_server, head + b"<p>" * 33_333 + b"x")).refusal
    assert "(and 96,000 characters more: error.call.response.text has all)" in shown and len(shown) < 6000


async def test_what_is_cut_from_json_is_counted_as_it_came(byte_server: ByteServer) -> None:
    """Laid out, each character that is left would count twice: with the line ends and blanks that the server never sent."""
    body = json.dumps(list(range(10_000, 15_000)), separators=(",", ":"))
    head = f"HTTP/1.1 402 No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    shown = Refused(await refused(byte_server, (head + body).encode())).refusal
    begin, _, rest = shown.partition("\n(and ")
    sent = "".join(begin[begin.index("[") :].split())
    assert body.startswith(sent) and len(sent) > 1000
    assert rest == f"{len(body) - len(sent):,} characters more: error.call.response.text has all)"


@pytest.mark.parametrize(
    ("url", "words"),
    [("ws://127.0.0.1:1/", "nothing listens"), ("ws://nobody.invalid/", "cannot be resolved")],
)
async def test_where_no_request_was_sent_that_is_said(url: str, words: str) -> None:
    """Nobody has answered."""
    widget = Refused(await failed(connect(url, proxy=None)))
    assert words in widget.failure and widget.refusal == "(no request was sent)" and widget.can_reconnect


async def test_a_wrong_certificate_is_a_refusal_of_ours() -> None:
    """The peer was never asked."""
    async with embedded_server("echo", ssl=certificate().server) as server:
        widget = Refused(await failed(connect(server.url, proxy=None, ssl=ssl.create_default_context())))
        assert "certificate" in widget.failure and "(no request was sent)" in widget.refusal


async def test_reconnect_makes_the_same_call_again(byte_server: ByteServer, page: Any, tmp_path: Any) -> None:
    """With its recording; another failure takes the place of the first, and a session its place below."""
    record = tmp_path / "later.pcapng"
    error = await refused(byte_server, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", record=record)
    panel = RefusedPanel(error)
    browser = page(panel.refused)
    asked = browser.ask("reconnect")
    peer = await byte_server.accept()
    again = browser.ask("reconnect")
    assert not (await browser.answer(again))["ok"]
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n")
    assert "got 404" in (await browser.answer(asked))["error"]
    assert "got 404" in panel.refused.failure and "404 Gone" in panel.refused.refusal
    asked = browser.ask("reconnect")
    peer = await byte_server.accept()
    await peer.upgrade()
    assert b"token=s3cret" in peer.request
    answer = await browser.answer(asked)
    session = panel.refused.session
    assert answer["note"].startswith(f"{session.name} is open") and "workbench.get(" in answer["note"]
    assert panel.children == (panel.refused, panel_for(session))
    assert (panel.refused.state, panel.refused.can_reconnect) == ("opened later", False)
    assert "opened it later" in panel._page().plain
    assert session.log.recording is not None and record.exists()
    session.terminate()
    await session.close()
    panel_for(session).close()
    panel.close()


async def test_a_named_session_of_the_workbench_has_its_name_again(
    byte_server: ByteServer, page: Any
) -> None:
    """%ws connect --name; and it becomes the current one."""
    bench = Workbench()
    opening = asyncio.ensure_future(failed(bench.connect(byte_server.url, name="feed", proxy=None)))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    widget = Refused(await opening)
    browser = page(widget)
    asked = browser.ask("reconnect")
    peer = await byte_server.accept()
    await peer.upgrade()
    assert (await browser.answer(asked))["ok"]
    assert bench.current == "feed" and bench.get() is widget.session
    widget.session.terminate()
    await widget.session.close()

"""ConnectForm: a session from fields, a refusal with what the server said, and the panel that comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from bytepeer import ByteServer

import wsnotebook
from wsnotebook.lab import embedded_server
from wsnotebook.session.registry import Registry
from wsnotebook.widgets import ConnectForm, panel_for
from wsnotebook.widgets.connectform import ConnectPanel
from wsnotebook.workbench import Workbench
from wsnotebook.workbench.connection import CONNECTION
from wsnotebook.workbench.verbs import VERBS


@pytest.fixture
def bench() -> Workbench:
    """A workbench of the test's own."""
    return Workbench(opened=Registry())


def test_it_has_a_field_for_every_option(bench: Workbench) -> None:
    """The usual ones first; each with its help."""
    rows = ConnectForm(bench).rows
    assert {row["name"] for row in rows} == {option.name for option in CONNECTION}
    assert [row["name"] for row in rows if row["first"]][:3] == ["headers", "auth", "subprotocols"]
    kinds = {row["name"]: row["kind"] for row in rows}
    assert (kinds["headers"], kinds["raw"], kinds["record"]) == ("lines", "switch", "text")
    assert all(row["help"] for row in rows)


async def test_connect_opens_a_session_that_verbs_speak_to(bench: Workbench, page: Any) -> None:
    """Its options are those of the fields; code can observe it."""
    async with embedded_server("echo") as server:
        form = ConnectForm(bench)
        browser, seen = page(form), []
        form.observe(lambda change: seen.append(change["new"]), "session")
        fields = {"url": server.url, "name": "feed", "headers": ["X-Token: s3cret"], "raw": True}
        answer = await browser.answer(browser.ask("connect", fields=fields))
        session = form.session
        assert answer["note"].startswith("feed is open: ws://127.0.0.1") and seen == [session]
        assert bench.current == "feed" and session.pump.raw
        assert session.call.request.headers["X-Token"] == "s3cret"
        assert "s3cret" not in repr(form.get_state())
        assert form.recent == [session.call.request.url]
        await session.close()


async def test_an_address_with_a_secret_is_not_offered_again(bench: Workbench, page: Any) -> None:
    """It would be in the state of the widget, which a notebook may keep."""
    async with embedded_server("echo") as server:
        form = ConnectForm(bench)
        browser = page(form)
        await browser.answer(browser.ask("connect", fields={"url": f"{server.url}?token=s3cret"}))
        assert form.recent == []
        await form.session.close()


async def test_a_refusal_is_shown_with_status_headers_and_body(
    byte_server: ByteServer, bench: Workbench, page: Any
) -> None:
    """And the form stays; secrets and control characters are not shown."""
    form = ConnectForm(bench)
    browser = page(form)
    ident = browser.ask("connect", fields={"url": byte_server.url, "proxy": "off"})
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nSet-Cookie: a=s3cret\r\nContent-Length: 12\r\n\r\n"
        b"no\x1b[2J token"
    )
    peer.hang_up()
    answer = await browser.answer(ident)
    assert "401" in answer["error"] and form.session is None
    _, request, response, body = answer["refusal"].split("\n\n")
    assert request.startswith("GET ws://127.0.0.1") and "Sec-WebSocket-Version: 13" in request
    first, *headers = response.split("\n")
    assert first.startswith("HTTP/1.1 401 Unauthorized") and "WWW-Authenticate: Basic realm=x" in headers
    assert body == "no\\x1b[2J token" and "s3cret" not in answer["refusal"] + repr(form.get_state())
    told = await browser.answer(browser.ask("refusal"))
    assert "Set-Cookie: a=s3cret" in told["text"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": ""}, "no address"),
        ({"url": "http://x"}, "ws://"),
        ({"url": "ws://127.0.0.1:1/"}, "127.0.0.1:1"),
    ],
)
async def test_what_cannot_be_opened_is_a_sentence(
    bench: Workbench, page: Any, fields: dict[str, Any], words: str
) -> None:
    """No address, another scheme, nobody there."""
    browser = page(ConnectForm(bench))
    answer = await browser.answer(browser.ask("connect", fields=fields))
    assert words in answer["error"]


async def test_a_curl_line_fills_the_fields_and_python_comes_of_them(bench: Workbench, page: Any) -> None:
    """Both by the functions that %ws connect uses."""
    browser = page(ConnectForm(bench))
    filled = await browser.answer(browser.ask("paste", text=" curl 'wss://example.org/' -H 'A: b'"))
    assert filled["fields"] == {"url": "wss://example.org/", "headers": ["A: b"]}
    code = await browser.answer(browser.ask("python", fields=filled["fields"]))
    assert "headers=[('A', 'b')]" in code["text"]
    assert "begins with curl" in (await browser.answer(browser.ask("paste", text="x")))["error"]


async def test_the_panel_of_the_session_stands_below_the_form(bench: Workbench, page: Any) -> None:
    """And that of the next one in its place."""
    async with embedded_server("echo") as server:
        made = ConnectPanel(bench)
        browser = page(made.form)
        for _ in range(2):
            await browser.answer(browser.ask("connect", fields={"url": server.url}))
            session = made.form.session
            assert made.children == (made.form, panel_for(session))
            panel_for(session).close()
            await session.close()


async def test_panel_is_that_of_a_session_or_a_form(session: Any) -> None:
    """By name of the package, and as %ws panel."""
    assert wsnotebook.panel(session) is panel_for(session)
    panel_for(session).close()
    assert isinstance(wsnotebook.panel(), ConnectPanel)
    bench = Workbench(opened=Registry())
    assert isinstance(VERBS["panel"].run(bench, VERBS["panel"].read({})), ConnectPanel)
    async with embedded_server("echo") as server:
        opened = await bench.connect(server.url)
        assert VERBS["panel"].run(bench, VERBS["panel"].read({})) is panel_for(opened)
        panel_for(opened).close()
        await opened.close()

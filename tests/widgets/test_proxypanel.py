"""ProxyPanel: choose a conversation, break on a frame, edit it, send it or drop it; all as a person clicks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

import wsnotebook
from wsnotebook.errors import HandshakeError
from wsnotebook.lab import embedded_server
from wsnotebook.middle.breakpoint import Held
from wsnotebook.middle.proxy import proxy
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.widgets.heldframes import HeldFrames
from wsnotebook.widgets.proxypanel import proxy_panel_for
from wsnotebook.wire.frames import Frame, Opcode

Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest_asyncio.fixture
async def p() -> AsyncIterator[proxy]:
    """A proxy of an echo."""
    async with embedded_server("echo") as server, proxy(server.url, proxy=None) as middle:
        yield middle


@pytest_asyncio.fixture
async def client(p: proxy) -> AsyncIterator[ClientWebSocketSession]:
    """A client of it."""
    async with wsnotebook.connect(p.url, proxy=None) as session:
        yield session


async def test_each_conversation_has_a_tab(p: proxy, client: ClientWebSocketSession, until: Until) -> None:
    """It shows the client's frames, and with them the upstream's on request; what was typed beside it stays."""
    panel = proxy_panel_for(p)
    tabs, table = panel.frames.tabs, panel.table
    assert proxy_panel_for(p) is panel and p._panel() is panel
    assert tabs.tabs == [["", "All", "", 0], ["client-1", "client-1", "open", 0]]
    table.query = "op:text"
    tabs.chosen = "client-1"
    assert table.query == "op:text session:client-1"
    async with wsnotebook.connect(p.url, proxy=None) as other:
        await other.send("x")
        await other.receive(timeout=60)
        panel.refresh()
        assert tabs.tabs[2] == ["client-2", "client-2", "open", 2] and tabs.tabs[0][3] == 4
        assert tabs.chosen == "client-1"
    panel.both.value = True
    assert (tabs.chosen, table.query) == ("client-1", "op:text session:client-1 session:upstream-1")
    tabs.chosen = ""
    assert table.query == "op:text"
    await until(lambda: p.conversations[1].has_ended)
    panel.refresh()
    assert tabs.tabs[2][2] == "closed"


async def test_a_conversation_whose_upstream_refused_has_a_tab_that_says_so() -> None:
    async with embedded_server(None) as refusing, proxy(refusing.url, proxy=None) as p:
        with pytest.raises(HandshakeError):
            await wsnotebook.connect(p.url, proxy=None)
        assert proxy_panel_for(p).frames.tabs.tabs[1][2] == "refused"


@pytest.mark.parametrize("thread", [False, True], ids=["loop", "thread"])
async def test_a_held_frame_is_edited_and_sent(
    p: proxy, client: ClientWebSocketSession, until: Until, thread: bool
) -> None:
    """From whatever thread the clicks come; the record has what came and what was sent."""
    panel = proxy_panel_for(p)
    assert panel.held.layout.display == "none"
    click = asyncio.to_thread if thread else _at_once
    panel.pattern.value = "order"
    await click(panel.break_button.click)
    await until(lambda: panel.pattern.value == "")
    await client.send("order 7")
    await p.wait_held(timeout=60)
    panel.refresh()
    assert panel.held.layout.display == "" and panel.hold_button.disabled
    assert panel.frames.tabs.tabs[1][2] == "held"
    assert panel.held.list.label == "client-1, to the upstream: order 7"
    assert panel.held.editor.value == "order 7"
    panel.held.editor.value = "order 8 🐙"
    panel.refresh()  # which leaves an edit alone
    await click(panel.held.send_button.click)
    await until(lambda: "order 8 🐙" in p.log.df["text"].tolist())
    assert "changed by break_on" in p.log.df.query("session == 'upstream-1'")["detail"].iloc[0]
    p.clear()  # or the echo, which is held too, keeps the close waiting


async def test_a_held_frame_is_dropped(p: proxy, client: ClientWebSocketSession, until: Until) -> None:
    """The frames behind it pass."""
    panel = proxy_panel_for(p)
    p.break_on("secret")
    await client.send("secret")
    await client.send("public")
    await p.wait_held(timeout=60)
    panel.refresh()
    panel.held.drop_button.click()
    assert await client.receive(timeout=60) == "public"
    panel.refresh()
    assert panel.held.layout.display == "none"


async def test_bytes_are_edited_in_hexadecimal(
    p: proxy, client: ClientWebSocketSession, until: Until
) -> None:
    """What is none is told, and nothing is sent."""
    panel = proxy_panel_for(p)
    p.break_on(bytes)
    await client.send(b"\x00\xff")
    await p.wait_held(timeout=60)
    panel.refresh()
    assert panel.held.editor.value == "00 ff"
    panel.held.editor.value = "0g"
    panel.held.send_button.click()
    await until(lambda: "hexadecimal" in panel.refused.value)
    assert p.is_held
    p.clear()
    assert await client.receive(timeout=60) == b"\x00\xff"


async def test_a_fragment_is_shown_as_what_it_can_be(p: proxy, client: ClientWebSocketSession) -> None:
    """A continuation does not say whether it is a text: UTF-8 is shown as one, and other bytes in hexadecimal."""
    panel = proxy_panel_for(p)
    for data, shown in ((b"an order", "an order"), (b"\xf0\x9f", "f0 9f")):
        p.held[:] = [Held(Frame(Opcode.CONTINUATION, data), "out", p.sessions[0])]
        panel.refresh()
        assert panel.held.editor.value == shown


@pytest.mark.parametrize(
    ("payload", "of_page", "sent"),
    [
        (b"a\r\nb", "a\nb", b"a\r\nb"),
        (b"a\r\nb", "a\nb\nc", b"a\r\nb\r\nc"),
        (b"a\rb", "a\nbc", b"a\rbc"),
        (b"a\r\nb\n\xff", "a\nb\n\ufffd", b"a\r\nb\n\xff"),
        (b"a\r\nb\n", "a\nb", None),
        (b"a\nb", "a\nb\r\n", b"a\nb\r\n"),
        (b"ab", "a\nb", b"a\nb"),
    ],
)
def test_a_held_text_keeps_its_line_ends(payload: bytes, of_page: str, sent: bytes | None) -> None:
    """A text area makes each LF; one that had several kinds is sent as it was, or refused once it is edited."""
    held = Held(Frame(Opcode.TEXT, payload), "out", SimpleNamespace(name="client-1"))  # type: ignore[arg-type]
    p: Any = SimpleNamespace(held=[held], release=lambda: None)
    refused: list[str] = []

    def do(action: Callable[[], object]) -> None:
        try:
            action()
        except ValueError as error:
            refused.append(str(error))

    frames = HeldFrames(p, do)
    frames.editor.value = of_page
    frames.send_button.click()
    assert held.frame == Frame(Opcode.TEXT, payload if sent is None else sent)
    assert ["several kinds" in sentence for sentence in refused] == [True] * (sent is None)


async def test_wrong_clicks_are_sentences(p: proxy, until: Until) -> None:
    """No pattern; a wrong one; a frame that is not held any more."""
    panel = proxy_panel_for(p)
    for click, pattern, said in (
        (panel.break_button.click, "", "type a text first"),
        (panel.break_button.click, "/(/", "regular expression"),
        (panel.held.drop_button.click, "", "not held any more"),
    ):
        panel.refused.value, panel.pattern.value = "", pattern
        click()
        await until(lambda said=said: said in panel.refused.value)  # type: ignore[misc]


async def test_hold_and_clear(p: proxy, client: ClientWebSocketSession, until: Until) -> None:
    panel = proxy_panel_for(p)
    panel.hold_button.click()
    await until(lambda: p.is_held and panel.hold_button.disabled)
    await client.send("waits")
    panel.clear_button.click()
    assert await client.receive(timeout=60) == "waits"
    assert not panel.hold_button.disabled


async def test_a_transparent_proxy_offers_no_changes() -> None:
    """Its conversations have tabs."""
    async with embedded_server("echo") as server, proxy(server.url, proxy=None, transparent=True) as p:
        panel = proxy_panel_for(p)
        assert panel.held not in panel.children and panel.frames in panel.children


async def _at_once(call: Callable[[], object]) -> None:
    call()

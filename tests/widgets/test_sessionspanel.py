"""SessionsPanel: one panel of several sessions, each in a tab."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

import wsnotebook
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab import embedded_server
from wsnotebook.lab.server import EmbeddedServer
from wsnotebook.session.registry import OPENED
from wsnotebook.widgets.logtable import log_table_for
from wsnotebook.widgets.panel import panel_for
from wsnotebook.widgets.sessionspanel import SessionsPanel
from wsnotebook.workbench import Workbench
from wsnotebook.workbench.verbs import VERBS

Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    """An echo."""
    async with embedded_server("echo") as lab:
        yield lab


async def test_each_session_has_a_tab_with_its_own_panel(server: EmbeddedServer, until: Until) -> None:
    """The tab says how it stands; which one is shown is a trait."""
    async with (
        wsnotebook.connect(server.url, name="a", proxy=None) as a,
        wsnotebook.connect(server.url, name="b", proxy=None) as b,
    ):
        panel = wsnotebook.panel([a, b])
        assert isinstance(panel, SessionsPanel)
        assert panel.tabs.chosen == "a" and panel.children == (panel.tabs, panel_for(a))
        panel.tabs.chosen = "b"
        assert panel.children == (panel.tabs, panel_for(b))
        await b.send("x")
        await b.receive(timeout=60)
        await until(lambda: panel.tabs.tabs == [["a", "a", "open", 0], ["b", "b", "open", 2]])
    await until(lambda: [state for _, _, state, _ in panel.tabs.tabs] == ["closed", "closed"])
    page = panel._repr_mimebundle_()[0]["text/plain"]
    assert "session a" in page and "session b" in page


async def test_sessions_of_one_log_have_a_tab_of_all(server: EmbeddedServer) -> None:
    """It is that log, on one axis of time."""
    log = FrameLog()
    async with (
        wsnotebook.connect(server.url, name="a", log=log, proxy=None) as a,
        wsnotebook.connect(server.url, name="b", log=log, proxy=None) as b,
    ):
        panel = wsnotebook.panel((a, b))
        assert isinstance(panel, SessionsPanel)
        assert [title for _, title, *_ in panel.tabs.tabs] == ["All", "a", "b"]
        assert panel.children == (panel.tabs, log_table_for(log))
        panel.tabs.chosen = "a"
        assert panel.children == (panel.tabs, panel_for(a))


async def test_a_tab_counts_the_frames_of_all_attempts(server: EmbeddedServer, until: Until) -> None:
    """Which are the rows that it shows; that of all also those of a session that has no tab."""
    log = FrameLog()
    async with (
        wsnotebook.connect(server.url, name="a", log=log, proxy=None) as a,
        wsnotebook.connect(server.url, name="b", log=log, proxy=None) as b,
        wsnotebook.connect(server.url, name="c", log=log, proxy=None) as c,
    ):
        panel = wsnotebook.panel([a, b])
        await c.send("x")
        await c.receive(timeout=60)
        await a.send("x")
        await a.receive(timeout=60)
        await a.close()
        bench, verb = Workbench(opened=OPENED), VERBS["reconnect"]
        await verb.run(bench, verb.read({"name": "a"}))
        await until(
            lambda: panel.tabs.tabs == [["", "All", "", 6], ["a", "a", "open", 4], ["b", "b", "open", 0]]
        )
        assert "session a" in (page := panel._repr_mimebundle_()[0]["text/plain"]) and "4 frames" in page
        await bench.get("a").close()


async def test_none_and_two_of_one_name_are_sentences(server: EmbeddedServer) -> None:
    with pytest.raises(ValueError, match="there is no session"):
        wsnotebook.panel([])
    async with (
        wsnotebook.connect(server.url, name="a", proxy=None) as a,
        wsnotebook.connect(server.url, name="a", proxy=None) as b,
    ):
        with pytest.raises(ValueError, match="two sessions have one name"):
            wsnotebook.panel([a, b])

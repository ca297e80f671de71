"""LogTable: a log that is shown by itself, also while it grows, and on a page without a kernel."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import wsnotebook
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab import embedded_server
from wsnotebook.widgets.logtable import LogTable, log_table_for
from wsnotebook.widgets.table import FrameTable
from wsnotebook.wire.frames import Frame

HAR = Path(__file__).parents[1] / "files" / "cases" / "playwright-embed.har"


async def test_a_loaded_log_shows_itself() -> None:
    """A table for a page, escaped rows for one without a kernel, and its line for a terminal."""
    log = wsnotebook.load(HAR)
    bundle, _ = log._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == log_table_for(log).model_id
    assert bundle["text/plain"].startswith("16 frames of")
    assert "16 frames of" in bundle["text/html"] and "tex2jax_ignore" in bundle["text/html"]
    assert log_table_for(log) is log_table_for(log) and log_table_for(log).span == (0, 16)
    log_table_for(log).close()


async def test_masks_are_marked_where_they_are_known(session: Any) -> None:
    """A HAR has none; a client's log has them on sent frames, a server's on received ones. The same in a table alone."""
    assert LogTable(wsnotebook.load(HAR)).of_server is None
    assert FrameTable(FrameLog.from_frames([(1.0, "out", "x")])).of_server is None
    session.record(Frame.text("x"), sent=True)
    assert LogTable(session.log).of_server is False
    async with embedded_server("echo") as server, wsnotebook.connect(server.url) as client:
        await client.send("x")
        await client.receive()
        assert LogTable(server.log).of_server is FrameTable(server.log).of_server is True


async def test_a_log_that_grows_is_followed(session: Any, page: Any) -> None:
    """Rows of any thread; one refresh for many appends, and none for a table that is closed."""
    table = log_table_for(session.log)
    browser = page(table)
    refreshed = asyncio.Event()
    table.observe(lambda change: refreshed.set(), "span")
    thread = threading.Thread(target=lambda: [session.record(Frame.text("x")) for _ in range(100)])
    thread.start()
    thread.join()
    await refreshed.wait()
    assert table.span == (0, 100) and len([state for state in browser.told if "span" in state]) == 1
    table.close()
    session.record(Frame.text("x"))
    assert log_table_for(session.log) is not table


def test_an_empty_log_says_so() -> None:
    """Also outside of a loop, where nothing is scheduled."""
    log = FrameLog()
    table = LogTable(log)
    assert table.placeholder == "This log has no frames." and repr(table) == "<LogTable of 0 frames>"
    bundle, _ = log._repr_mimebundle_()
    assert "<p>0 frames</p>" in bundle["text/html"]

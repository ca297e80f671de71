"""A flood with the panel open: nothing is lost, few repaints, a flat heap, and every other way to look says something true.

WSN_FLOOD_SECONDS=60 floods for a minute, and prints what was measured; without it a few seconds.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from serverprocess import server_process

pytestmark = pytest.mark.long

SECONDS = float(os.environ.get("WSN_FLOOD_SECONDS", "4"))
RATE = 20_000  # frames a second
FIREHOSE = Path(__file__).parents[1] / "truth" / "peers" / "firehose.py"

WATCH = """() => {
    const told = window.wsnTold = { paints: 0, took: [], began: performance.now() };
    let isDirty = false;
    const rows = document.querySelector(".wsn-rows");
    new MutationObserver(() => {
        if (isDirty) return;
        isDirty = true;
        requestAnimationFrame(() => { isDirty = false; told.paints++; });
    }).observe(rows, { childList: true, subtree: true, characterData: true, attributes: true });
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const ask = async () => {
        if (told.seconds) return;
        const began = performance.now();
        await kernel.requestExecute({ code: "1 + 1", store_history: false }).done;
        told.took.push(performance.now() - began);
        setTimeout(ask, 20 + 60 * Math.random());
    };
    ask();
}"""
STOP = "() => { const told = window.wsnTold; told.seconds = (performance.now() - told.began) / 1000; return told; }"


@pytest.fixture
def firehose() -> Iterator[str]:
    """The URL of a feed in a process of its own."""
    with server_process(sys.executable, FIREHOSE, str(RATE)) as url:
        yield url


def heap(devtools: Any) -> int:
    """Return the bytes of the page's heap that are in use after a collection."""
    devtools.send("HeapProfiler.collectGarbage")
    return int(devtools.send("Runtime.getHeapUsage")["usedSize"])


def test_a_flood_is_recorded_shown_and_told_truly(notebook: Any, lab: Any, firehose: str) -> None:
    """The server's count is the log's and the page's; then a second view, a saved notebook, its export, and a reload."""
    lab.write(
        "flood.ipynb",
        f"import wsnotebook\nsession = await wsnotebook.connect({firehose!r}, name='flood', compression=None, proxy=None)",
        "session",
        "1",
    )
    notebook.open(lab, "flood.ipynb")
    notebook.run_all()
    page, panel = notebook.page, notebook.page.locator(".wsn-panel")
    expect(panel.locator(".wsn-state")).to_have_text("open")
    devtools = page.context.new_cdp_session(page)
    notebook.start("await session.send('go')")
    page.wait_for_timeout(1000 * SECONDS / 4)
    before = heap(devtools)
    page.evaluate(WATCH)
    page.wait_for_timeout(1000 * SECONDS)
    told = page.evaluate(STOP)
    grown = heap(devtools) - before
    notebook.start("await session.send('stop'); await session.close_reason")
    expect(panel.locator(".wsn-state")).to_have_text("closed", timeout=60_000)
    sent = int(notebook.kernel("session.log.df['text'].dropna().iloc[-1]").removeprefix("sent "))
    rows = notebook.kernel("len(session.log)")
    took = sorted(told["took"])
    print(
        f"{sent:,} frames, {rows:,} rows, {told['paints'] / told['seconds']:.1f} paints/s, cells: median {took[len(took) // 2]:.0f}, "
        f"95 % {took[int(len(took) * 0.95)]:.0f}, at most {took[-1]:.0f} ms of {len(took)}; heap grown {grown / 1e6:.2f} MB, "
        f"{notebook.kernel('__import__(`time`).process_time()'.replace('`', chr(39))):.1f} s CPU of the kernel"
    )
    assert rows == sent + 5  # "go" and "stop", "sent", and two closes
    assert told["paints"] <= 11 * told["seconds"]
    assert grown < 3e6

    received = f"{sent + 2:,}"
    tell_the_truth(notebook, lab, received, rows)


def tell_the_truth(notebook: Any, lab: Any, received: str, rows: int) -> None:
    """Every way to look at it afterwards has the counts and the last frame."""
    page = notebook.page
    counted, last = re.compile(rf"↓ {received} "), page.locator(".wsn-panel .wsn-rows").last
    # A second view, in another cell, of the same model.
    page.evaluate(
        "() => { jupyterapp.shell.currentWidget.content.model.cells.get(2).sharedModel.setSource('session'); }"
    )
    notebook.run_again(2)
    expect(page.locator(".wsn-panel .wsn-count").first).to_have_text(counted)
    assert page.locator(".wsn-panel").count() == 2
    for panel in page.locator(".wsn-panel").all():
        expect(panel.locator(".wsn-count").first).to_have_text(counted)
    expect(last).to_contain_text("close")
    page.wait_for_timeout(200)
    notebook.save()
    exported = lab.export("flood.ipynb")
    assert exported.count("closed (1000") >= 1 and f"{rows:,} frames" in exported
    # The page again, with the kernel still there.
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.isReady", timeout=60_000)
    again = page.locator(".wsn-panel .wsn-count").first
    still = page.locator(".jp-RenderedHTML", has_text=f"{rows:,} frames").first
    expect(again.or_(still).first).to_be_visible()
    # Opened with a new kernel.
    notebook.shut_down()
    notebook.open(lab, "flood.ipynb")
    expect(page.locator(".jp-RenderedHTML", has_text=f"{rows:,} frames").first).to_be_visible()

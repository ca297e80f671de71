"""The panel in a real page: many frames, errors, keys, themes, two views, a reload."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

ECHO = """
import wsnotebook
from wsnotebook.lab import embedded_server, ticker

server = await embedded_server("echo")
session = await wsnotebook.connect(server.url)
"""
BURST = """
import asyncio, wsnotebook
from wsnotebook.lab import embedded_server, ticker

server = await embedded_server(ticker(rate=None, count=100_000))
session = await wsnotebook.connect(server.url)
"""

CONTRAST = """(element) => {
    // WCAG 2: contrast of an element's text with what is painted behind it.
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const parse = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    let behind = [];
    for (let node = element; node; node = node.parentElement) {
        const color = parse(getComputedStyle(node).backgroundColor);
        if (color[3] > 0) behind.unshift(color);
        if (color[3] === 255) break;
    }
    const over = ([r, g, b, a], ground) => [r, g, b].map((value, n) => (value * a + ground[n] * (255 - a)) / 255);
    const ground = behind.reduce((below, color) => over(color, below), [255, 255, 255]);
    const text = over(parse(getComputedStyle(element).color), ground);
    const light = (rgb) => {
        const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [high, low] = [light(text), light(ground)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
}"""


CELLS = """() => {
    const content = jupyterapp.shell.currentWidget.content;
    return [content.mode, content.activeCellIndex, ...[...content.model.cells].map(cell =>
        [cell.sharedModel.source, cell.executionCount, cell.outputs?.length])];
}"""
"""All that a key can change in a notebook."""


@pytest.fixture
def opened(notebook: Any, lab: Any) -> Any:
    """A function that opens a notebook of some cells, runs it, and returns it."""

    def run(*cells: str, page: str = "doc/tree") -> Any:
        lab.write("panel.ipynb", *cells)
        notebook.open(lab, "panel.ipynb", page=page)
        notebook.run_all()
        return notebook

    return run


def send(panel: Any, text: str, kind: str = "Text") -> None:
    panel.get_by_role("button", name=kind, exact=True).click()
    panel.locator(".wsn-text").fill(text)
    panel.get_by_role("button", name="Send").click()


def test_an_empty_panel_says_what_to_do(opened: Any) -> None:
    """Until the first frame comes."""
    panel = opened(ECHO, "session").page.locator(".wsn-panel")
    expect(panel.locator(".wsn-empty")).to_contain_text("press Send")
    send(panel, "first")
    expect(panel.locator(".wsn-empty")).to_be_hidden()


def test_what_is_wrong_is_said_in_the_panel_and_the_session_lives(opened: Any) -> None:
    """Wrong hex, wrong JSON, a close code that may not be sent; then, after the end, a verb too late."""
    panel = opened(ECHO, "session").page.locator(".wsn-panel")
    note = panel.locator(".wsn-controls .wsn-note").last
    send(panel, "4x", "Hex")
    expect(note).to_contain_text("character 2, 'x'")
    send(panel, '{"a"', "JSON")
    expect(note).to_contain_text("line 1")
    panel.get_by_label("close code").fill("1006")
    panel.get_by_role("button", name="Close", exact=True).click()
    expect(note).to_contain_text("1006")
    expect(panel.locator(".wsn-state")).to_have_text("open")
    send(panel, "48 69", "Hex")
    expect(panel.locator(".wsn-row.wsn-in")).to_contain_text("48 69")
    panel.get_by_role("button", name="Terminate").click()
    expect(panel.locator(".wsn-state")).to_have_text("closed")
    expect(panel.locator(".wsn-ending")).to_contain_text("1006")
    expect(panel.get_by_role("button", name="Send")).to_be_disabled()
    panel.get_by_role("button", name="Text", exact=True).click()
    panel.locator(".wsn-text").fill("too late")
    panel.locator(".wsn-text").press("Enter")
    expect(note).to_contain_text("closed")
    expect(panel.locator(".wsn-text")).to_have_value("too late")
    expect(panel.locator(".wsn-row", has_text="too late")).to_have_count(0)


def test_a_hundred_thousand_frames_scroll_from_end_to_end(opened: Any) -> None:
    """The page holds a window; Home, End and the scroll bar reach every row."""
    notebook = opened(BURST, "session", "await session.close_reason; await asyncio.sleep(0.3)")
    panel = notebook.page.locator(".wsn-panel")
    rows, scroller = panel.locator(".wsn-rows .wsn-row"), panel.locator(".wsn-scroller")
    total = notebook.kernel("len(session.log)")
    assert total > 100_000
    expect(rows.last.locator(".wsn-seq")).to_have_text(f"{total - 1:,}")
    scroller.focus()
    scroller.press("Home")
    expect(rows.first.locator(".wsn-seq")).to_have_text("0")
    scroller.press("Enter")
    expect(panel.locator(".wsn-title")).to_have_text("frame 0")
    scroller.evaluate("(element) => { element.scrollTop = element.scrollHeight / 2; }")
    expect(rows.first.locator(".wsn-seq")).to_have_text(f"{total // 2:,}", timeout=10_000)
    assert rows.count() < 40
    scroller.press("End")
    expect(rows.last.locator(".wsn-seq")).to_have_text(f"{total - 1:,}")


def test_a_filter_shows_its_matches_among_a_hundred_thousand_frames(opened: Any) -> None:
    """Counted and scrolled from end to end; a wrong one is told, the emptied box shows all, the frame stays in sight."""
    notebook = opened(BURST, "session", "await session.close_reason; await asyncio.sleep(0.3)")
    panel = notebook.page.locator(".wsn-panel")
    rows, scroller = panel.locator(".wsn-rows .wsn-row"), panel.locator(".wsn-scroller")
    box = panel.get_by_label("filter")
    total = notebook.kernel("len(session.log)")
    seqs = notebook.kernel("[n for n, p in enumerate(session.log.df['payload']) if b'acme' in p.lower()]")
    box.fill("dir:in acme")
    expect(panel.locator(".wsn-found")).to_have_text(f"{len(seqs):,} of {total:,} frames")
    expect(rows.last.locator(".wsn-seq")).to_have_text(f"{seqs[-1]:,}")
    scroller.focus()
    scroller.press("Home")
    expect(rows.nth(1).locator(".wsn-seq")).to_have_text(f"{seqs[1]:,}")
    scroller.press("ArrowDown")
    scroller.press("Enter")
    expect(panel.locator(".wsn-title")).to_have_text(f"frame {seqs[1]}")
    box.fill("dir:up")
    expect(panel.locator(".wsn-complaint")).to_contain_text("takes in, out")
    expect(rows).to_have_count(0)
    box.fill("there is no such payload")
    expect(panel.locator(".wsn-empty")).to_contain_text("No frame matches")
    box.press("Escape")
    expect(panel.locator(".wsn-row[aria-selected=true] .wsn-seq")).to_have_text(f"{seqs[1]:,}")
    expect(panel.locator(".wsn-found")).to_be_empty()


def test_a_filter_follows_what_comes(opened: Any) -> None:
    """New matches appear while frames come, others do not."""
    panel = opened(ECHO, "session").page.locator(".wsn-panel")
    panel.get_by_label("filter").fill("dir:in yes")
    expect(panel.locator(".wsn-empty")).to_contain_text("No frame matches")
    for text in ("yes 1", "no", "YES 2"):
        send(panel, text)
    expect(panel.locator(".wsn-rows .wsn-row bdi")).to_have_text(["yes 1", "YES 2"])
    expect(panel.locator(".wsn-found")).to_have_text("2 of 6 frames")


def test_an_event_is_marked_at_the_frame_after_it_and_the_latest_is_always_seen(opened: Any) -> None:
    """A stall stands before the next frame, in the table and in its facts; the end stands below the rows."""
    before = "await session.send('before'); await session.incoming.receive()"
    stall = "session.log.note('kernel stall', 'the loop stood still for 2 s')"
    panel = opened(ECHO, "session", before, stall, "await session.send('after')").page.locator(".wsn-panel")
    rows = panel.locator(".wsn-rows .wsn-row")
    expect(rows).to_have_count(4)
    expect(panel.locator(".wsn-eventful")).to_have_count(1)
    expect(rows.nth(2).locator(".wsn-event")).to_have_text("kernel stall")
    expect(rows.nth(2).locator(".wsn-event")).to_have_attribute("title", re.compile("stood still for 2 s"))
    rows.nth(2).click()
    expect(panel.locator(".wsn-facts")).to_contain_text("kernel stall: the loop stood still for 2 s")
    expect(panel.locator(".wsn-latest")).to_contain_text("kernel stall")
    panel.get_by_role("button", name="Terminate").click()
    expect(panel.locator(".wsn-latest")).to_contain_text("closed: 1006")


def test_keys_in_the_panel_are_the_panels(opened: Any) -> None:
    """Arrow keys walk over rows and do not move JupyterLab to another cell; Escape closes the inspector."""
    notebook = opened(ECHO, "session", "for n in range(5): await session.send(f'message {n}')")
    panel = notebook.page.locator(".wsn-panel")
    rows = panel.locator(".wsn-rows .wsn-row")
    expect(rows).to_have_count(10)
    active = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
    rows.nth(3).click()
    before = notebook.page.evaluate(active)
    for key in ("ArrowUp", "ArrowUp", "ArrowDown"):
        panel.locator(".wsn-scroller").press(key)
    expect(rows.nth(2)).to_have_attribute("aria-selected", "true")
    expect(panel.locator(".wsn-title")).to_have_text("frame 2")
    panel.locator(".wsn-scroller").press("Escape")
    expect(panel.locator(".wsn-inspector")).to_be_hidden()
    panel.locator(".wsn-text").fill("by key")
    panel.locator(".wsn-text").press("Enter")
    expect(rows.last).to_contain_text("by key")
    assert notebook.page.evaluate(active) == before


KEYS = [
    *"ddxmcvb00zLoiiAYas",
    "Shift+M",
    "Delete",
    "Enter",
    "Shift+Enter",
    "Control+Enter",
    "Alt+Enter",
    "ArrowDown",
]
"""Keys that edit, run or leave a cell, or restart the kernel, where the notebook hears them."""


@pytest.mark.parametrize("page", ["doc/tree", "notebooks"])
def test_no_key_that_is_pressed_in_the_panel_reaches_the_notebook(opened: Any, page: str) -> None:
    """On every kind of control, in JupyterLab and in Notebook 7: cells, outputs, kernel and active cell stay."""
    notebook = opened(ECHO, "session", "await session.send('hello')", page=page)
    panel = notebook.page.locator(".wsn-panel")
    expect(panel.locator(".wsn-rows .wsn-row")).to_have_count(2)
    panel.locator(".wsn-rows .wsn-row").first.click()
    before = notebook.page.evaluate(CELLS)
    for control in (
        ".wsn-tab",
        ".wsn-button:not(.wsn-danger)",
        ".wsn-code",
        ".wsn-scroller",
        ".wsn-follow",
        ".wsn-filter",
    ):
        for key in KEYS:
            panel.locator(control).first.press(key)
    assert notebook.page.evaluate(CELLS) == before
    assert notebook.page.get_by_role("dialog").count() == 0


def test_shift_enter_starts_a_new_line(opened: Any) -> None:
    """And Enter sends both lines as one message."""
    panel = opened(ECHO, "session").page.locator(".wsn-panel")
    box = panel.locator(".wsn-text")
    box.press_sequentially("line 1")
    box.press("Shift+Enter")
    box.press_sequentially("line 2")
    expect(box).to_have_value("line 1\nline 2")
    box.press("Enter")
    expect(panel.locator(".wsn-row.wsn-in")).to_contain_text("line 1\\nline 2")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_text_can_be_read_in_both_themes(opened: Any, theme: str) -> None:
    """Contrast of at least 4.5 for words (WCAG 2 AA), in the panel's own colours on the theme's ground."""
    stall = "session.log.note('kernel stall', 'for 2 s'); await session.send('hello')"
    notebook = opened(ECHO, "session", stall)
    notebook.set_theme(theme)
    panel = notebook.page.locator(".wsn-panel")
    send(panel, "zz", "Hex")
    panel.get_by_label("filter").fill("hello")
    expect(panel.locator(".wsn-found")).to_have_text("2 of 2 frames")
    panel.locator(".wsn-scroller").press("Home")
    panel.locator(".wsn-scroller").press("Enter")
    expect(panel.locator(".wsn-row[aria-selected=true] .wsn-event")).to_have_text("kernel stall")
    expect(panel.locator(".wsn-inspector")).to_be_visible()
    panel.get_by_label("filter").fill("dir:in helo:")
    expect(panel.locator(".wsn-complaint")).to_contain_text("no word")
    words = (
        ".wsn-state, .wsn-name, .wsn-url, .wsn-count, .wsn-text, .wsn-button, .wsn-segment, .wsn-note.wsn-error, "
        ".wsn-head span, .wsn-rows .wsn-row span, .wsn-chip, .wsn-code-text, .wsn-facts dt, .wsn-facts dd, .wsn-tab, .wsn-body, "
        ".wsn-latest span, .wsn-complaint, .wsn-filter, .wsn-found"
    )
    expect(panel.locator(".wsn-controls .wsn-note").last).to_contain_text("hex digit")
    poor = [
        (element.get_attribute("class"), element.text_content(), round(contrast, 2))
        for element in panel.locator(words).all()
        if (element.text_content() or "").strip() and (contrast := element.evaluate(CONTRAST)) < 4.5
    ]
    assert not poor, poor


def test_two_views_scroll_each_for_itself(opened: Any) -> None:
    """The same session shown twice: one panel, two views, and following is the view's own."""
    notebook = opened(ECHO, "session", "session", "for n in range(50): await session.send(f'message {n}')")
    one, two = notebook.page.locator(".wsn-panel").all()
    expect(one.locator(".wsn-rows .wsn-row").last.locator(".wsn-seq")).to_have_text("99")
    one.locator(".wsn-scroller").focus()
    one.locator(".wsn-scroller").press("Home")
    expect(one.locator(".wsn-rows .wsn-row").first.locator(".wsn-seq")).to_have_text("0")
    expect(two.locator(".wsn-follow")).to_have_attribute("aria-pressed", "true")
    send(one, "one more")
    expect(two.locator(".wsn-rows .wsn-row").last).to_contain_text("one more")
    expect(one.locator(".wsn-rows .wsn-row").first.locator(".wsn-seq")).to_have_text("0")


def test_a_reloaded_page_finds_its_panel_again(opened: Any, lab: Any) -> None:
    """The kernel lives on: state and rows are there, and a click is answered."""
    notebook = opened(ECHO, "session", "await session.send('before the reload')")
    expect(notebook.page.locator(".wsn-row.wsn-in")).to_contain_text("before the reload")
    notebook.save()
    notebook.page.reload()
    notebook.open(lab, "panel.ipynb")
    panel = notebook.page.locator(".wsn-panel")
    expect(panel.locator(".wsn-row.wsn-in")).to_contain_text("before the reload")
    send(panel, "after the reload")
    expect(panel.locator(".wsn-row.wsn-in").last).to_contain_text("after the reload")

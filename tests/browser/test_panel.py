"""The panel in a real page: many frames, errors, keys, themes, two views, a reload."""

from __future__ import annotations

import html
import os
import re
import signal
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
    panel.get_by_role("button", name="Send", exact=True).click()


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
    expect(panel.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    panel.get_by_role("button", name="Text", exact=True).click()
    panel.locator(".wsn-text").fill("too late")
    panel.locator(".wsn-text").press("Enter")
    expect(note).to_contain_text("closed")
    expect(panel.locator(".wsn-text")).to_have_value("too late")
    expect(panel.locator(".wsn-row", has_text="too late")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 600])
def test_a_note_stands_beside_the_handshake_and_an_empty_one_takes_no_line(opened: Any, width: int) -> None:
    """So that there is no gap above the table, and the table does not move when something is said."""
    page = opened(ECHO, "session").page
    page.set_viewport_size({"width": width, "height": 900})
    controls = page.locator(".wsn-panel .wsn-controls")
    handshake, note = controls.get_by_text("Handshake", exact=True), controls.locator(".wsn-note").last
    below = lambda: handshake.evaluate(  # noqa: E731 - of this test
        "(element) => element.closest('.wsn-controls').getBoundingClientRect().bottom - element.getBoundingClientRect().bottom"
    )
    assert (empty := below()) < 12
    controls.get_by_role("button", name="Ping", exact=True).click()
    expect(note).to_contain_text("ms")
    assert below() == empty


def test_every_way_to_send_reaches_the_wire(opened: Any, lab: Any) -> None:
    """Base64, a file, a ping with data, fragments, a row again, a named message, and one that is repeated until Stop."""
    panel = opened(ECHO, "session").page.locator(".wsn-panel")
    note = panel.locator(".wsn-controls .wsn-note").last
    rows = panel.locator(".wsn-rows .wsn-row")
    send(panel, "SGVsbG8=", "Base64")
    expect(rows.last).to_contain_text("48 65 6c 6c 6f")
    panel.get_by_label("file to send").set_input_files(
        {"name": "three.bin", "mimeType": "application/octet-stream", "buffer": b"\xff\x00\x01"}
    )
    expect(panel.locator(".wsn-file")).to_have_text("three.bin, 3 B")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(rows.last).to_contain_text("ff 00 01")
    panel.get_by_text("More ways to send").click()
    panel.get_by_label("fragments").fill("2")
    send(panel, "split me")
    expect(note).to_have_text("sent text, 8 bytes in 2 fragments")
    panel.get_by_label("fragments").fill("")
    panel.get_by_label("type of frame").select_option("ping")
    send(panel, "are you there")
    expect(panel.locator(".wsn-row", has_text="pong")).to_contain_text("are you there")
    panel.get_by_label("type of frame").select_option("")
    rows.first.click()
    panel.get_by_role("button", name="Send again").click()
    expect(panel.locator(".wsn-row", has_text="48 65 6c 6c 6f")).to_have_count(4)
    panel.get_by_role("button", name="JSON", exact=True).click()
    panel.locator(".wsn-text").fill('{"id":9007199254740993}')
    panel.get_by_role("button", name="Lay out").click()
    panel.get_by_label("name of the message").fill("subscribe")
    panel.get_by_role("button", name="Keep").click()
    expect(note).to_contain_text("ws-messages.toml")
    assert '"id": 9007199254740993' in (lab.root / "ws-messages.toml").read_text()
    panel.locator(".wsn-text").fill("")
    panel.get_by_label("named messages").select_option("subscribe")
    expect(panel.locator(".wsn-text")).to_have_value('{\n  "id": 9007199254740993\n}')
    panel.get_by_label("seconds between two").fill("0.05")
    panel.get_by_role("button", name="Repeat").click()
    panel.get_by_role("button", name=re.compile("Stop: every 0.05 s")).click()
    expect(note).to_contain_text("stopped after")
    expect(panel.locator(".wsn-stop")).to_be_hidden()


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
    # By its words: a loaded machine has stalls of its own.
    expect(panel.locator(".wsn-event[title*='stood still for 2 s']")).to_have_count(1)
    expect(rows.nth(2).locator(".wsn-event")).to_contain_text("kernel stall")
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
        ".wsn-view-tab",
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
    expect(panel.locator(".wsn-row[aria-selected=true] .wsn-event")).to_contain_text("kernel stall")
    expect(panel.locator(".wsn-inspector")).to_be_visible()
    panel.get_by_label("filter").fill("dir:in helo:")
    expect(panel.locator(".wsn-complaint")).to_contain_text("no word")
    words = (
        ".wsn-figure, .wsn-label, summary, "
        ".wsn-state, .wsn-name, .wsn-url, .wsn-count, .wsn-text, .wsn-button, .wsn-segment, .wsn-note.wsn-error, "
        ".wsn-head span, .wsn-rows .wsn-row span, .wsn-chip, .wsn-code-text, .wsn-facts dt, .wsn-facts dd, .wsn-view-tab, .wsn-body, "
        ".wsn-latest span, .wsn-complaint, .wsn-filter, .wsn-found"
    )
    expect(panel.locator(".wsn-controls .wsn-note").last).to_contain_text("hex digit")
    poor = [
        (element.get_attribute("class"), element.text_content(), round(contrast, 2))
        for element in panel.locator(words).all()
        if (element.text_content() or "").strip() and (contrast := element.evaluate(CONTRAST)) < 4.5
    ]
    assert not poor, poor


SIGN = "(element) => getComputedStyle(element, '::before').content"


FORM = """(element) => {
    const style = getComputedStyle(element), before = getComputedStyle(element, "::before");
    return [style.borderLeftStyle, style.borderLeftWidth, style.textDecorationLine, style.outlineStyle, before.content].join();
}"""
"""What forced colours leave: borders, lines, signs."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_high_contrast_tells_rows_and_toggles_apart_by_their_form(opened: Any, scheme: str) -> None:
    """A match, what matches in it, a frame that breaks a rule, a mark, and a toggle that is off."""
    rude = ECHO.replace('"echo"', '"rude"').replace("server.url", "server.url, raw=True")
    sends = (
        "for word in ('rsv2', 'a match', 'other'): await session.send(word); await session.incoming.receive()"
    )
    notebook = opened(rude, "session", sends)
    notebook.page.emulate_media(forced_colors="active", color_scheme=scheme)
    panel = notebook.page.locator(".wsn-panel")
    panel.get_by_label("filter").fill("match")
    panel.get_by_role("button", name="Only matches").click()
    expect(panel.locator(".wsn-match")).to_have_count(1)
    rows = panel.locator(".wsn-rows .wsn-row")
    forms = [rows.filter(has_text=text).first.evaluate(FORM) for text in ("other", "violation", "a match")]
    assert len(set(forms)) == 3, forms
    payload = panel.locator(".wsn-match .wsn-payload bdi")
    assert payload.locator(".wsn-hit").evaluate(FORM) != payload.evaluate(FORM)
    assert panel.locator(".wsn-mark").first.evaluate(FORM) != payload.evaluate(FORM)
    toggle = panel.get_by_role("button", name=re.compile("Masked$"))
    is_on = toggle.evaluate(FORM)
    toggle.click()
    assert panel.get_by_role("button", name="Unmasked").evaluate(FORM) != is_on


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_high_contrast_keeps_the_state_readable(opened: Any, scheme: str) -> None:
    """Forced colours take every colour of ours: what is open, chosen and selected differs in form."""
    notebook = opened(ECHO, "session", "await session.send('hello')")
    panel = notebook.page.locator(".wsn-panel")
    notebook.page.emulate_media(forced_colors="active", color_scheme=scheme)
    panel.locator(".wsn-rows .wsn-row").first.click()
    kinds = panel.locator(".wsn-segment")
    borders = "(element) => getComputedStyle(element).borderTopWidth"
    assert kinds.nth(0).evaluate(borders) != kinds.nth(1).evaluate(borders)
    ground = "(element) => getComputedStyle(element).backgroundColor"
    rows = panel.locator(".wsn-rows .wsn-row")
    expect(rows.first).to_have_attribute("aria-selected", "true")
    assert rows.first.evaluate(ground) != rows.last.evaluate(ground)
    is_open = panel.locator(".wsn-state").evaluate(SIGN)
    panel.get_by_role("button", name="Terminate").click()
    expect(panel.locator(".wsn-state")).to_have_text("closed")
    assert panel.locator(".wsn-state").evaluate(SIGN) != is_open


def test_a_narrow_panel_keeps_its_payloads_readable(opened: Any) -> None:
    """At 500 px half of the width is theirs, nothing sticks out, and Send stays beside its box."""
    panel = opened(ECHO, "session", "await session.send('hello')").page.locator(".wsn-panel")
    panel.evaluate("(element) => { element.style.width = '500px'; }")
    expect(panel.locator(".wsn-h-size")).to_have_count(0)
    box = panel.locator(".wsn-rows .wsn-payload").first.bounding_box()
    assert box["width"] >= 240
    right = panel.bounding_box()["x"] + 500
    for part in panel.locator(".wsn-controls :is(button, input, textarea, span, summary):visible").all():
        edges = part.bounding_box()
        assert edges["x"] + edges["width"] <= right, part.evaluate("(element) => element.outerHTML")
    text, sending = (panel.locator(part).bounding_box() for part in (".wsn-text", "button:text-is('Send')"))
    assert abs(text["y"] - sending["y"]) < 4 and text["x"] + text["width"] < sending["x"]


LINES = {
    "to send": [".wsn-segment >> nth=0", "button:has-text('File…')", ".wsn-text", "button:text-is('Send')"],
    "how it is sent": [".wsn-more > summary", "button:has-text('Masked')", "button:has-text('Compressed')"],
    "settings": [
        "button:text-is('Ping')",
        ".wsn-setting >> nth=0",
        ".wsn-setting >> nth=1",
        "button:text-is('Pongs')",
    ],
    "closing": [
        ".wsn-code",
        ".wsn-codes",
        ".wsn-reason",
        "button:text-is('Close')",
        "button:has-text('Terminate')",
    ],
    "filter": [".wsn-filter", *(f".wsn-tools .wsn-chip >> nth={place}" for place in range(6))],
    "view": [
        ".wsn-copy-menu",
        "button:text-is('Clear')",
        "button:text-is('Columns')",
        ".wsn-pause",
        ".wsn-follow",
    ],
    "inspector": [
        ".wsn-title",
        "button:text-is('Send again')",
        "button:text-is('Save')",
        "[title^='Close the insp']",
    ],
}
"""What stands in one line at each width, from left to right."""


def test_a_cleared_list_shows_what_comes_from_now_on(opened: Any) -> None:
    """By its filter: all rows are there again when the box is emptied."""
    panel = opened(ECHO, "session", "for n in range(5): await session.send('before')").page.locator(
        ".wsn-panel"
    )
    rows = panel.locator(".wsn-rows .wsn-row")
    expect(rows).to_have_count(10)
    panel.get_by_role("button", name="Clear").click()
    expect(panel.locator(".wsn-found")).to_have_text("0 of 10 frames")
    send(panel, "after")
    expect(panel.locator(".wsn-found")).to_have_text("2 of 12 frames")
    expect(rows).to_have_count(2)
    panel.get_by_label("filter").press("Escape")
    expect(rows).to_have_count(12)


@pytest.mark.parametrize("width", [600, 660, 800, 1000])
def test_what_belongs_together_stands_in_one_line(opened: Any, width: int) -> None:
    """From 600 px on no line breaks in the middle of what it is for, and nothing sticks out; the narrowest also when more is shown."""
    notebook = opened(ECHO, "session", "for n in range(9): await session.send('hello')")
    notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    panel = notebook.page.locator(".wsn-panel")
    panel.evaluate("(element, width) => { element.style.width = `${width}px`; }", width)
    panel.locator(".wsn-rows .wsn-row").nth(2).click()
    expect(panel.locator(".wsn-inspector")).to_be_visible()
    expect(panel.locator(".wsn-text")).to_have_css(
        "overflow", "hidden"
    )  # its hint may be longer than the box
    right = panel.bounding_box()["x"] + width
    for name, parts in LINES.items():
        boxes = [panel.locator(part).bounding_box() for part in parts]
        middles = [box["y"] + box["height"] / 2 for box in boxes]
        assert max(middles) - min(middles) < 4, (name, middles)
        edges = [edge for box in boxes for edge in (box["x"], box["x"] + box["width"])]
        assert edges == sorted(edges) and edges[-1] <= right, (name, edges)
    ping, close = (panel.locator(LINES[name][-1]).bounding_box()["y"] for name in ("settings", "closing"))
    assert (ping == close) == (width == 1000)


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


RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
FOLLOWED_MS = 20_000  # the text follows every 5 s; the rest is for a loaded machine
GONE_MS = 4000  # 2 s are promised; the rest is for a loaded machine
PID = "__import__('os').getpid()"


@pytest.mark.parametrize("end", ["restarted", "killed"])
def test_a_panel_whose_kernel_is_gone_says_so_and_is_grey(opened: Any, end: str) -> None:
    """Also of a process that was killed, which a front end hears of seconds later; a green "open" would be a lie."""
    notebook = opened(ECHO, "session", "await session.send('hello')")
    panel = notebook.page.locator(".wsn-panel")
    state = panel.locator(".wsn-state")
    expect(state).to_have_text("open")
    if end == "restarted":
        notebook.page.evaluate(RESTART)
    else:
        os.kill(notebook.kernel(PID), signal.SIGKILL)
    expect(state).to_have_text("kernel gone", timeout=GONE_MS)
    expect(panel.get_by_role("alert").filter(has_text="Run the cells again")).to_be_visible()
    expect(panel.locator(".wsn-controls > .wsn-line").first).to_have_css("filter", "grayscale(1)")
    expect(panel.locator(".wsn-table .wsn-frame")).to_have_css("filter", "grayscale(1)")
    expect(panel.get_by_role("button", name="Send", exact=True)).to_be_disabled()


def test_a_panel_whose_kernel_is_busy_says_so_and_comes_back(opened: Any) -> None:
    """A blocking cell is no end: state and colours return with the first word of the kernel."""
    notebook = opened(ECHO, "session", "await session.send('hello')")
    panel = notebook.page.locator(".wsn-panel")
    expect(panel.locator(".wsn-state")).to_have_text("open")
    notebook.start("import time; time.sleep(4)")
    expect(panel.locator(".wsn-state")).to_have_text("no answer")
    busy = panel.get_by_role("alert").filter(has_text="busy with a cell")
    expect(busy).to_be_visible()
    expect(panel.locator(".wsn-state")).to_have_text("open")
    expect(busy).to_have_count(0)


def test_a_saved_notebook_shows_how_the_session_ended(opened: Any, lab: Any) -> None:
    """Not the state of the display: in the file, in its HTML export, and where it is opened with a new kernel."""
    notebook = opened(
        ECHO,
        "session",
        "for n in range(3): await session.send(f'message {n}')",
        "await session.close(4001, 'enough')",
    )
    panel = notebook.page.locator(".wsn-panel")
    expect(panel.locator(".wsn-state")).to_have_text("closed")
    still = notebook.page.get_by_text("WebSocket session")
    expect(still).to_contain_text("closed (4001: 'enough', by local), 8 frames")
    expect(still).to_be_hidden()  # the live view stands there
    notebook.save()
    exported = lab.export("panel.ipynb")
    assert "closed (4001: &#39;enough&#39;, by local), 8 frames" in html.unescape(exported).replace(
        "'", "&#39;"
    )
    assert "<svg" in exported and "timeline" in exported
    notebook.shut_down()
    notebook.open(lab, "panel.ipynb")
    expect(notebook.page.get_by_text("WebSocket session")).to_be_visible()
    expect(notebook.page.locator(".jp-RenderedHTML")).to_contain_text("message 2")
    expect(notebook.page.locator(".jp-RenderedHTML").get_by_role("img", name="timeline")).to_be_visible()


def test_a_notebook_that_is_saved_while_the_session_lives_shows_what_it_had(opened: Any) -> None:
    """The text below the live view follows it every few seconds."""
    notebook = opened(ECHO, "session", "await session.send('hello'); await session.receive()")
    still = notebook.page.get_by_text("WebSocket session")
    expect(still).to_contain_text("open, 2 frames", timeout=FOLLOWED_MS)


def test_a_message_is_decoded_in_the_inspector(opened: Any) -> None:
    """By the protocol that is guessed, or by a decoder that a person chooses."""
    call = '{"jsonrpc": "2.0", "id": 1, "method": "price", "params": ["A"]}'
    notebook = opened(ECHO, "session", f"await session.send('{call}')")
    panel = notebook.page.locator(".wsn-panel")
    panel.locator(".wsn-rows .wsn-row").first.click()
    panel.get_by_role("tab", name="Decoded").click()
    expect(panel.locator(".wsn-as-decoded")).to_contain_text("request")
    expect(panel.locator(".wsn-inspector .wsn-cut")).to_contain_text("jsonrpc: ")
    panel.get_by_label("decoder").select_option("msgpack")
    expect(panel.locator(".wsn-inspector .wsn-cut")).to_contain_text("msgpack: it was named")
    expect(panel.locator(".wsn-as-decoded")).to_contain_text("error")


def test_what_is_sent_is_filled_compressed_and_counted(opened: Any) -> None:
    """Variables by their switch, compression by its toggle, which code changes too, and the rate as a line that says it."""
    notebook = opened(ECHO, 'symbol = "ACME"', "session")
    panel = notebook.page.locator(".wsn-panel")
    rows, note = panel.locator(".wsn-rows .wsn-row"), panel.locator(".wsn-controls .wsn-note").last
    panel.get_by_text("More ways to send").click()
    panel.get_by_label("{variables}").check()
    send(panel, '{"s": "{symbol}", "n": {missing}}', "JSON")
    expect(note).to_contain_text("there is no variable missing: set it in a cell")
    expect(rows).to_have_count(0)
    send(panel, '{"s": "{symbol}"}', "JSON")
    expect(rows.last).to_contain_text('{"s": "ACME"}')
    compressed = panel.get_by_role("button", name=re.compile("Compressed$"))  # a dot stands before it
    compressed.click()
    toggle = panel.get_by_role("button", name="Uncompressed")
    expect(toggle).to_be_visible()
    send(panel, "as it is")
    expect(rows.last).to_contain_text("as it is")
    assert notebook.kernel("session.df.query(\"direction == 'out'\").rsv1.tolist()") == [True, False]
    notebook.start("session.extensions[0].compresses = True")
    expect(compressed).to_be_visible()
    expect(panel.locator(".wsn-sparkline")).to_have_attribute(
        "aria-label", re.compile(r"out \d+, at most [12]$")
    )

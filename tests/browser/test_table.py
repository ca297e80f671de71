"""The table in a real page, by itself: a million rows, narrow and wide, sessions that share a log."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.long

MILLION = """
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets import FrameTable
from wsnotebook.wire.batch import Batch, Flag

log = FrameLog()
log.register(Connection("feed"))
for n in range(10_000):
    batch = Batch()
    for place in range(100):
        batch.add(0x81, b'{"n": %d, "price": 100}' % (100 * n + place), Flag.TEXT)
    log.append(batch, 0, "in", 1_700_000_000_000_000_000 + n * 10_000_000, n * 10_000_000)
table = FrameTable(log)
"""

DRAG = """async (scroller) => {
    // The thumb goes from top to bottom in three seconds; before each paint, what will be painted is looked at.
    const paints = { all: 0, whole: 0, places: new Set(), labels: new Set() };
    const end = scroller.scrollHeight - scroller.clientHeight, begun = performance.now();
    for (let passed = 0; passed < 3000; passed = performance.now() - begun) {
        scroller.scrollTop = end * passed / 3000;
        await new Promise(requestAnimationFrame);
        const rows = [...scroller.querySelectorAll(".wsn-rows .wsn-row")];
        paints.all += 1;
        paints.whole += rows.length > 10 && rows.every((row) => /\\d$/.test(row.querySelector(".wsn-seq").textContent) &&
            row.querySelector(".wsn-time").textContent && row.querySelector("bdi")?.textContent.startsWith('{"n"'));
        paints.places.add(rows[0]?.dataset.place);
        const where = scroller.parentElement.querySelector(".wsn-where");
        if (!where.hidden) paints.labels.add(where.textContent);
    }
    scroller.scrollTop = end;
    return { ...paints, places: paints.places.size, labels: [...paints.labels] };
}"""


@pytest.fixture
def opened(notebook: Any, lab: Any) -> Any:
    """A function that opens a notebook of some cells, runs it, and returns it."""

    def run(*cells: str) -> Any:
        lab.write("table.ipynb", *cells)
        notebook.open(lab, "table.ipynb")
        notebook.run_all()
        return notebook

    return run


def test_a_dragged_scroll_bar_shows_whole_rows_on_its_way(opened: Any) -> None:
    """Over a million rows: nine of ten paints are whole, the rows follow, and number and time of the place are told."""
    page = opened(MILLION, "table").page
    scroller, rows = page.locator(".wsn-scroller"), page.locator(".wsn-rows .wsn-row")
    expect(rows.last.locator(".wsn-seq")).to_have_text("999,999")
    scroller.evaluate("(element) => { element.scrollTop = 0; }")
    expect(rows.first.locator(".wsn-seq")).to_have_text("0")
    paints = scroller.evaluate(DRAG)
    assert paints["all"] > 30 and paints["whole"] >= 0.9 * paints["all"], paints
    assert paints["places"] > 10, paints
    assert any("≈ 2" in label for label in paints["labels"]), paints
    expect(rows.last.locator(".wsn-seq")).to_have_text("999,999")


def test_a_narrow_table_keeps_its_numbers_whole_and_half_of_it_for_the_payload(opened: Any) -> None:
    """At 500 px nothing but a payload is cut; the times have their zone."""
    style = "table.layout.width = '500px'; table"
    page = opened(MILLION, style).page
    table, rows = page.locator(".wsn-table"), page.locator(".wsn-rows .wsn-row")
    expect(rows.last.locator(".wsn-seq")).to_have_text("999,999")
    expect(table.locator(".wsn-h-time")).to_have_text("time UTC")
    cut = "(row) => [...row.children].filter(cell => !cell.matches('.wsn-payload') && cell.scrollWidth > cell.clientWidth).length"
    assert rows.last.evaluate(cut) == 0 and table.locator(".wsn-head").evaluate(cut) == 0
    assert rows.last.locator(".wsn-payload").evaluate("(cell) => cell.clientWidth") > 225


SHARED = """
import wsnotebook
from wsnotebook.lab import embedded_server

server = await embedded_server("echo")
log = wsnotebook.FrameLog()
one = await wsnotebook.connect(server.url, name="one", log=log)
two = await wsnotebook.connect(server.url, name="two", log=log)
for n in range(3):
    await one.send(f"first {n}"); await one.receive()
await two.send("second"); await two.receive()
"""


def test_each_session_of_a_shared_log_shows_its_own_rows(opened: Any) -> None:
    """A table of the whole log has a column that tells them apart."""
    page = opened(SHARED, "one", "two", "from wsnotebook.widgets import FrameTable; FrameTable(log)").page
    tables = page.locator(".wsn-table")
    expect(tables.nth(0).locator(".wsn-rows .wsn-row")).to_have_count(6)
    expect(tables.nth(1).locator(".wsn-rows .wsn-row")).to_have_count(2)
    expect(tables.nth(1).locator(".wsn-payload").last).to_have_text("second")
    expect(tables.nth(2).locator(".wsn-rows .wsn-row")).to_have_count(8)
    expect(tables.nth(2).locator(".wsn-session").last).to_have_text("two")
    tables.nth(0).get_by_label("filter").fill("second")
    expect(tables.nth(0).locator(".wsn-found")).to_have_text("0 of 6 frames")


def test_a_loaded_recording_is_something_to_look_at(opened: Any) -> None:
    """As the last line of a cell: rows, filter and inspector; the saved notebook has its last rows."""
    notebook = opened(
        SHARED + "path = log.save('shown.har')", "import wsnotebook; wsnotebook.load('shown.har')"
    )
    table = notebook.page.locator(".wsn-table")
    expect(table.locator(".wsn-rows .wsn-row")).to_have_count(8)
    table.get_by_label("filter").fill("dir:out second")
    expect(table.locator(".wsn-found")).to_have_text("1 of 8 frames")
    table.locator(".wsn-rows .wsn-row").click()
    expect(table.locator(".wsn-body")).to_have_text("second")
    assert "second" in "".join(notebook.outputs()[1][0]["data"]["text/html"])


LARGE = """
import json
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets import FrameTable
from wsnotebook.wire.batch import Batch, Flag

log = FrameLog()
log.register(Connection("feed"))
batch = Batch()
batch.add(0x81, b"x" * 5_000_000, Flag.TEXT)
batch.add(0x81, json.dumps({"trade": {"price": 1.5, "<b>": ["\\u202e"] * 300}}).encode(), Flag.TEXT)
log.append(batch, 0, "in", 5, 5)
table = FrameTable(log)
"""


def test_a_frame_of_five_megabytes_opens_in_part_and_can_be_had_whole(opened: Any) -> None:
    """What is cut is said; the next part is appended, and the whole is saved as a file."""
    page = opened(LARGE, "table").page
    rows, body = page.locator(".wsn-rows .wsn-row"), page.locator(".wsn-body")
    rows.first.click()
    expect(page.locator(".wsn-cut")).to_contain_text("first 65,536 of 5,000,000 bytes")
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".wsn-cut")).to_contain_text("first 131,072 of 5,000,000 bytes")
    assert len(body.text_content()) == 131_072
    with page.expect_download() as download:
        page.get_by_role("button", name="Save", exact=True).click()
    assert download.value.path().stat().st_size == 5_000_000


def test_json_folds_and_is_text(opened: Any) -> None:
    """A long list is folded at first, and unfolds in parts; keys and values are never markup."""
    page = opened(LARGE, "table").page
    page.locator(".wsn-rows .wsn-row").last.click()
    tree = page.locator(".wsn-tree")
    expect(tree.locator(".wsn-number")).to_have_text("1.5")
    expect(tree.locator(".wsn-string")).to_have_count(0)
    tree.locator("summary", has_text="<b>").click()
    expect(tree.locator(".wsn-string")).to_have_count(200)
    expect(tree.locator(".wsn-string").first).to_have_text('"\\u202e"')
    tree.get_by_role("button", name="100 more").click()
    expect(tree.locator(".wsn-string")).to_have_count(300)
    expect(tree.locator("b")).to_have_count(0)

"""The table in a real page, by itself: a million rows, narrow and wide, sessions that share a log."""

from __future__ import annotations

from typing import Any

import pandas as pd
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
    """Over a million rows: most paints are whole, the rows follow, and number and time of the place are told."""
    page = opened(MILLION, "table").page
    scroller, rows = page.locator(".wsn-scroller"), page.locator(".wsn-rows .wsn-row")
    expect(rows.last.locator(".wsn-seq")).to_have_text("999,999")
    scroller.evaluate("(element) => { element.scrollTop = 0; }")
    expect(rows.first.locator(".wsn-seq")).to_have_text("0")
    paints = scroller.evaluate(DRAG)
    # 95 in 100 on a quiet machine; 2 before stale requests were dropped. Half is far from both, whatever else runs.
    assert paints["all"] > 10 and paints["whole"] >= 0.5 * paints["all"], paints
    assert paints["places"] > 5, paints
    assert any("≈ 2" in label for label in paints["labels"]), paints
    expect(rows.last.locator(".wsn-seq")).to_have_text("999,999")


FED = """
import asyncio
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets import FrameTable
from wsnotebook.wire.batch import Batch, Flag

log = FrameLog()
log.register(Connection("feed"))

def add(count):
    batch = Batch()
    for place in range(count):
        batch.add(0x81, b"%d" % (log.end + place), Flag.TEXT)
    log.append(batch, 0, "in", 1_700_000_000_000_000_000 + log.end, log.end)

async def feed():
    while True:
        add(10)
        await asyncio.sleep(0.05)

add(1000)
feeding = asyncio.ensure_future(feed())
table = FrameTable(log)
"""

AFTER_LAYOUT = "void element.clientHeight; await new Promise(requestAnimationFrame); await new Promise((done) => setTimeout(done, 400));"
GEOMETRY = {
    "taller": "element.style.height = '500px';",
    "lower": "element.style.height = '150px';",
    "hidden": f"root.style.display = 'none'; {AFTER_LAYOUT} root.style.display = '';",
    "unstyled": f"const sheets = [...document.styleSheets]; for (const each of sheets) each.disabled = true; {AFTER_LAYOUT} for (const each of sheets) each.disabled = false;",
    "out of sight": f"const place = root.nextSibling, home = root.parentElement; root.remove(); {AFTER_LAYOUT} home.insertBefore(root, place);",
    "moved": "const home = root.parentElement; home.append(root);",
}
"""What a front end does to a table: a dragged edge, a collapsed cell, a theme on its way, a cell scrolled away, or moved."""


def test_only_a_person_ends_following(opened: Any) -> None:
    """Not a theme, nor another size of the window or the cell, nor a cell that is moved; while frames come."""
    notebook = opened(FED, "table")
    page = notebook.page
    scroller, follow = page.locator(".wsn-scroller"), page.locator(".wsn-follow")

    def follows(after: str) -> None:
        page.wait_for_timeout(500)  # frames come, and the rows go on
        assert follow.text_content() == "Following", after
        page.wait_for_function(
            "(end) => Number([...document.querySelectorAll('.wsn-rows .wsn-seq')].at(-1)?.textContent.replaceAll(',', '')) >= end",
            arg=notebook.kernel("log.end"),
        )

    follows("nothing")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.set_theme(theme)
        follows(theme)
    for size in ({"width": 600, "height": 400}, {"width": 1280, "height": 1000}):
        page.set_viewport_size(size)
        follows(str(size))
    for name, change in GEOMETRY.items():
        scroller.evaluate(
            f"async (element) => {{ const root = element.closest('.wsn-table'); {change} {AFTER_LAYOUT} }}"
        )
        follows(name)
    scroller.evaluate("(element) => { element.scrollTop -= 300; }")
    expect(follow).to_contain_text("new")


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
    assert "second" in "".join(notebook.outputs()[1][-1]["data"]["text/html"])


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
batch.add(0x81, json.dumps({"trade": {"price": 1.5, "two  words": None, "<b>": ["\\u202e"] * 300}}).encode(), Flag.TEXT)
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
    """A long list is folded at first, and unfolds in parts; keys and values are never markup, and keep their spaces."""
    page = opened(LARGE, "table").page
    row, tree = page.locator(".wsn-rows .wsn-row").last, page.locator(".wsn-tree")
    row.click()
    expect(tree.locator(".wsn-word")).to_have_text("null")
    assert "two  words" in row.inner_text() and "two  words: null" in tree.inner_text()
    expect(tree.locator(".wsn-number")).to_have_text("1.5")
    expect(tree.locator(".wsn-string")).to_have_count(0)
    tree.locator("summary", has_text="<b>").click()
    expect(tree.locator(".wsn-string")).to_have_count(200)
    expect(tree.locator(".wsn-string").first).to_have_text('"\\u202e"')
    tree.get_by_role("button", name="100 more").click()
    expect(tree.locator(".wsn-string")).to_have_count(300)
    expect(tree.locator("b")).to_have_count(0)


def test_the_matches_are_walked_over_among_all_rows(opened: Any) -> None:
    """Of a million: n and N go from one to the next, which is counted and marked; the others stay."""
    page = opened(MILLION, "table").page
    table = page.locator(".wsn-table")
    table.get_by_label("filter").fill("seq>=999990 -seq:999995")
    expect(table.locator(".wsn-found").first).to_have_text("9 of 1,000,000 frames")
    table.get_by_role("button", name="Only matches").click()
    expect(table.locator(".wsn-rows .wsn-match")).to_have_count(9)
    table.locator(".wsn-scroller").focus()
    page.keyboard.press("Home")
    expect(table.locator(".wsn-rows .wsn-seq").first).to_have_text("0")
    page.keyboard.press("n")
    expect(table.locator(".wsn-position")).to_have_text("match 1 of 9")
    expect(table.locator(".wsn-match.wsn-cursor .wsn-seq")).to_have_text("999,990")
    page.keyboard.press("Shift+N")
    expect(table.locator(".wsn-position")).to_have_text("match 9 of 9")
    expect(table.locator(".wsn-match.wsn-cursor .wsn-seq")).to_have_text("999,999")
    table.get_by_role("button", name="Only matches").click()
    expect(table.locator(".wsn-rows .wsn-row")).to_have_count(9)


SEARCHED = """async (table) => {
    // What the bar shows until the search has ended, and how many requests the kernel answers meanwhile.
    const bar = table.querySelector("progress"), found = table.querySelector(".wsn-found"), shown = [];
    const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
    let answered = 0;
    while (!/frames$/.test(found.textContent)) {
        await kernel.requestExecute({ code: "1", silent: true }).done;
        if (!bar || bar.hidden || /frames$/.test(found.textContent)) continue;
        answered += 1;
        if (shown.at(-1) !== bar.value) shown.push(bar.value);
    }
    return { answered, shown, isHidden: bar?.hidden };
}"""


def test_a_long_search_shows_its_progress_and_the_kernel_answers_meanwhile(opened: Any) -> None:
    """A bar that moves on and goes away; a search that is given up leaves all rows, and no bar."""
    table = opened(MILLION, "table").page.locator(".wsn-table")
    table.get_by_label("filter").fill("$.n>=999990")
    seen = table.evaluate(SEARCHED)
    assert seen["answered"] > 1 and len(seen["shown"]) > 1 and seen["isHidden"]
    assert seen["shown"] == sorted(seen["shown"]) and seen["shown"][-1] < 1
    expect(table.locator(".wsn-found").first).to_have_text("10 of 1,000,000 frames")
    table.get_by_label("filter").fill("$.n<999990")
    expect(table.get_by_role("progressbar")).to_be_visible()
    table.get_by_label("filter").press("Escape")
    expect(table.get_by_role("progressbar")).to_be_hidden()
    expect(table.locator(".wsn-rows .wsn-seq").first).to_be_visible()


def test_columns_are_chosen_by_keys_and_their_widths_dragged(opened: Any) -> None:
    """What was chosen is in the traits, in a second view, and after the page was loaded again."""
    notebook = opened(MILLION, "table", "table")
    page, table = notebook.page, notebook.page.locator(".wsn-table").first
    button = table.get_by_role("button", name="Columns", exact=True)
    button.focus()
    for key in ("Enter", "ArrowDown", "ArrowDown", "Space", "Escape"):
        page.keyboard.press(key)
    expect(button).to_be_focused()
    for view in page.locator(".wsn-table").all():
        expect(view.locator(".wsn-h-delta")).to_have_text("Δ before")
    expect(table.locator(".wsn-rows .wsn-delta").last).to_be_visible()
    grip = table.get_by_role("separator", name="width of time UTC")
    grip.hover()  # waits until it stands still
    edge, before = grip.bounding_box(), table.locator(".wsn-rows .wsn-time").last.bounding_box()
    page.mouse.move(edge["x"] + 3, edge["y"] + 8)
    page.mouse.down()
    page.mouse.move(edge["x"] + 63, edge["y"] + 8)
    page.mouse.up()
    after = table.locator(".wsn-rows .wsn-time").last.bounding_box()
    assert after["width"] == pytest.approx(before["width"] + 60, abs=2)
    grip.focus()
    page.keyboard.press("ArrowLeft")
    expect(grip).to_be_focused()
    expect(table.locator(".wsn-rows .wsn-time").last).to_have_css("width", f"{after['width'] - 8:g}px")
    chosen = ["seq", "time", "delta", "direction", "type", "size", "payload"]
    notebook.kernel_comes_to("[table.columns, table.widths]", [chosen, {"time": after["width"] - 8}])
    another = "(lambda each: [each.columns, each.widths])(FrameTable(log))"
    assert notebook.kernel(another) == [chosen, {"time": after["width"] - 8}]


def test_decoded_types_are_a_column(opened: Any) -> None:
    """Of a hundred thousand frames: unknown at first at the end, and there once all before are read; known at once at the begin."""
    notebook = opened(
        MILLION.replace("10_000):", "1_000):").replace('{"n": %d,', '{"type": "t%d",'),
        "table.columns = ['seq', 'decoded', 'payload']; table",
    )
    table = notebook.page.locator(".wsn-table")
    types = table.locator(".wsn-rows .wsn-decoded")
    expect(table.locator(".wsn-h-decoded")).to_have_text("decoded type")
    expect(types.last).to_have_text("…")
    table.locator(".wsn-scroller").focus()
    notebook.page.keyboard.press("Home")
    expect(types.first).to_have_text("t0")
    assert notebook.kernel("1 + 1") == 2  # it answers meanwhile
    notebook.page.keyboard.press("End")
    expect(types.last).to_have_text("one of too many types", timeout=120_000)


def test_two_selected_frames_are_compared(opened: Any) -> None:
    """How far they are apart stands beside the filter; what differs is in the inspector, by paths."""
    page = opened(MILLION, "table").page
    table = page.locator(".wsn-table")
    table.get_by_label("filter").fill("seq:7 seq:1007")
    expect(table.locator(".wsn-rows .wsn-row")).to_have_count(2)
    table.locator(".wsn-rows .wsn-row").first.click()
    table.locator(".wsn-rows .wsn-row").last.click(modifiers=["Shift"])
    expect(table.locator(".wsn-selected")).to_have_text("2 selected, Δ +100.0 ms, +3 bytes")
    table.get_by_role("button", name="Compare").click()
    expect(table.locator(".wsn-changed")).to_have_text("~ n: 7 → 1007")
    table.get_by_role("tab", name="Lines").click()
    expect(table.locator(".wsn-removed")).to_have_text('-{"n": 7, "price": 100}')


MIXED = """
import ast, base64, json
from wsnotebook.lab import embedded_server
from wsnotebook.widgets.panel import panel_for
import wsnotebook

server = await embedded_server("echo")
session = await wsnotebook.connect(server.url)
for item in ("plain", "caf\\u00e9 \\u202e $x$", b"\\x00\\xff", '{"a": 1}', "line\\nbreak"):
    await session.send(item); await session.receive()
table = panel_for(session).table

def payloads(objects):
    return [each["text"].encode() if "text" in each else base64.b64decode(each["base64"]) for each in objects]

def is_copy(form, text):
    rows = [bytes(payload) for payload in session.df.payload]
    lines = text.split("\\n")
    return {
        "text": lambda: text == "\\n".join(row.decode("utf-8", "replace") for row in rows),
        "JSON": lambda: payloads(json.loads(text)) == rows,
        "JSONL": lambda: payloads(map(json.loads, lines)) == rows,
        "hex": lambda: list(map(bytes.fromhex, lines)) == rows,
        "base64": lambda: list(map(base64.b64decode, lines)) == rows,
        "Python": lambda: [getattr(each, "encode", lambda: each)() for each in ast.literal_eval(text)] == rows,
        "cURL of the handshake": lambda: text.startswith("curl ") and server.url.partition("://")[2] in text,
    }[form]()
"""
# Playwright's wait_for_function would take the promise of an async predicate for true.
PASTED = """async () => {
    for (;;) {
        const text = await navigator.clipboard.readText();
        if (text) {
            await navigator.clipboard.writeText("");
            return text;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}"""


def test_rows_are_selected_by_keys_and_mouse_and_copied_in_every_format(opened: Any) -> None:
    """What is pasted is what the DataFrame has, byte by byte."""
    notebook = opened(MIXED, "session")
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    table = page.locator(".wsn-table")
    rows, selected = table.locator(".wsn-rows .wsn-row"), table.locator(".wsn-selected")
    selection = "[table.selection, table.selected.index.tolist()]"
    expect(rows).to_have_count(10)
    rows.nth(1).click()
    rows.nth(3).click(modifiers=["Control"])
    rows.nth(6).click(modifiers=["Control"])
    rows.nth(3).click(modifiers=["Control"])
    expect(selected).to_contain_text("2 selected, Δ ")
    notebook.kernel_comes_to(selection, [[1, 6], [1, 6]])
    table.locator(".wsn-scroller").focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowUp")
    expect(selected).to_have_text("3 selected")
    notebook.kernel_comes_to(selection, [[0, 1, 2], [0, 1, 2]])
    page.keyboard.press("Shift+End")
    expect(selected).to_have_text("10 selected")
    expect(table.locator(".wsn-row[aria-selected=true]")).to_have_count(10)
    notebook.kernel_comes_to(selection, [list(range(10))] * 2)
    for form in notebook.kernel("table.formats"):
        table.get_by_label("copy selected rows as").select_option(form)
        assert notebook.kernel(f"is_copy({form!r}, {page.evaluate(PASTED)!r})"), form
    table.locator(".wsn-scroller").focus()
    page.keyboard.press("Control+c")
    assert notebook.kernel(f"is_copy('text', {page.evaluate(PASTED)!r})")


LOADED = """
import wsnotebook
from wsnotebook.widgets import FrameTable
from wsnotebook.widgets.table import COLUMNS

table = FrameTable(wsnotebook.load("everything.parquet"))
table.columns = [name for name in COLUMNS if name not in ("decoded", "payload")]
table
"""
TYPES = {"continuation": "cont"}
CELLS = """(rows) => rows.map((row) => Object.fromEntries([...row.children].map((cell) =>
    [cell.className.replace("wsn-digits", "").replace("wsn-", "").trim(), cell.textContent])))"""


def apart(ns: int) -> str:
    """A difference of two times, as a cell has it."""
    sign, size = "−" if ns < 0 else "+", abs(ns) / 1e6
    return f"{sign}{size:.{3 if size < 10 else 1}f} ms" if size < 1000 else f"{sign}{size / 1000:.3f} s"


def cells_of(df: pd.DataFrame, selected: int) -> list[dict[str, str]]:
    """What the columns of a row have to show, from the DataFrame."""
    times = df["time"].astype("int64")
    made = []
    for seq, row in df.iterrows():
        before = times.get(seq - 1)
        wire = row["wire_length"]
        made.append(
            {
                "seq": f"{seq:,}",
                "time": f"{row['time']:%H:%M:%S.%f}"[:-3],
                "delta": "" if before is None else apart(times[seq] - before),
                "since": apart(times[seq] - times[selected]),
                "session": row["session"],
                "connection": str(row["connection"]),
                "recording": row["recording"],
                "direction": "↑" if row["direction"] == "out" else "↓",
                "type": TYPES.get(row["opcode"], row["opcode"]),
                "bits": " ".join(bit for bit in ("fin", "rsv1", "rsv2", "rsv3") if row[bit]),
                "mask": "masked" if row["masked"] else "no",
                "key": row["mask_key"].hex(" ") if isinstance(row["mask_key"], bytes) else "",
                "message": "" if pd.isna(row["message"]) else f"{row['message']:,}",
                "status": row["status"],
                "size": f"{row['length']:,}",
                "wire": f"{wire:,}",
                "ratio": f"{int(10 * row['length'] / wire + 0.5) / 10:.1f}"
                if wire and wire != row["length"]
                else "",
            }
        )
    return made


def test_columns_show_what_the_dataframe_has(opened: Any, lab: Any, make_log: Any) -> None:
    """Of compressed, masked and fragmented frames, control frames, violations, and frames over the limit or never sent."""
    log = make_log(3)
    log.save(lab.root / "everything.parquet")
    df = log.df
    assert (
        set(df["status"]) >= {"ok", "violation", "unsent", "oversized"}
        and (df["wire_length"] < df["length"]).any()
    )
    page = opened(LOADED).page
    table = page.locator(".wsn-table")
    rows = table.locator(".wsn-rows .wsn-row")
    table.locator(".wsn-scroller").evaluate("(element) => { element.style.height = '2000px'; }")
    expect(rows).to_have_count(len(df))
    rows.nth(4).click()
    page.keyboard.press("Escape")
    expect(rows.nth(4).locator(".wsn-since")).to_have_text("+0.000 ms")
    found = rows.evaluate_all(CELLS)
    for shown, expected in zip(found, cells_of(df, 4), strict=True):
        assert shown == expected


FRAGMENTS = """
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets import FrameTable
from wsnotebook.wire.batch import Batch, Flag

log = FrameLog()
log.register(Connection("feed"))

def append(head, payload, flags):
    batch = Batch()
    batch.add(head, payload, flags)
    log.append(batch, 0, "in", 5, 5)

append(0x81, b"whole", Flag.TEXT)
append(0x01, b"one, ", Flag.TEXT)
append(0x00, b"two, ", Flag.CONTINUES)
table = FrameTable(log)
"""


def test_marks_of_a_selected_row_can_be_read_in_high_contrast(opened: Any) -> None:
    """As all of it: in the system's colour, on no ground of their own."""
    page = opened(FRAGMENTS, "table").page
    page.emulate_media(forced_colors="active")
    row = page.locator(".wsn-rows .wsn-row").nth(1)
    row.click()
    expect(row).to_have_attribute("aria-selected", "true")
    # In one step: the table may paint the row anew between two.
    (colour, ground), *marks = page.evaluate(
        """() => {
            const row = document.querySelectorAll(".wsn-rows .wsn-row")[1];
            const styles = [row, ...row.querySelectorAll(".wsn-mark")].map((element) => getComputedStyle(element));
            return styles.map(({ color, backgroundColor }) => [color, backgroundColor]);
        }"""
    )
    assert colour != ground
    assert marks == [[colour, "rgba(0, 0, 0, 0)"]]


def test_every_title_is_shown_whole(opened: Any) -> None:
    """Of all columns at once."""
    all_columns = "from wsnotebook.widgets.table import COLUMNS; table.columns = list(COLUMNS); table"
    page = opened(FRAGMENTS, all_columns).page
    titles = page.locator(".wsn-h > :first-child")
    expect(titles).to_have_count(19)
    cut = "(titles) => titles.filter((title) => title.scrollWidth > title.clientWidth).map((title) => title.textContent)"
    assert set(titles.evaluate_all(cut)) <= {"payload"}  # which has what the others leave


def test_the_frames_of_a_message_fold_into_one_row(opened: Any) -> None:
    """By a switch; a message that goes on grows in its row."""
    notebook = opened(FRAGMENTS, "table")
    table = notebook.page.locator(".wsn-table")
    payloads = table.locator(".wsn-rows .wsn-payload")
    expect(payloads).to_have_count(3)
    table.get_by_role("button", name="messages", exact=True).click()
    expect(payloads).to_have_text(["whole", "2 frames, more to comeone, two, "])
    notebook.start("append(0x80, b'three', Flag.CONTINUES)")
    expect(payloads).to_have_text(["whole", "3 framesone, two, three"])
    expect(table.locator(".wsn-rows .wsn-size").last).to_have_text("15")
    table.get_by_label("filter").fill("per:message two, three")
    expect(payloads).to_have_text(["3 framesone, two, three"])


def test_all_of_a_long_message_in_fragments_is_shown_on_request(opened: Any) -> None:
    """From its last fragment, part by part."""
    long = (
        "append(0x01, b'begin ' + b'x' * 65_536, 0)\nappend(0x80, b'y' * 9 + b' end', Flag.CONTINUES)\ntable"
    )
    table = opened(FRAGMENTS, long).page.locator(".wsn-table")
    table.locator(".wsn-rows .wsn-row", has_text="last part").click()
    table.get_by_role("tab", name="Message").click()
    expect(table.locator(".wsn-cut")).to_contain_text("first 65,536 of 65,555 bytes of the message")
    table.get_by_role("button", name="Show more").click()
    expect(table.locator(".wsn-body")).to_contain_text("xyyyyyyyyy end")
    expect(table.locator(".wsn-cut")).to_have_text("")


def test_a_range_of_the_timeline_becomes_the_filter(opened: Any) -> None:
    """Of a million frames: dragged, moved by keys, visible in the box, and taken out."""
    notebook = opened(MILLION, "table")
    page, table = notebook.page, notebook.page.locator(".wsn-table")
    strip, box, found = (
        table.locator(".wsn-strip"),
        table.get_by_label("filter"),
        table.locator(".wsn-found").first,
    )
    expect(strip.locator(".wsn-strip-words")).to_have_text(
        "22:13:20.000 – 22:15:00.000 UTC, 1 min 40 s: 1,000,000 received, 0 sent"
    )
    field = strip.locator(".wsn-strip-field").bounding_box()
    x, y = field["x"], field["y"] + 10
    page.mouse.move(x + 0.2505 * field["width"], y)
    page.mouse.down()
    page.mouse.move(x + 0.498 * field["width"], y, steps=5)
    page.mouse.up()
    expect(box).to_have_value("time:2023-11-14T22:13:45..22:14:10")
    expect(found).to_have_text("250,100 of 1,000,000 frames")
    begin = strip.get_by_role("slider", name="begin of the time range")
    begin.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(box).to_have_value("time:2023-11-14T22:13:47..22:14:10")
    expect(begin).to_have_attribute("aria-valuetext", "22:13:47.000 UTC")
    expect(found).to_have_text("230,100 of 1,000,000 frames")
    notebook.kernel_comes_to("len(table.filtered)", 230_100)
    strip.get_by_role("button", name="All times").click()
    expect(box).to_have_value("")
    expect(found).to_have_text("")
    assert strip.locator(".wsn-bin").count() == 100


EVENTFUL = """
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets import FrameTable
from wsnotebook.wire.batch import Batch

log = FrameLog(clock=lambda: 1_700_000_000_000_000_000)
log.register(Connection("feed"))
batch = Batch()
batch.add(0x88, b"", 0)
log.append(batch, 0, "in", 1_700_000_000_000_000_000, 5)
log.note("kernel stall", "a cell", "feed", seconds=2.0)
log.note("error", "a task", "feed")
table = FrameTable(log)
"""


def test_marks_of_one_moment_stand_below_each_other(opened: Any) -> None:
    """None hides another."""
    page = opened(EVENTFUL, "table").page
    signs = page.locator(".wsn-strip-sign")
    expect(signs).to_have_text(["×", "◆", "⚑"])
    tops = [sign.bounding_box()["y"] for sign in signs.all()]
    assert tops[1] - tops[0] >= 10 and tops[2] - tops[1] >= 10


def test_a_frame_is_gone_to_by_its_number_or_time(opened: Any) -> None:
    """Of a million; the keys are the rows' again afterwards."""
    page = opened(MILLION, "table").page
    table = page.locator(".wsn-table")
    cursor = table.locator(".wsn-cursor .wsn-seq")
    table.locator(".wsn-scroller").focus()
    for typed, number in (("500,000", "500,000"), ("22:14:20.01", "600,100")):
        page.keyboard.press("g")
        table.get_by_label("go to number or time").fill(typed)
        page.keyboard.press("Enter")
        expect(cursor).to_have_text(number)
    page.keyboard.press("ArrowDown")
    expect(cursor).to_have_text("600,101")
    table.get_by_role("button", name="First frame (Home)").click()
    expect(cursor).to_have_text("0")


PICTURES = """
import base64
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets import FrameTable
from wsnotebook.wire.batch import Batch, Flag

log = FrameLog()
log.register(Connection("feed"))
batch = Batch()
batch.add(0x82, base64.b64decode("R0lGODlhAwACAIAAAAAAAP///ywAAAAAAwACAAACA4RvBQA7"), 0)
batch.add(0x82, b"GIF89a<script>window.wsnHurt = 1</script>", 0)
picture = base64.b64decode("R0lGODlhAwACAIAAAAAAAP///ywAAAAAAwACAAACA4RvBQA7")
batch.add(0x02, picture[:10], 0)
batch.add(0x80, picture[10:], Flag.CONTINUES)
log.append(batch, 0, "in", 5, 5)
table = FrameTable(log)
"""


def test_a_picture_is_shown_and_runs_nothing(opened: Any) -> None:
    """By a tab of the inspector; what the browser cannot decode is told."""
    page = opened(PICTURES, "table").page
    table = page.locator(".wsn-table")
    table.locator(".wsn-rows .wsn-row").first.click()
    table.get_by_role("tab", name="Image").click()
    expect(table.locator(".wsn-cut")).to_have_text("image/gif, 3 × 2 px")
    expect(table.get_by_role("img", name="picture of frame 0")).to_be_visible()
    table.locator(".wsn-rows .wsn-row").nth(1).click()
    expect(table.locator(".wsn-cut")).to_contain_text("cannot show it as image/gif")
    assert page.evaluate("() => window.wsnHurt ?? null") is None


def test_a_picture_in_fragments_is_shown_and_saved_whole(opened: Any) -> None:
    """From its last frame, which has half of it."""
    page = opened(PICTURES, "table").page
    table = page.locator(".wsn-table")
    table.locator(".wsn-rows .wsn-row").last.click()
    table.get_by_role("tab", name="Image").click()
    expect(table.locator(".wsn-cut")).to_have_text("image/gif, 3 × 2 px")
    for label, name, size in (("Save message", "message-2.bin", 36), ("Save fragment", "frame-3.bin", 26)):
        with page.expect_download() as download:
            table.get_by_role("button", name=label).click()
        assert download.value.suggested_filename == name
        assert download.value.path().stat().st_size == size

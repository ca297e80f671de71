"""FrameTable: a window over the log as binary buffers."""

from __future__ import annotations

import asyncio
import itertools
import re
import threading
from array import array
from math import isnan
from pathlib import Path
from typing import Any

import pytest
import traitlets

import wsnotebook.widgets.table as table_module
from wsnotebook.files.framelog import FrameLog
from wsnotebook.filtering.search import SLICE_ROWS
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.restore import NO_TIME
from wsnotebook.widgets import tablelayout
from wsnotebook.widgets.inspector import describe
from wsnotebook.widgets.places import KEPT_SEARCHES
from wsnotebook.widgets.row import rows_of
from wsnotebook.widgets.table import COLUMNS, MOST_ROWS, FrameTable, pack_rows
from wsnotebook.wire.batch import Batch, Flag, batch_of
from wsnotebook.wire.frames import Frame


def numbers(buffer: bytes) -> list[float]:
    return array("d", buffer).tolist()


async def test_rows_travel_as_four_buffers(session: Any) -> None:
    """seq, time and length; first byte, flags and direction; preview and detail, each at its end."""
    session.record(Frame.text("héllo"))
    session.record(Frame.binary(b"\xff", fin=False), sent=True, flags=Flag.VIOLATION, detail="broken")
    told, codes, ends, text = pack_rows(rows_of(session.log, 0, 9))
    assert numbers(told) == [0, 1_700_000_000_123.456789, 6, 6, 0, 1, 1_700_000_000_123.456789, 1, 1, 0]
    assert list(codes) == [0x81, Flag.TEXT, 0, 0x02, Flag.MASKED | Flag.VIOLATION, 1]
    assert array("I", ends).tolist() == [6, 6, 8, 14]
    assert text.decode() == "hélloffbroken"


async def test_a_fragment_of_a_text_is_shown_as_text(session: Any) -> None:
    """A continuation has no type of its own: the log's text column tells."""
    session.record(Frame(0, b"part"), flags=Flag.TEXT)
    session.record(Frame(0, b"part"))
    assert pack_rows(rows_of(session.log, 0, 9))[3] == b"part" + b"70 61 72 74"


async def test_previews_and_details_are_made_safe_and_reserved_opcodes_have_a_number(session: Any) -> None:
    """A peer's control characters never reach the page, in the payload or in the detail."""
    session.record(Frame.text("\x1b[2J"), flags=Flag.VIOLATION, detail="\u202e")
    session.record(Frame.nonstandard(0xB, b"?"))
    _, codes, _, text = pack_rows(rows_of(session.log, 0, 9))
    assert text == b"\\x1b[2J\\u202e3f"
    assert codes[3] == 0x8B


async def test_a_frame_that_was_cut_off_has_the_size_that_it_declares(session: Any) -> None:
    """As the column length of the DataFrame; the inspector says how much of it came."""
    batch = Batch()
    batch.headers[batch.add(0x82, b"abcd", Flag.HEADER)] = b"\x82\x7e\x03\xe8"  # 1,000 bytes
    batch.mark(0, Flag.TRUNCATED, "the end")
    session.log.append(batch, 0, "in", 1, 1)
    (row,) = rows_of(session.log, 0, 1)
    assert array("d", pack_rows([row])[0])[2] == row.length == session.log.df["length"][0] == 1000
    assert ["payload", "4 of 1,000 bytes"] in [list(field) for field in describe(session.log, 0)["fields"]]


async def test_the_page_is_told_the_span_and_asks_for_a_window(session: Any, page: Any) -> None:
    """The span goes out as state; rows come as an answer with the rows that there are."""
    table = FrameTable(session.log)
    browser = page(table)
    session.record(*[Frame.text(str(n)) for n in range(50)])
    table.refresh()
    assert browser.told[-1] == {"span": (0, 50)}
    answer = await browser.answer(browser.ask("rows", start=45, stop=99))
    assert (answer["ok"], answer["start"], answer["stop"]) == (True, 45, 50)
    assert numbers(browser.answers[1][1][0])[::5] == [45, 46, 47, 48, 49]


async def test_one_answer_has_at_most_300_rows(session: Any, page: Any) -> None:
    """A page that asks for everything gets a window."""
    session.record(*[Frame.text("x")] * 1000)
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("rows", start=0, stop=1000))
    assert (answer["start"], answer["stop"]) == (0, MOST_ROWS)


@pytest.mark.parametrize(("start", "stop"), [(-5, 0), (7, 9), (3, 2), (10**9, 10**9 + 5)])
async def test_a_window_outside_of_the_log_is_empty(session: Any, page: Any, start: int, stop: int) -> None:
    """Asking for what is not there is no error: the page may be a moment behind."""
    session.record(Frame.text("x"))
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("rows", start=start, stop=stop))
    assert answer["ok"] and answer["start"] == answer["stop"]


async def test_rows_are_found_by_seq_after_the_oldest_were_dropped(make_session: Any, page: Any) -> None:
    """Positions move when rows are dropped, their seq does not."""
    session = make_session(FrameLog(retention=1, spill=False))
    for _ in range(140):
        session.record(*[Frame.binary(b"xy")] * 1000)
    table = FrameTable(session.log)
    browser = page(table)
    first = session.log.first
    assert table.span == (first, 140_000) and first > 0
    answer = await browser.answer(browser.ask("rows", start=139_990, stop=140_000))
    assert answer["start"] == 139_990
    assert numbers(browser.answers[1][1][0])[0] == 139_990


async def test_inspecting_a_row_answers_with_its_fields_and_views(session: Any, page: Any) -> None:
    """The frame of that seq, and no other."""
    session.record(Frame.text("zero"), Frame.text('{"one": 1}'))
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("inspect", place=1))
    assert (answer["ok"], answer["seq"]) == (True, 1)
    assert [view["name"] for view in answer["views"]] == ["Text", "JSON", "Decoded", "Hex", "Header"]


@pytest.mark.parametrize("seq", [-1, 1, "x", None])
async def test_inspecting_what_is_not_there_answers_with_a_sentence(
    session: Any, page: Any, seq: Any
) -> None:
    """An answer comes all the same, with ok false."""
    session.record(Frame.text("zero"))
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("inspect", place=seq))
    assert not answer["ok"] and answer["error"]


async def test_hello_tells_the_state_anew_without_the_code(session: Any, page: Any) -> None:
    """A reloaded page gets the traits, and not the modules that it has."""
    table = FrameTable(session.log)
    browser = page(table)
    assert (await browser.answer(browser.ask("hello")))["ok"]
    state = browser.told[-1]
    assert (state["span"], state["event"], state["query"], state["sessions"]) == (
        (0, 0),
        (0.0, "", 0),
        "",
        ["ws-1"],
    )
    assert not {"_esm", "_css"} & set(state)


async def test_repr_does_not_touch_the_data(session: Any) -> None:
    """A cell that ends with the table prints a line, not the widget's state."""
    session.record(Frame.text("x"))
    assert repr(FrameTable(session.log)) == "<FrameTable of 1 frames>"


def stamped(make_session: Any) -> Any:
    """A session whose log's clock stands at 5, as its rows do."""
    return make_session(FrameLog(clock=lambda: 1_700_000_000_123_456_789, monotonic=lambda: 5))


async def test_rows_are_told_with_the_events_before_them(make_session: Any, page: Any) -> None:
    """By their place in the answer; the frame's facts have them too."""
    session = stamped(make_session)
    session.log.note("open")
    session.log.note("kernel stall", "\x1b[2J")
    session.record(Frame.text("zero"), Frame.text("one"))
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("rows", start=0, stop=9))
    assert answer["events"] == [[0, "kernel stall", "kernel stall: \\x1b[2J"]]
    answer = await browser.answer(browser.ask("rows", start=1, stop=9))
    assert answer["events"] == []
    answer = await browser.answer(browser.ask("inspect", place=0))
    assert answer["fields"][-2:] == [["before it", "open"], ["", "kernel stall: \\x1b[2J"]]


async def test_the_page_is_told_the_latest_event(make_session: Any, page: Any) -> None:
    """Once, however often it is looked for: its time, its text, and how many there are."""
    session = stamped(make_session)
    table = FrameTable(session.log)
    browser = page(table)
    session.log.note("open")
    session.log.note("closed", "1000 NORMAL")
    table.refresh()
    table.refresh()
    assert browser.told == [{"event": (1_700_000_000_123.456789, "closed: 1000 NORMAL", 2)}]


async def find(browser: Any, text: str) -> dict[str, Any]:
    """Ask until all rows were looked at, as the page does."""
    while True:
        answer: dict[str, Any] = await browser.answer(browser.ask("find", filter=text))
        if not answer.get("more"):
            return answer


async def test_matches_are_counted_and_asked_for_by_position(session: Any, page: Any) -> None:
    """Rows and facts are those of the match at that position, with its own seq; new frames are found when asked again."""
    session.record(*[Frame.text(str(n)) for n in range(100)])
    browser = page(FrameTable(session.log))
    answer = await find(browser, "7")
    assert {name: answer[name] for name in ("first", "end", "looked", "of", "more")} == {
        "first": 0,
        "end": 19,
        "looked": 100,
        "of": 100,
        "more": False,
    }
    ident = browser.ask("rows", start=1, stop=3, filter="7")
    answer = await browser.answer(ident)
    assert (answer["start"], answer["stop"]) == (1, 3)
    assert numbers(browser.answers[ident][1][0])[::5] == [17, 27]
    assert (await browser.answer(browser.ask("inspect", place=1, filter="7")))["seq"] == 17
    session.record(Frame.text("107"))
    assert (await find(browser, "7"))["end"] == 20


async def test_a_type_that_no_message_has_is_named(session: Any, page: Any) -> None:
    """At the end of the search, with the one that was probably meant; control characters of a peer are escaped."""
    session.record(*[Frame.text('{"type":"order\\u202e"}')])
    browser = page(FrameTable(session.log))
    assert (await find(browser, "type:oder"))["hint"].endswith("did you mean order\\u202e?")
    assert (await find(browser, "type:order\u202e"))["hint"] == ""


async def test_all_rows_are_shown_with_the_matches_marked(session: Any, page: Any) -> None:
    """By their indices in the answer; of what was not searched for yet, none."""
    session.record(*[Frame.text(str(n)) for n in range(100)])
    browser = page(FrameTable(session.log))
    assert (await browser.answer(browser.ask("rows", start=15, stop=30, find="7")))["matches"] == []
    await find(browser, "7")
    assert (await browser.answer(browser.ask("rows", start=15, stop=30, find="7")))["matches"] == [2, 12]


async def match(browser: Any, place: int, step: int, filter_text: str | None) -> list[int]:
    """Return place, number and total of the match of 7 beside a place."""
    answer = await browser.answer(browser.ask("match", place=place, step=step, find="7", filter=filter_text))
    return [answer[name] for name in ("place", "number", "total")]


async def test_the_next_and_the_previous_match_are_found_from_any_place(session: Any, page: Any) -> None:
    """Among all rows, among its own, and among those of another filter; the first comes after the last."""
    session.record(*[Frame.text(str(n)) for n in range(100)])
    browser = page(FrameTable(session.log))
    for text in ("7", "9"):
        await find(browser, text)
    assert await match(browser, -1, 1, None) == [7, 1, 19]
    assert await match(browser, 7, 1, None) == [17, 2, 19]
    assert await match(browser, 7, -1, None) == await match(browser, 100, -1, None) == [97, 19, 19]
    assert await match(browser, 97, 1, None) == [7, 1, 19]
    assert await match(browser, 1, 1, "7") == [2, 3, 19]
    assert await match(browser, -1, 1, "7") == [0, 1, 19]
    assert await match(browser, 6, 1, "9") == [7, 8, 19]


async def test_a_row_is_gone_to_by_number_or_time(session: Any, page: Any) -> None:
    """Its place among the shown rows, or that of the next one; what cannot be gone to is told."""
    session.record(*[Frame.text(str(n)) for n in range(100)])
    browser = page(FrameTable(session.log))
    await find(browser, "7")
    await find(browser, "none")

    async def place(to: str, text: str | None = None) -> Any:
        answer = await browser.answer(browser.ask("goto", to=to, filter=text))
        return answer["place"] if answer["ok"] else answer["error"]

    assert [await place(to) for to in ("42", "22:13", "2023-11-14T22:13:20.1")] == [42, 0, 0]
    assert [await place(to, "7") for to in ("0", "18", "99")] == [0, 2, 18]
    assert "matches none" in await place("5", "none")
    assert "no frame 100" in await place("100")


async def test_no_match_is_an_empty_answer(session: Any, page: Any) -> None:
    """The page then says so."""
    session.record(Frame.text("x"))
    browser = page(FrameTable(session.log))
    await find(browser, "7")
    answer = await browser.answer(browser.ask("match", place=0, step=1, find="7", filter=None))
    assert answer["ok"] and "place" not in answer


async def test_a_wrong_filter_answers_with_a_sentence(session: Any, page: Any) -> None:
    """It says what would be right."""
    browser = page(FrameTable(session.log))
    for verb in ("query", "find"):
        answer = await browser.answer(browser.ask(verb, filter="dir:up"))
        assert answer["error"] == "dir: takes in, out; not 'up'."


@pytest.mark.parametrize("verb", ["rows", "inspect"])
async def test_a_search_that_is_not_there_answers_with_a_sentence(session: Any, page: Any, verb: str) -> None:
    """The page may ask for what was given up meanwhile; its next look begins it anew."""
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask(verb, place=0, start=0, stop=9, filter="x"))
    assert "anew" in answer["error"]


async def test_the_loop_is_free_between_two_slices_of_a_search(session: Any, page: Any) -> None:
    """Others have their turn while the kernel looks for something, and before it answers."""
    session.record(*[Frame.text("x")] * (5 * SLICE_ROWS))
    browser = page(FrameTable(session.log))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while not browser.answers:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await find(browser, "x")
    await task
    assert turns >= 5


async def test_a_long_search_answers_with_how_far_it_is(session: Any, page: Any) -> None:
    """The page asks again: a filter that nobody wants any more costs no more than one answer."""
    session.record(*[Frame.text("x")] * (2 * SLICE_ROWS))
    browser = page(FrameTable(session.log, clock=itertools.count().__next__))
    answer = await browser.answer(browser.ask("find", filter="x"))
    assert (answer["more"], answer["looked"], answer["of"]) == (True, SLICE_ROWS, 2 * SLICE_ROWS)
    answer = await browser.answer(browser.ask("find", filter="x"))
    assert (answer["more"], answer["end"]) == (False, 2 * SLICE_ROWS)


async def test_only_the_latest_searches_are_kept(session: Any, page: Any) -> None:
    """Each key that is typed would leave one; the one asked for last stays."""
    session.record(Frame.text("x"))
    browser = page(FrameTable(session.log))
    for n in range(KEPT_SEARCHES):
        await find(browser, str(n))
        await find(browser, "x")
    kept = [
        (await browser.answer(browser.ask("rows", start=0, stop=1, filter=text)))["ok"]
        for text in ("0", "1", "x")
    ]
    assert kept == [False, True, True]


async def test_a_changed_status_is_looked_for_anew(session: Any, page: Any) -> None:
    """Frames that were never sent are found by what they are now."""
    session.record(*[Frame.text("x")] * 3, sent=True)
    table = FrameTable(session.log)
    browser = page(table)
    assert (await find(browser, "status:ok"))["end"] == 3
    session.log.mark_unsent(1, 3, "not sent")
    table.invalidate()
    assert (await find(browser, "status:ok"))["end"] == 1
    assert (await find(browser, "status:unsent"))["end"] == 2


def test_without_a_loop_a_search_is_a_slice_an_answer(session: Any, page: Any) -> None:
    """A table made in a plain script has one thread, and answers in it."""
    session.record(*[Frame.text("x")] * (SLICE_ROWS + 1))
    browser = page(FrameTable(session.log))
    first, second = (browser.answers[browser.ask("find", filter="x")][0] for _ in range(2))
    assert (first["more"], first["end"]) == (True, SLICE_ROWS)
    assert (second["more"], second["end"]) == (False, SLICE_ROWS + 1)


async def test_the_query_is_a_trait_and_its_rows_a_dataframe(session: Any, page: Any) -> None:
    """Set in Python or typed in the page; the line of pandas gives the same rows; a wrong one is not set."""
    session.record(*[Frame.text(str(n)) for n in range(100)])
    table = FrameTable(session.log)
    browser = page(table)
    assert (await browser.answer(browser.ask("query", filter="7")))["ok"]
    assert table.query == "7" and table.filtered["text"].tolist()[:2] == ["7", "17"]
    table.query = "seq:5..6"
    assert table.filtered.index.tolist() == [5, 6]
    assert eval(table.line, {"df": session.log.df}).index.tolist() == [5, 6]
    assert {"query": "seq:5..6", "line": table.line, "highlight": ""}.items() <= {
        name: value for state in browser.told for name, value in state.items()
    }.items()
    with pytest.raises(traitlets.TraitError, match="did you mean size"):
        table.query = "siz>5"
    assert table.query == "seq:5..6"


async def test_what_is_looked_for_is_told_as_an_expression_of_the_browser(session: Any) -> None:
    """Texts in either case, as the filter finds them; not what must not be there, and no columns."""
    table = FrameTable(session.log)
    table.query = 'a.1 "É" -no dir:in /x+/i'
    assert table.highlight == "[aA]\\.1|É|(?i:x+)"


async def test_selected_rows_are_a_dataframe(session: Any, page: Any) -> None:
    """By places of the rows that are shown; two of them have a distance in time; too many are refused."""
    session.record(*[Frame.text(str(n)) for n in range(100)])
    table = FrameTable(session.log)
    browser = page(table)
    answer = await browser.answer(browser.ask("select", start=98, stop=120, filter=None))
    assert (answer["count"], answer["apart"], table.selection) == (2, 0.0, [98, 99])
    table.selection = [3, 98, 99]  # of a cell
    answer = await browser.answer(browser.ask("select", start=4, stop=5, toggles=True, filter=None))
    assert (answer["count"], answer["apart"], table.selection) == (4, None, [3, 4, 98, 99])
    assert "two frames" in (await browser.answer(browser.ask("compare")))["error"]
    assert table.selected["text"].tolist() == ["3", "4", "98", "99"]
    await find(browser, "7")
    answer = await browser.answer(browser.ask("select", start=0, stop=2, filter="7"))
    assert (answer["apart"], answer["longer"], table.selection) == (0.0, 1, [7, 17])
    answer = await browser.answer(browser.ask("compare"))
    assert (answer["title"], answer["views"][0]["body"]) == ("frame 7 to 17", "-7\n+17")
    answer = await browser.answer(browser.ask("select", start=0, stop=10**9, filter=None))
    assert "too many" in answer["error"] and table.selection == [7, 17]
    table.selection = [0, 2]
    for seqs in ([0, 2, 17], [0, 2]):  # under another filter than the others were selected, on and off again
        await browser.answer(browser.ask("select", start=1, stop=2, toggles=True, filter="7"))
        assert table.selection == seqs


async def test_a_table_of_one_session_shows_its_rows_only(make_session: Any, page: Any) -> None:
    """Of a log that another session shares, from the moment it does; also with a filter, and in the line of pandas.

    The rows of a further attempt are its own.
    """
    session = make_session()
    session.record(*[Frame.text(f"one {n}") for n in range(10)])
    table = FrameTable(session.log, session=session.name)
    browser = page(table)
    assert not table.is_part and table.line == "df"
    session.log.register(Connection("other"))
    session.log.register(Connection(session.name, attempt=1))
    for number in (1, 2):
        batch = Batch()
        batch.add(0x81, b"one too", Flag.TEXT)
        session.log.append(batch, number, "in", 5, 5)
    table.refresh()
    assert table.is_part and table.sessions == ["ws-1", "other", "ws-1 #1"]
    assert (await find(browser, ""))["end"] == 11
    answer = await find(browser, "one")
    assert (answer["end"], answer["of"]) == (11, 11)
    assert len(table.filtered) == 11 and len(eval(table.line, {"df": session.log.df})) == 11


async def test_a_row_without_a_time_has_none_on_the_page(session: Any, page: Any) -> None:
    """NaN among the rows, nothing for a scroll bar; its distance from another row is not known, but that of their sizes."""
    session.record(Frame.text("x"))
    session.log.append(batch_of((0x81, Flag.TEXT, b"more", None)), 0, "in", NO_TIME, 5)
    session.log.restore([Event(NO_TIME, 5, "ws-1", "error", "odd")])
    browser = page(table := FrameTable(session.log))
    assert isnan(numbers(pack_rows(rows_of(session.log, 1, 2))[0])[1])
    await browser.answer(ident := browser.ask("times"))
    assert numbers(browser.answers[ident][1][0]) == [0, 1_700_000_000_123.456789]
    answer = await browser.answer(browser.ask("select", start=0, stop=2, filter=None))
    assert (answer["count"], answer["apart"], answer["longer"]) == (2, None, 3)
    assert table.event == (None, "error: odd", 1)


async def test_times_of_rows_are_told_beforehand(session: Any, page: Any) -> None:
    """A few, spread over the log, so that a page can say where a scroll bar is dragged to."""
    session.record(*[Frame.text("x")] * 1000)
    browser = page(FrameTable(session.log))
    await browser.answer(ident := browser.ask("times"))
    told = numbers(browser.answers[ident][1][0])
    assert told[::2] == list(range(0, 1000, 3)) and set(told[1::2]) == {1_700_000_000_123.456789}


async def test_texts_of_chosen_columns_come_with_the_rows(session: Any, page: Any) -> None:
    """Of those that the page cannot make by itself."""
    session.record(Frame.text("x"), sent=True)
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("rows", start=0, stop=1, columns=["seq", "key"]))
    assert answer["cells"] == {"key": ["01 02 03 04"]}


def test_the_columns_to_choose_from_are_those_of_the_page() -> None:
    """By name; another name is refused."""
    source = (Path(table_module.__file__).with_name("columns.mjs")).read_text(encoding="utf-8")
    body = source[
        source.index("export const COLUMNS") : source.index("};", source.index("export const COLUMNS"))
    ]
    assert tuple(re.findall(r"^  (\w+): \{ title", body, re.MULTILINE)) == COLUMNS
    with pytest.raises(traitlets.TraitError):
        FrameTable(FrameLog()).columns = ["nothing"]
    with pytest.raises(traitlets.TraitError):
        FrameTable(FrameLog()).widths = {"seq": -1.0}


def test_the_next_table_has_the_columns_and_widths_that_a_person_has_chosen(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any table of the kernel; what code sets is of one table, and wins."""
    monkeypatch.setattr(tablelayout, "_chosen", {})
    first = FrameTable(FrameLog())
    as_at_first = first.columns
    first.columns, first.widths = ["seq"], {"seq": 90.0}
    assert (FrameTable(FrameLog()).columns, FrameTable(FrameLog()).widths) == (as_at_first, {})
    browser = page(first)
    browser.change(columns=["seq", "ratio", "payload"])
    browser.change(widths={"ratio": 70.0})
    later = FrameTable(FrameLog())
    assert (later.columns, later.widths) == (["seq", "ratio", "payload"], {"ratio": 70.0})
    later.widths["ratio"] = 5.0  # its own
    later.columns = ["payload"]
    assert FrameTable(FrameLog()).widths == {"ratio": 70.0} and later.columns == ["payload"]
    browser.change(columns=list(first.first_columns), widths={})
    assert (FrameTable(FrameLog()).columns, FrameTable(FrameLog()).widths) == (as_at_first, {})


async def test_a_long_frame_can_be_had_whole(session: Any, page: Any) -> None:
    """The next part of a view, or all bytes to be saved; what is not there is told."""
    session.record(Frame.binary(bytes(range(256)) * 100))
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("part", seq=0, view="Hex", start=8192))
    assert answer["view"]["body"].startswith("\n00002000  00 01") and answer["view"]["next"] == 16384
    await browser.answer(ident := browser.ask("payload", seq=0))
    assert browser.answers[ident][1] == [bytes(range(256)) * 100]
    for verb in ("part", "payload"):
        answer = await browser.answer(browser.ask(verb, seq=7, view="Hex", start=0))
        assert "frame 7" in answer["error"]


async def test_a_fragmented_message_can_be_had_whole(session: Any, page: Any) -> None:
    """All its bytes from any of its frames, between others; what is missing is told."""
    session.record(
        Frame.text("first"), Frame.binary(b"a", fin=False), Frame.ping(), *[Frame(0, b"b", fin=False)] * 9000
    )
    browser = page(FrameTable(session.log))

    async def saved(seq: int, whole: bool) -> tuple[int, bool, bytes]:
        answer = await browser.answer(ident := browser.ask("payload", seq=seq, whole=whole))
        return answer["first"], answer["is_cut"], browser.answers[ident][1][0]

    assert await saved(8000, True) == (1, True, b"a" + 9000 * b"b")
    session.record(Frame(0, b"c"))
    for seq in (1, 8000, 9003):
        assert await saved(seq, True) == (1, False, b"a" + 9000 * b"b" + b"c")
    assert await saved(9003, False) == (9003, False, b"c")
    assert await saved(0, True) == await saved(0, False) == (0, False, b"first")
    session.record(Frame.text("cut"), flags=0x30)
    assert await saved(9004, False) == (9004, True, b"cut")


async def test_selected_rows_are_copied(session: Any, page: Any) -> None:
    """In the form that was asked for."""
    session.record(*[Frame.text(str(n)) for n in range(9)])
    table = FrameTable(session.log)
    browser = page(table)
    answer = await browser.answer(browser.ask("copy", format="text"))
    assert not answer["ok"] and "select rows first" in answer["error"]  # the clipboard keeps what it has
    for selection in ([2, 4], [4, 2]):
        table.selection = selection
        assert (await browser.answer(browser.ask("copy", format="text")))["text"] == "2\n4"
    assert "one of text" in (await browser.answer(browser.ask("copy", format="cURL")))["error"]


async def test_what_is_copied_and_compared_is_what_was_selected_before(session: Any, page: Any) -> None:
    """Also where the clicks come on another thread, while the loop that sets the selection is held up."""
    session.record(*[Frame.text(str(n)) for n in range(9)])
    browser = page(FrameTable(session.log))
    await browser.answer(browser.ask("select", start=0, stop=3, filter=None))
    asked: list[int] = []

    def click() -> None:
        asked.append(browser.ask("select", start=3, stop=5, filter=None))
        asked.extend((browser.ask("copy", format="text"), browser.ask("compare")))

    thread = threading.Thread(target=click)
    thread.start()
    thread.join()
    _, copied, compared = [await browser.answer(ident) for ident in asked]
    assert (copied["text"], compared["title"]) == ("3\n4", "frame 3 to 4")


async def test_a_copy_says_how_many_selected_rows_the_log_has_dropped(make_session: Any, page: Any) -> None:
    """The others are copied; where none is left the clipboard keeps what it has."""
    session = make_session(FrameLog(retention=1, spill=False))
    for _ in range(140):
        session.record(*[Frame.text("x")] * 1000)
    table = FrameTable(session.log)
    browser = page(table)
    table.selection = [0, 1, 139_999]
    answer = await browser.answer(browser.ask("copy", format="text"))
    assert answer["text"] == "x" and answer["lack"].startswith("2 of the 3 selected rows are not in the log")
    table.selection = [139_999]
    assert (await browser.answer(browser.ask("copy", format="text")))["lack"] == ""
    table.selection = [0, 1]
    answer = await browser.answer(browser.ask("copy", format="text"))
    assert not answer["ok"] and answer["error"].startswith("the 2 selected rows are not in the log any more")


async def test_a_folded_message_is_copied_whole(session: Any, page: Any) -> None:
    """As its row shows it; frame by frame where the table shows frames."""
    session.record(Frame.text("whole"), Frame.text("a", fin=False), Frame.ping(), Frame(0, b"b"))
    table = FrameTable(session.log)
    table.selection = [0, 1]
    browser = page(table)
    assert (await browser.answer(browser.ask("copy", format="text", folds=True)))["text"] == "whole\nab"
    assert (await browser.answer(browser.ask("copy", format="text", folds=False)))["text"] == "whole\na"


async def test_a_frame_is_sent_again_where_the_table_has_a_session(session: Any, page: Any) -> None:
    """The inspector asks by the frame's number; a table of a log alone offers nothing."""
    asked: list[int] = []
    table = FrameTable(session.log, again=lambda seq: (asked.append(seq) or {"note": "sent"}, ()))  # type: ignore[func-returns-value]
    browser = page(table)
    assert table.can_send and (await browser.answer(browser.ask("again", seq=3)))["ok"] and asked == [3]
    alone = FrameTable(session.log)
    assert not alone.can_send
    browser = page(alone)
    assert "unknown verb" in (await browser.answer(browser.ask("again", seq=3)))["error"]


async def test_a_table_alone_follows_its_log(session: Any) -> None:
    """Nobody calls refresh() in a dashboard; without a loop it shows how the log stood."""
    table = FrameTable(session.log)
    grown = asyncio.Event()
    table.observe(lambda change: grown.set(), "span")
    session.record(Frame.text("x"))
    await grown.wait()
    assert table.span == (0, 1)
    table.close()

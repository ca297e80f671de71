"""FrameTable: a window over the log as binary buffers."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from wsnotebook.log.framelog import FrameLog
from wsnotebook.widgets.row import rows_of
from wsnotebook.widgets.table import MOST_ROWS, FrameTable, pack_rows
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import Frame


def numbers(buffer: bytes) -> list[float]:
    return array("d", buffer).tolist()


async def test_rows_travel_as_four_buffers(session: Any) -> None:
    """seq, time and length; first byte, flags and direction; preview and detail, each at its end."""
    session.record(Frame.text("héllo"))
    session.record(Frame.binary(b"\xff", fin=False), sent=True, flags=Flag.VIOLATION, detail="broken")
    told, codes, ends, text = pack_rows(rows_of(session.log, 0, 9))
    assert numbers(told) == [0, 1_700_000_000_123.456789, 6, 1, 1_700_000_000_123.456789, 1]
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


async def test_the_page_is_told_the_span_and_asks_for_a_window(session: Any, page: Any) -> None:
    """The span goes out as state; rows come as an answer with the rows that there are."""
    table = FrameTable(session.log)
    browser = page(table)
    session.record(*[Frame.text(str(n)) for n in range(50)])
    table.tell()
    assert browser.told[-1] == {"span": (0, 50)}
    answer = await browser.answer(browser.ask("rows", start=45, stop=99))
    assert (answer["ok"], answer["start"], answer["stop"]) == (True, 45, 50)
    assert numbers(browser.answers[1][1][0])[::3] == [45, 46, 47, 48, 49]


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
    answer = await browser.answer(browser.ask("inspect", seq=1))
    assert (answer["ok"], answer["seq"]) == (True, 1)
    assert [view["name"] for view in answer["views"]] == ["Text", "JSON", "Hex"]


@pytest.mark.parametrize("seq", [-1, 1, "x", None])
async def test_inspecting_what_is_not_there_answers_with_a_sentence(
    session: Any, page: Any, seq: Any
) -> None:
    """An answer comes all the same, with ok false."""
    session.record(Frame.text("zero"))
    browser = page(FrameTable(session.log))
    answer = await browser.answer(browser.ask("inspect", seq=seq))
    assert not answer["ok"] and answer["error"]


async def test_hello_tells_the_state_anew_without_the_code(session: Any, page: Any) -> None:
    """A reloaded page gets the traits, and not the modules that it has."""
    table = FrameTable(session.log)
    browser = page(table)
    assert (await browser.answer(browser.ask("hello")))["ok"]
    assert browser.told[-1] == {"span": (0, 0), "of_server": False, "edition": 0}


async def test_repr_does_not_touch_the_data(session: Any) -> None:
    """A cell that ends with the table prints a line, not the widget's state."""
    session.record(Frame.text("x"))
    assert repr(FrameTable(session.log)) == "<FrameTable of 1 frames>"

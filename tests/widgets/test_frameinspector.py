"""Inspector: one frame in a widget of its own, by its number or as a table's selection."""

from __future__ import annotations

from typing import Any

from wsnotebook.widgets import FrameTable, Inspector
from wsnotebook.wire.frames import Frame


async def test_it_answers_with_the_facts_of_the_frame_of_its_number(session: Any, page: Any) -> None:
    """And with further parts and the whole payload, as the table's does; a frame that is not there is a sentence."""
    session.record(Frame.text('{"a": 1}'), Frame.binary(b"\xff"))
    inspector = Inspector(session.log)
    browser = page(inspector)
    inspector.seq = 1
    assert browser.told[-1] == {"seq": 1} and repr(inspector) == "<Inspector of frame 1>"
    answer = await browser.answer(browser.ask("inspect", seq=1))
    assert ["opcode", "binary"] in answer["fields"]
    ident = browser.ask("payload", seq=1)
    await browser.answer(ident)
    assert browser.answers[ident][1] == [b"\xff"]
    assert "frame 7 is not in the log" in (await browser.answer(browser.ask("inspect", seq=7)))["error"]


async def test_it_follows_the_selection_of_a_table(session: Any) -> None:
    """Whoever selects: a click or code."""
    session.record(*[Frame.text("x")] * 3)
    table = FrameTable(session.log)
    inspector = Inspector(table)
    assert inspector.seq is None and repr(inspector) == "<Inspector>"
    table.selection = [2, 0]
    assert inspector.seq == 2
    table.selection = []
    assert inspector.seq is None
    table.close()

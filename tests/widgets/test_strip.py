"""Strip: the bins of a timeline as the page gets them, and the term of the filter for some of them."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from wsnotebook.filtering import filter_log, parse_filter
from wsnotebook.widgets import strip as strip_module
from wsnotebook.widgets.strip import Strip, range_of
from wsnotebook.widgets.table import FrameTable
from wsnotebook.wire.frames import Frame

BEGIN = 1_700_000_000_000_000_000  # 2023-11-14T22:13:20


async def test_bins_travel_as_one_buffer(session: Any, page: Any) -> None:
    """Kind by kind; a log without rows has none."""
    browser = page(FrameTable(session.log))
    await browser.answer(ident := browser.ask("bins"))
    assert browser.answers[ident][1] == [b""]
    session.record(*[Frame.text("x")] * 3)
    answer = await browser.answer(ident := browser.ask("bins"))
    assert answer["kinds"] == ["received", "sent", "closes", "stalls", "events"] and not answer["more"]
    assert array("d", browser.answers[ident][1][0]).tolist() == [3, 0, 0, 0, 0]
    assert answer["first"] * answer["width"] == 1_700_000_000_123_450_000


async def test_a_long_log_is_counted_in_several_answers(
    session: Any, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the kernel is free between them."""
    monkeypatch.setattr(strip_module, "MOST_STEPS", 1)
    session.record(*[Frame.text("x")] * 70_000)
    browser = page(FrameTable(session.log))
    assert [(await browser.answer(browser.ask("bins")))["more"] for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("start", "stop", "width", "term"),
    [
        (BEGIN // 10**9, BEGIN // 10**9 + 5, 10**9, "time:2023-11-14T22:13:20..22:13:25"),
        (BEGIN // 10**4 + 1, BEGIN // 10**4 + 20, 10**4, "time:2023-11-14T22:13:20.00001..22:13:20.0002"),
        (BEGIN // 10**13, BEGIN // 10**13 + 1, 10**13, "time:2023-11-14T22:13:20..2023-11-15T01:00:00"),
    ],
)
def test_bins_have_a_term_that_the_filter_reads(
    session: Any, start: int, stop: int, width: int, term: str
) -> None:
    """Its range is that of the bins."""
    answer, _ = Strip(session.log, None).term({"start": start, "stop": stop, "width": width})
    assert answer["term"] == term
    assert range_of(parse_filter(term)) == [start * width / 1e6, stop * width / 1e6]


def test_a_term_finds_the_rows_of_its_bins(session: Any) -> None:
    """As the page asks for it."""
    session.record(Frame.text("x"))
    strip = Strip(session.log, None)
    bins, _ = strip.bins({})
    term = strip.term({"start": bins["first"], "stop": bins["first"] + 1, "width": bins["width"]})[0]["term"]
    assert len(filter_log(session.log, parse_filter(term))) == 1


@pytest.mark.parametrize("text", ["", "x", "time:10:00..11:00", "-time:2023-11-14", "dir:in"])
def test_other_filters_have_no_range(text: str) -> None:
    """A time of day is one of each day, and what is left out is none."""
    assert range_of(parse_filter(text)) == []


async def test_the_range_of_the_query_is_a_trait(session: Any) -> None:
    """Also of a query that was typed; without an end it is open."""
    table = FrameTable(session.log)
    table.query = "time>=2023-11-14T22:13:20 dir:in"
    assert table.range == [BEGIN / 1e6, None]
    table.query = ""
    assert table.range == []

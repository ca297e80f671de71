"""DecodedTypes: the column of decoded types, read in order in slices."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets import FrameTable, decodedtypes
from wsnotebook.widgets.decodedtypes import AT_ONCE, DecodedTypes
from wsnotebook.widgets.row import rows_of
from wsnotebook.wire.frames import Frame

TYPES = ("order", "trade", None, "order")


def texts(count: int) -> list[Frame]:
    """Messages of the types in turn; None has none."""
    return [
        Frame.text(json.dumps({"type": TYPES[n % 4], "n": n} if TYPES[n % 4] else [n])) for n in range(count)
    ]


def column(made: DecodedTypes, log: FrameLog, *, folds: bool = False, start: int = 0) -> list[str | None]:
    return made.cells(list(rows_of(log, start, log.end)), folds=folds)


def never(seq: int) -> None:
    raise AssertionError(seq)


def test_a_row_has_the_types_that_the_filter_finds_it_by(session: Any) -> None:
    """A message in fragments has its type in the last frame, or where it is folded in the first; control frames have none."""
    log = session.log
    session.record(
        *texts(5), Frame.ping(b'{"type": "x"}'), Frame.text('{"type": "par', fin=False), Frame(0, b't"}')
    )
    session.record(Frame.text('{"type": "open"', fin=False), sent=True)
    made = DecodedTypes(log, None, never)
    assert column(made, log) == ["order", "trade", "", "order", "order", "", "", "part", ""]
    assert column(made, log, folds=True) == ["order", "trade", "", "order", "order", "", "part", "part", ""]
    for name in ("order", "trade", "part"):
        matches = log.filter(f"type:{name}").index.tolist()
        assert matches == [n for n, text in enumerate(column(made, log)) if text == name]


@pytest.mark.long
def test_what_comes_later_is_read_and_what_is_dropped_is_forgotten(make_session: Any) -> None:
    """Rows keep their types, by their number."""
    log = FrameLog(retention=1, spill=False)
    session = make_session(log)
    made = DecodedTypes(log, None, never)
    for _ in range(30):
        session.record(*texts(4000))
        shown = column(made, log, start=log.first)
        assert shown == [TYPES[seq % 4] or "" for seq in range(log.first, log.end)]
    assert log.dropped


async def test_a_row_that_was_never_sent_has_no_type(session: Any, page: Any) -> None:
    """Which is known only afterwards."""
    session.record(*texts(2), sent=True)
    table = FrameTable(session.log)
    browser = page(table)
    rows = {"start": 0, "stop": 2, "columns": ["seq", "decoded"]}
    assert (await browser.answer(browser.ask("rows", **rows)))["cells"]["decoded"] == ["order", "trade"]
    session.log.mark_unsent(1, 2, "closed")
    table.invalidate()
    assert (await browser.answer(browser.ask("rows", **rows)))["cells"]["decoded"] == ["order", ""]
    assert "decoded" not in (await browser.answer(browser.ask("rows", start=0, stop=2)))["cells"]
    table.close()


def test_names_of_a_peer_are_escaped_and_bounded(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are kept; a longer one is cut."""
    monkeypatch.setattr(decodedtypes, "MOST_NAMES", 3)
    many = [f"type{n}" for n in range(100)]
    messages = [
        [{"type": name} for name in names] for names in (["a"], ["\u202e"], many, ["d"], ["e"], ["a"])
    ]
    session.record(*[Frame.text(json.dumps(message)) for message in messages])
    shown = column(DecodedTypes(session.log, None, never), session.log)
    assert shown[:2] == ["a", "\\u202e"] and shown[3:] == [decodedtypes.TOO_MANY] * 2 + ["a"]
    assert shown[2] is not None and len(shown[2]) == decodedtypes.LENGTH and shown[2][-1] == "…"


async def test_a_long_log_is_read_between_other_tasks(session: Any) -> None:
    """What is not read yet is unknown, and how far it is is told; nothing is read before somebody asks."""
    for _ in range(20):
        session.record(*texts(1000))
    ticks, told, is_read = iter(range(1 << 30)), list[int](), asyncio.Event()

    def tell(seq: int) -> None:
        told.append(seq)
        if seq == 20_000:
            is_read.set()

    made = DecodedTypes(session.log, asyncio.get_running_loop(), tell, clock=lambda: next(ticks) * AT_ONCE)
    assert made._reader is None
    last = list(rows_of(session.log, 19_998, 20_000))
    assert made.cells(last, folds=False) == [None, None]
    await is_read.wait()
    assert made.cells(last, folds=False) == ["", "order"] and told == sorted(told) and len(told) > 5
    made.close()

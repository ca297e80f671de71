"""Search: a log looked through in slices finds what a look at each row finds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.files.framelog import FrameLog
from wsnotebook.filtering.parser import parse_filter
from wsnotebook.filtering.search import ARROW_ROWS, SLICE_BYTES, SLICE_ROWS, Search, take_rows
from wsnotebook.log.connections import Connection
from wsnotebook.widgets.row import rows_at
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import Frame

EVERYTHING = (0, 1 << 40)


def found(search: Search) -> list[int]:
    """Look to the end and return the seq of the matches."""
    while search.step():
        pass
    return search.window(*EVERYTHING)[1].tolist()


_WORDS = st.sampled_from(
    [
        "dir:in",
        "-dir:in",
        "op:text",
        "-op:ping,cont",
        "status:ok",
        "size>2",
        "seq:3..9",
        "a",
        "-b",
        "É",
        "aa",
        "/a.b/i",
    ]
)
_FRAMES = st.tuples(
    st.sampled_from([0x81, 0x02, 0x80, 0x89, 0x8A, 0x88]),
    st.text("aAbÉ", max_size=6).map(str.encode),
    st.sampled_from([Flag.OK, Flag.VIOLATION, Flag.UNSENT]),
)
_BATCHES = st.lists(
    st.tuples(st.sampled_from(["in", "out"]), st.lists(_FRAMES, min_size=1, max_size=5)), max_size=12
)


@given(_BATCHES, st.lists(_WORDS, max_size=3).map(" ".join), st.integers(1, 4), st.integers(1, 12))
@settings(deadline=None)
def test_slices_find_what_the_whole_dataframe_has(
    batches: Any, text: str, slice_rows: int, slice_bytes: int
) -> None:
    """Whatever the slices are, also where they cut a payload, and with rows coming between two steps."""
    log = FrameLog()
    log.register(Connection("ws-1"))
    wanted = parse_filter(text)
    search = Search(log, wanted, slice_rows=slice_rows, slice_bytes=slice_bytes)
    for direction, frames in batches:
        batch = Batch()
        for head, payload, status in frames:
            batch.add(head, payload, status)
        log.append(batch, 0, direction, 0, 0)
        search.step()
    df = log.df
    expected = eval(wanted.line, {"df": df, "re": re}).index.tolist() if len(df) else []
    assert found(search) == expected


def test_a_step_looks_at_a_bounded_number_of_rows(recorded: Any) -> None:
    """The kernel's loop is free again after each; matches are there as soon as they are found."""
    recorded.record(*[Frame.text("x")] * (2 * SLICE_ROWS + 1))
    search = Search(recorded.log, parse_filter("x"))
    assert search.step() and (search.looked, search.end) == (SLICE_ROWS, SLICE_ROWS)
    assert search.step() and not search.step()
    assert search.looked == search.end == 2 * SLICE_ROWS + 1
    assert not search.step()


def test_a_step_reads_a_bounded_number_of_bytes(recorded: Any) -> None:
    """Of large payloads one at a time, and of those only where the filter reads payloads."""
    recorded.record(*[Frame.binary(bytes(SLICE_BYTES) + b"Needle")] * 3)
    search = Search(recorded.log, parse_filter("needle"))
    assert search.step() and search.looked == 1
    assert found(search) == [0, 1, 2]
    columns_only = Search(recorded.log, parse_filter("size>0"))
    assert not columns_only.step() and found(columns_only) == [0, 1, 2]


def test_a_match_lies_in_one_payload(recorded: Any) -> None:
    """Payloads lie end to end in the log; a match is at the beginning, in the middle or at the end of one."""
    recorded.record(*(Frame.text(text) for text in ("xa", "", "b", "ab", "cab", "abc", "a", "", "")))
    assert found(Search(recorded.log, parse_filter("ab"))) == [3, 4, 5]


def test_an_empty_log_has_no_match_and_no_more(recorded: Any) -> None:
    """There is nothing to look at, and later there is."""
    search = Search(recorded.log, parse_filter("x"))
    assert not search.step() and search.window(0, 9) == (0, search.window(0, 0)[1])
    recorded.record(Frame.text("x"))
    assert found(search) == [0]


def test_a_match_keeps_its_position_when_older_ones_are_dropped(make_recorded: Any) -> None:
    """A window that begins before the oldest begins there."""
    recorded = make_recorded(retention=1, spill=False)
    search = Search(recorded.log, parse_filter("x"))
    for n in range(140):
        recorded.record(*[Frame.text("x" if n % 2 else "y")] * 1000)
        while search.step():
            pass
    assert recorded.log.first > 0
    assert (search.end, search.looked) == (70_000, len(recorded.log))
    start, seqs = search.window(0, search.first + 3)
    assert start == search.first > 0 and len(seqs) == 3 and seqs[0] >= recorded.log.first
    assert search.window(search.end - 1, search.end)[1].tolist() == [139_999]
    assert [row.seq for row in rows_at(recorded.log, seqs)] == seqs.tolist()


def test_filtered_rows_have_only_the_opcodes_that_occur() -> None:
    """As a category, in rows that a filter matches and in rows that were clicked."""
    log = FrameLog()
    batch = Batch()
    for head in (0x81, 0x89, 0x82, 0x89):
        batch.add(head, b"x", Flag.OK)
    log.append(batch, log.register(Connection("s")), "in", 0, 0)
    assert log.filter("op:ping")["opcode"].value_counts().to_dict() == {"ping": 2}
    assert take_rows(log, [2])["opcode"].value_counts().to_dict() == {"binary": 1}
    assert log.filter("op:pong")["opcode"].value_counts().to_dict() == {}


@pytest.mark.parametrize(
    ("text", "rows"), [("$.price>100", ARROW_ROWS), ("$.symbol=AAPL", SLICE_ROWS), ("price", SLICE_ROWS)]
)
def test_only_what_arrow_reads_is_read_in_larger_steps(recorded: Any, text: str, rows: int) -> None:
    """Of a long log: the loop waits for a step, and Python reads a payload four times as long."""
    recorded.record(*[Frame.text('{"price":101}')] * 100_000)
    search = Search(recorded.log, parse_filter(text))
    assert search.step() and search.looked == rows

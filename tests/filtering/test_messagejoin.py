"""A filter by messages: it looks at all frames of each, wherever the slices of a search cut them."""

from __future__ import annotations

import re
from typing import Any

import pytest

import wsnotebook.filtering
from wsnotebook.filtering import Search, filter_log, parse_filter
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import Frame


def step_to_end(search: Search) -> list[int]:
    """Look to the end and return the seq of the matches."""
    while search.step():
        pass
    return search.window(0, 1 << 40)[1].tolist()


@pytest.fixture
def talk(recorded: Any) -> Any:
    """A message in three frames, with frames of others between, a message that goes on, and one without its begin."""
    record = recorded.record
    record(Frame.text("whole order"), Frame.text('{"type": "or', fin=False))  # 0, 1
    record(Frame.text("sent", fin=False), sent=True)  # 2
    record(Frame(0, b'der", "price": 1', fin=False), flags=Flag.CONTINUES)  # 3
    record(Frame.ping(b"order"), Frame.text("other"), connection=1)  # 4, 5
    record(Frame(0, b"00}"), flags=Flag.CONTINUES)  # 6
    record(Frame(0, b"orphan order"), connection=2)  # 7
    record(Frame(0, b" order", fin=False), sent=True, flags=Flag.CONTINUES)  # 8
    record(Frame.text("unsent order", fin=False), sent=True, connection=1, flags=Flag.UNSENT)  # 9
    return recorded


TERMS = [
    ("", "012459"), ("order", "01249"), ("-order", "5"), ("order -op:ping", "0129"), ("/or.*00/", "1"), ("$.price=100", "1"), ("type:order", "1"),
    ("-type:order", "02459"), ("size:28", ""), ("size:10", "2"), ("size>20", "1"), ("size:12", "9"), ("dir:out order", "29"), ("seq:3", ""),
    ("status:unsent order", "9"), (r'''"'df[\"payload\"]'"''', ""),
]  # fmt: skip
"""A filter, and the rows of messages that it means."""


@pytest.mark.parametrize(("text", "rows"), TERMS)
@pytest.mark.parametrize("slice_rows", [1, 3, 100])
def test_a_filter_by_messages_looks_at_all_frames_of_each(
    talk: Any, text: str, rows: str, slice_rows: int
) -> None:
    """The first of them is the row. Other frames stand for themselves; the line of pandas gives the same rows."""
    wanted = parse_filter(f"per:message {text}")
    expected = [int(row) for row in rows]
    assert step_to_end(Search(talk.log, wanted, slice_rows=slice_rows)) == expected
    assert filter_log(talk.log, wanted).index.tolist() == expected
    names = {"df": talk.log.df, "re": re, "wsnotebook": wsnotebook}
    assert eval(wanted.line, names).index.tolist() == expected


def test_a_filter_by_frames_looks_at_each(talk: Any) -> None:
    """As it is written: without per:message a word that two frames divide is in none of them."""
    assert talk.log.filter("/or.*00/").index.tolist() == []


def test_a_message_is_found_when_the_frame_with_the_word_has_come(recorded: Any) -> None:
    """Before the matches after its first frame: who has read their positions is told that they have moved."""
    search = Search(recorded.log, parse_filter("per:message word"))
    recorded.record(Frame.text("a wo", fin=False))
    recorded.record(Frame.text("word"), sent=True)
    assert (step_to_end(search), search.moved) == ([1], 0)
    recorded.record(Frame(0, b"rd"), flags=Flag.CONTINUES)
    assert (step_to_end(search), search.moved) == ([0, 1], 1)


def test_a_message_that_goes_on_is_looked_at_again(recorded: Any) -> None:
    """What it has not so far it may have later."""
    search = Search(recorded.log, parse_filter("per:message -word"))
    recorded.record(Frame.text("a wo", fin=False))
    assert (step_to_end(search), search.moved) == ([0], 0)
    recorded.record(Frame(0, b"rd", fin=False), flags=Flag.CONTINUES)
    assert (step_to_end(search), search.moved) == ([], 1)
    recorded.record(Frame(0, b"!"), Frame.text("next"), flags=Flag.CONTINUES)
    assert (step_to_end(search), search.moved) == ([3], 1)

"""A frame as lines: escaped, JSON broken into lines with its tokens unchanged, and a budget for each tick."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.cli.feed import Seen
from wsnotebook.cli.frameline import MOST_LINES, drawn, frame_lines, indented
from wsnotebook.wire.frames import CloseReason, Frame

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def seen(frame: Frame) -> Seen:
    return Seen("ws1", "in", frame)


@given(JSON)
def test_indenting_keeps_the_value(value: object):
    """Whatever the JSON is, its indented text is the same JSON."""
    assert json.loads(indented(json.dumps(value))) == value


def test_indenting_keeps_each_token():
    """Numbers and escapes stand as they came, though Python would write them in another way."""
    assert indented('{"a":1.50e3,"b":[],"c":["\\u00e9",{}]}') == (
        '{\n  "a": 1.50e3,\n  "b": [],\n  "c": [\n    "\\u00e9",\n    {}\n  ]\n}'
    )


@pytest.mark.parametrize(
    ("frame", "lines"),
    [
        (Frame.text("hello"), ["< hello"]),
        (Frame.text("a\x1b[2J\u202eb\nc"), ["< a\\x1b[2J\\u202eb\\nc"]),
        (Frame.text('{"a": 1}'), ['< {"a": 1}']),
        (Frame.text('{"a": "' + "x" * 20 + '"}'), ["< {", f'    "a": "{"x" * 20}"', "  }"]),
        (Frame.text("{not json at all, but long"), ["< {not json at all, but long"]),
        (Frame.binary(b"\xde\xad"), ["< binary, 2 bytes: de ad"]),
        (Frame.binary(b""), ["< binary, 0 bytes"]),
        (Frame.ping(b"1"), ["< ping, 1 byte: 31"]),
        (Frame.close(CloseReason(1013, "la\x1bter")), ["< close 1013 TRY_AGAIN_LATER: 'la\\x1bter'"]),
        (Frame.text("half", fin=False), ["< text, not final: half"]),
    ],
)
def test_a_frame_as_lines(frame: Frame, lines: list[str]):
    """An arrow, then what was said; nothing of a peer moves the cursor."""
    assert frame_lines(seen(frame), 24) == lines


def test_a_broken_rule_is_named():
    """The frame is shown, and the reason below it."""
    assert frame_lines(Seen("ws1", "in", Frame.text(b"\xff"), "violation", "not UTF-8"), 80) == [
        "< text: \\xff",
        "  (violation: not UTF-8)",
    ]


def test_a_feed_is_counted_beyond_the_budget():
    """Of twenty frames and 4,812 others, all twenty are drawn and the others counted."""
    lines = drawn([seen(Frame.text(str(n))) for n in range(MOST_LINES)], 4812, 80)
    assert lines[:MOST_LINES] == [f"< {n}" for n in range(MOST_LINES)]
    assert lines[MOST_LINES:] == ["… 4,812 more frames, in the log"]


def test_long_messages_share_the_budget():
    """Frames that have no room are counted; a message that came alone has more."""
    long = seen(Frame.text(json.dumps(list(range(60)))))
    assert drawn([long, long, long], 0, 80)[-1] == "… 2 more frames, in the log"
    assert len(drawn([long, long], 0, 80)) == MOST_LINES + 1
    assert len(drawn([long], 0, 80)) == 62


def test_a_long_line_is_cut():
    """The number of characters is named."""
    (line,) = frame_lines(seen(Frame.text("x" * 1_000_000)), 80)
    assert len(line) < 3_000 and line.endswith("… (1,000,000 characters)")

"""Filter: what a person typed, and which rows it means."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.widgets.filter import Filter
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import CloseReason, Frame


def matches(session: Any, text: str) -> list[int]:
    wanted = Filter.parse(text)
    return [
        rows.first + place for rows in session.log.rows(0, session.log.end) for place in wanted.places(rows)
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Filter()),
        ("  Hello  World ", Filter(b"hello  world")),
        ("dir:in", Filter(directions=frozenset({0}))),
        ("dir:OUT ping", Filter(b"ping", directions=frozenset({1}))),
        ("op:ping op:pong", Filter(opcodes=frozenset({9, 10}))),
        ("op:cont op:0xb", Filter(opcodes=frozenset({0, 11}))),
        ("op:continuation", Filter(opcodes=frozenset({0}))),
        ("a status:violation b", Filter(b"a b", statuses=frozenset({Flag.VIOLATION}))),
        ('{"dir": "in"}', Filter(b'{"dir": "in"}')),
        ("http://x mydir:in", Filter(b"http://x mydir:in")),
        ("dir:in text:dir:out", Filter(b"dir:out", directions=frozenset({0}))),
        ("context:1", Filter(b"context:1")),
        ("ÄB", Filter("Äb".encode())),
        ("\ud800", Filter(b"\xed\xa0\x80")),
    ],
)
def test_words_are_taken_out_and_the_rest_is_the_text(text: str, wanted: Filter) -> None:
    """A word stands by itself and has a known name; after ``text:`` there are none."""
    assert Filter.parse(text) == wanted


@pytest.mark.parametrize("text", ["dir:up", "dir:", "hello op:pin", "status:bad"])
def test_a_value_that_is_not_taken_raises_with_those_that_are(text: str) -> None:
    """Also where it is only half typed."""
    with pytest.raises(ValueError, match="takes one of (in, out|cont, .*ping, pong|ok, violation, unsent)"):
        Filter.parse(text)


def test_each_word_means_its_column(session: Any) -> None:
    """Direction, opcode, status and payload; all of them must be true."""
    session.record(Frame.text("Hello"), Frame.ping(b"hello"), Frame.nonstandard(0xB, b""))
    session.record(Frame.text("hello"), Frame.close(CloseReason(1000, "hello")), sent=True)
    session.record(Frame.text("HELLO"), flags=Flag.VIOLATION, detail="broken")
    assert matches(session, "hello") == [0, 1, 3, 4, 5]
    assert matches(session, "dir:out") == [3, 4] and matches(session, "dir:in dir:out") == list(range(6))
    assert matches(session, "op:ping op:close") == [1, 4] and matches(session, "op:0xb") == [2]
    assert matches(session, "status:violation") == [5] and matches(session, "status:ok hello") == [0, 1, 3, 4]
    assert matches(session, "dir:in op:text hello") == [0, 5]
    assert matches(session, "nothing") == []


def test_a_text_is_found_in_one_payload_not_across_two(session: Any) -> None:
    """Payloads lie end to end in the log; a match lies within one, at its beginning, middle or end."""
    session.record(*(Frame.text(text) for text in ("xa", "", "b", "ab", "cab", "abc", "a", "", "")))
    assert matches(session, "ab") == [3, 4, 5]


def test_letters_beyond_ascii_match_as_they_are(session: Any) -> None:
    """Case is that of bytes: é and É are two texts."""
    session.record(Frame.text("Café"), Frame.text("CAFÉ"))
    assert matches(session, "café") == [0] and matches(session, "cafÉ") == [1]

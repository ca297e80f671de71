"""A transcript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wsnotebook.wire.frames import Frame


def test_a_conversation_is_read_line_by_line(talk: Any) -> None:
    """Messages joined, control frames between them, what was never sent is not there, and a peer's text moves no line."""
    talk.send(0, Frame.text('{"op": "get"}'))
    talk.receive(0.25, (0x01, b"a\n"), (0x89, b"\x01"), (0x80, b"\x1b[2Jb"))
    talk.send(0.5, Frame.pong(b"\x01"))
    talk.send(0.5, Frame.text("never"), dropped=True)
    talk.receive(1, (0x82, bytes(range(40))), (0x01, b"cut"))
    talk.receive(61.5, (0x88, b"\x03\xe8bye"))
    text = talk.log.df.ws.conversation()
    assert text.splitlines() == [
        '     0.000 > {"op": "get"}',
        r"     0.250 < a\n\x1b[2Jb",
        "     0.250 < ping 01",
        "     0.500 > pong 01",
        "     1.000 < binary 40 bytes: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f …",
        "     1.000 < cut (not whole)",
        "    61.500 < close 1000 bye",
    ]
    assert repr(text) == str(text)


def test_a_clock_that_was_set_back_moves_no_line(talk: Any) -> None:
    """A reply stays after its request, at the time that the clock said."""
    talk.send(0, Frame.text("before"))
    talk.send(9, Frame.text("ask"))
    talk.jump = -5
    talk.receive(10, (0x81, b"answer"))
    lines = talk.log.df.ws.conversation().splitlines()
    assert lines == ["     0.000 > before", "     9.000 > ask", "     5.000 < answer"]


def test_a_long_conversation_keeps_its_beginning_and_its_end(talk: Any) -> None:
    """Never more lines or characters than asked for."""
    for at in range(300):
        talk.receive(at, (0x81, b"%d " % at + b"x" * 100))
    lines = talk.log.df.ws.conversation(limit=10, width=50).splitlines()
    assert len(lines) == 10 and all(len(line) <= 50 for line in lines)
    assert lines[0].startswith("     0.000 < 0 ") and lines[5] == "… 291 more …" and " < 299 " in lines[-1]


def test_what_was_left_out_is_told_in_two_lines_too(talk: Any) -> None:
    """They have no room for the end."""
    for at in range(3):
        talk.receive(at, (0x81, b"%d" % at))
    assert talk.log.df.ws.conversation(limit=2).splitlines() == ["     0.000 < 0", "… 2 more …"]
    assert len(talk.log.df.ws.conversation(limit=3).splitlines()) == 3


def test_sessions_are_named_where_there_are_several(talk: Any, another: Callable[..., Any]) -> None:
    """In the order of time."""
    other = another("tock")
    other.receive(2, (0x81, b"b"))
    talk.receive(1, (0x81, b"a"))
    assert talk.log.df.ws.conversation().splitlines() == ["     0.000 s < a", "     1.000 tock < b"]


def test_there_may_be_nothing_to_read(talk: Any) -> None:
    """In words; and a limit that shows nothing is refused."""
    assert talk.log.df.ws.conversation() == "no frames"
    with pytest.raises(ValueError, match="limit is at least 2"):
        talk.log.df.ws.conversation(limit=1)
    with pytest.raises(AttributeError, match=r"conversation\(\) needs"):
        talk.log.df[["direction", "opcode"]].ws.conversation()


def test_a_frame_without_a_time_stays_in_its_place(talk: Any) -> None:
    """Its line has no seconds; those of the others count from the first that has a time."""
    for at in range(3):
        talk.receive(at, (0x81, b"%d" % at))
    df = talk.log.df
    rows = df.assign(time=df["time"].mask([True, False, True]))
    assert rows.ws.conversation().splitlines() == ["         - < 0", "     0.000 < 1", "         - < 2"]

"""Turns: messages of both sides, each with its frames."""

from __future__ import annotations

from recordings import recording

from wsnotebook.replaying.timedframes import recorded_frames
from wsnotebook.replaying.turns import message_of, turns
from wsnotebook.wire.frames import CloseReason, Frame


def test_a_turn_has_the_frames_of_a_message() -> None:
    """Also control frames between them; messages of the other side come where they end."""
    log = recording(
        [
            (0, "out", Frame.text("a", fin=False)),
            (1, "in", Frame.text("x")),
            (2, "out", Frame.ping(b"!")),
            (3, "out", Frame(0, b"b")),
            (4, "out", Frame.ping(b"?")),
            (5, "out", Frame.binary(b"cut", fin=False)),
            (6, "out", Frame.close(CloseReason(1000, ""))),
            (7, "in", Frame.binary(b"cut", fin=False)),
        ]
    )
    found = list(turns(recorded_frames(log)))
    assert [(turn.at, turn.is_sent, turn.message, len(turn.frames)) for turn in found] == [
        (1, False, "x", 1),
        (0, True, "ab", 3),
        (4, True, None, 1),
        (5, True, None, 1),
        (6, True, None, 1),
        (7, False, None, 1),
    ]
    assert [turn.is_close for turn in found] == [False, False, False, False, True, False]


def test_a_text_that_is_no_text_is_bytes() -> None:
    """A raw session can have sent it."""
    assert message_of([Frame(1, b"\xff", fin=False), Frame(0, b"a")]) == b"\xffa"

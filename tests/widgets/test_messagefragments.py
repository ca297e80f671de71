"""Fragments: the message that a frame is a part of."""

from __future__ import annotations

from typing import Any

from wsnotebook.widgets import messagefragments as fragments_module
from wsnotebook.widgets.messagefragments import fragments_of
from wsnotebook.widgets.row import rows_of
from wsnotebook.wire.frames import Frame


def seqs(log: Any, seq: int) -> list[int] | None:
    found = fragments_of(log, next(rows_of(log, seq, seq + 1)))
    return found and [row.seq for row in found.rows]


def test_fragments_are_found_from_each_of_them(session: Any) -> None:
    """Between control frames and frames of the other direction; whole messages have none."""
    session.record(Frame.text("whole"), Frame.text("a", fin=False))
    session.record(Frame.text("mine", fin=False), sent=True)
    session.record(Frame.ping(), Frame(0, b"b", fin=False), Frame(0, b"c"), Frame.text("next"))
    assert [seqs(session.log, seq) for seq in (1, 4, 5)] == [[1, 4, 5]] * 3
    assert [seqs(session.log, seq) for seq in (0, 3, 6)] == [None] * 3
    found = fragments_of(session.log, next(rows_of(session.log, 4, 5)))
    assert found is not None and found.place_of(4) == "fragment 2 of 3, frames 1 to 5"


def test_a_message_that_goes_on_says_so(session: Any) -> None:
    """Its end has not come, or its begin is not in the log."""
    session.record(Frame.text("a", fin=False), Frame(0, b"b", fin=False))
    found = fragments_of(session.log, next(rows_of(session.log, 0, 1)))
    assert found is not None and found.place_of(0) == "fragment 1 of at least 2, frames 0 to 1"
    assert (found.has_begin, found.has_end) == (True, False)


def test_a_message_that_another_took_the_place_of_has_none_of_its_frames(session: Any) -> None:
    """A peer that breaks the order of fragments: a begin within a message, whole or not, and a part of none."""
    a, b = Frame.text("a", fin=False), Frame.text("b", fin=False)
    session.record(
        a, Frame(0, b"a", fin=False), b, Frame(0, b"b"), Frame(0, b"of none", fin=False), Frame(0, b"!")
    )
    session.record(a, Frame.text("whole"), Frame(0, b"of none"))
    assert [seqs(session.log, seq) for seq in range(6)] == [[0, 1], [0, 1], [2, 3], [2, 3], [4, 5], [4, 5]]
    assert [seqs(session.log, seq) for seq in range(6, 9)] == [[6], None, [8]]
    given_up, part_of_none = (
        fragments_of(session.log, next(rows_of(session.log, seq, seq + 1))) for seq in (1, 5)
    )
    assert given_up is not None and (given_up.has_begin, given_up.has_end) == (True, False)
    assert part_of_none is not None and (part_of_none.has_begin, part_of_none.has_end) == (False, True)


def test_a_message_of_very_many_fragments_is_looked_at_in_part(session: Any) -> None:
    """Opening one of them stays quick."""
    many = 3 * fragments_module.LOOKED
    session.record(Frame.text("a", fin=False), *[Frame(0, b"b", fin=False)] * many)
    found = fragments_of(session.log, next(rows_of(session.log, many // 2, many // 2 + 1)))
    assert found is not None and not found.has_begin and not found.has_end
    assert len(found.rows) == 2 * fragments_module.LOOKED

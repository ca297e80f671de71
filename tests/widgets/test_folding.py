"""folded_rows(): a row for a message of several frames."""

from __future__ import annotations

from typing import Any

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.folding import folded_rows
from wsnotebook.widgets.inspector import PREVIEW_BYTES
from wsnotebook.widgets.row import rows_of
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import Frame


def folded(log: FrameLog) -> list[list[Any]]:
    """Return what is folded of all rows."""
    return folded_rows(log, list(rows_of(log, 0, log.end)))


def test_the_frames_of_a_message_are_one_row(session: Any) -> None:
    """Their number, bytes and begin; not those of whole frames, of a control frame between them, nor of the other direction."""
    session.record(Frame.text("whole"), Frame.text("one, ", fin=False))
    session.record(Frame.text("sent", fin=False), sent=True)
    session.record(Frame.ping(b"ping"), Frame(0, b"two", fin=False), flags=Flag.CONTINUES)
    assert folded(session.log) == [[1, 2, False, 8, 8, "one, two"], [2, 1, False, 4, 4, "sent"]]
    session.record(Frame(0, b"!"), flags=Flag.CONTINUES)
    assert folded(session.log)[0] == [1, 3, True, 9, 9, "one, two!"]


def test_a_long_message_of_many_frames_is_told_by_its_begin(session: Any) -> None:
    """A character that two fragments divide is whole in it."""
    session.record(
        Frame.binary(b"", fin=False), *[Frame(0, b"\xff" * 300, fin=False)] * 999, flags=Flag.CONTINUES
    )
    session.record(Frame(0, b"\xff"), flags=Flag.CONTINUES)
    [[_, frames, is_whole, size, _, begin]] = folded(session.log)
    assert (frames, is_whole, size) == (1001, True, 299_701)
    assert begin == "ff " * (PREVIEW_BYTES // 4 - 1) + "ff…"
    text = "é" * 200
    session.record(Frame(1, text.encode()[:7], fin=False), Frame(0, text.encode()[7:]), flags=Flag.CONTINUES)
    assert folded(session.log)[1][-1] == "é" * 128 + "…"

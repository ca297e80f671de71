"""Extra cells: the texts of columns that only the log knows."""

from __future__ import annotations

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets.extracells import EXTRA, extra_cells
from wsnotebook.widgets.row import rows_of
from wsnotebook.widgets.table import COLUMNS
from wsnotebook.wire.batch import Batch, Flag


def fragmented() -> FrameLog:
    """A log in which two connections send a message in three fragments each, in turn, with pings between."""
    log = FrameLog()
    numbers = [log.register(Connection(name)) for name in ("one", "two")]
    for head, flags in ((0x01, Flag.TEXT), (0x89, 0), (0x00, Flag.CONTINUES), (0x80, Flag.CONTINUES)):
        for number in numbers:
            batch = Batch()
            batch.add(head, b"x", flags, b"\1\2\3\4" if head == 0x89 else None)
            log.append(batch, number, "in", 5, 5)
    return log


def cells(log: FrameLog, name: str, start: int = 0) -> list[str]:
    """Return the texts of one column."""
    return extra_cells(log, list(rows_of(log, start, log.end)), [name])[name]


def test_the_frames_of_a_message_have_its_number() -> None:
    """That of its first frame, as in the DataFrame, also where the window begins in the middle; control frames have none."""
    log = fragmented()
    assert cells(log, "message") == ["0", "1", "", "", "0", "1", "0", "1"]
    assert cells(log, "message", 6) == ["0", "1"]
    assert [None if text == "" else int(text) for text in cells(log, "message")] == [
        None if number is None else int(number)
        for number in log.df["message"].astype(object).where(log.df["message"].notna(), None)
    ]


def test_a_continuation_that_continues_nothing_has_no_message() -> None:
    """It breaks a rule, and belongs to no message."""
    log = FrameLog()
    log.register(Connection("one"))
    batch = Batch()
    batch.add(0x81, b"x", Flag.TEXT)
    batch.add(0x80, b"y", Flag.VIOLATION)
    log.append(batch, 0, "in", 5, 5)
    assert cells(log, "message") == ["0", ""]


def test_masked_frames_have_their_key() -> None:
    """In hex; others have none."""
    log = fragmented()
    assert cells(log, "key") == ["", "", "01 02 03 04", "01 02 03 04", "", "", "", ""]


def test_rows_have_their_recording() -> None:
    """The identity that the DataFrame has too."""
    log = fragmented()
    assert cells(log, "recording") == log.df["recording"].tolist()


def test_only_columns_that_need_the_log_are_asked_of_it() -> None:
    """Others are made in the page; all of them are columns of the table."""
    log = fragmented()
    assert extra_cells(log, list(rows_of(log, 0, 2)), ["seq", "payload"]) == {}
    assert set(EXTRA) <= set(COLUMNS)

"""seq_at(): the row that a person wants to go to."""

from __future__ import annotations

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.widgets.goto import seq_at
from wsnotebook.wire.batch import Batch

BEGIN = 1_700_000_000_000_000_000  # 2023-11-14T22:13:20


@pytest.fixture
def log() -> FrameLog:
    """Ten batches of five rows, ten minutes apart: the last ones are on the next day."""
    made = FrameLog()
    made.register(Connection("one"))
    for n in range(13):
        batch = Batch()
        for _ in range(5):
            batch.add(0x82, b"", 0)
        made.append(batch, 0, "in", BEGIN + n * 600_000_000_000, n)
    return made


@pytest.mark.parametrize(
    ("text", "seq"),
    [
        ("0", 0),
        (" #64 ", 64),
        ("22:13", 0),
        ("22:13:20.000000001", 5),
        ("22:24", 10),
        ("2023-11-15", 55),
        ("2023-11-15T00:03:20", 55),
        ("2000-01-01", 0),
    ],
)
def test_a_row_has_a_number_or_a_time(log: FrameLog, text: str, seq: int) -> None:
    """The first one at or after it; without a date, of the first day on which there is one."""
    assert seq_at(log, text) == seq


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("65", "the log has 0 to 64"),
        ("x", "no number of a frame and no time"),
        ("2024-01-01", "no frame is at or after"),
    ],
)
def test_what_is_not_there_is_told(log: FrameLog, text: str, words: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match=words):
        seq_at(log, text)

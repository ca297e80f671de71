"""Small runs become large ones with the same rows, and large ones stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.header import Header
from wsnotebook.files.joining import joined, payload_size


@pytest.mark.parametrize("step", [1, 3, 7])
def test_the_rows_of_small_runs(
    step: int, make_log: Callable[..., FrameLog], same_log: Callable[..., None]
) -> None:
    """Wire payloads, headers, details, mask keys and messages that go on: all of a log, in one run."""
    log = make_log(5)
    runs = [
        rows for start in range(0, len(log), step) for rows in log.rows(start, min(start + step, len(log)))
    ]
    assert len(runs) > 1
    (run,) = joined(runs)
    same_log(log, Header.of(log).to_log(FrameLog, [run]))


def test_large_runs_stay_apart() -> None:
    """Payloads of 3 MiB: two make a run; one of more than a run has is not cut."""
    log = FrameLog.from_frames(
        [(place, "in", bytes(size << 20)) for place, size in enumerate((3, 3, 3, 20, 1))]
    )
    runs = [rows for seq in range(5) for rows in log.rows(seq, seq + 1)]
    assert [payload_size(rows) >> 20 for rows in joined(runs)] == [6, 3, 20, 1]
    assert list(joined([])) == []

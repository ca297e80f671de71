"""Counters: totals that look only at new rows, and the rate of the last second."""

from __future__ import annotations

from typing import Any

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.counters import Counters
from wsnotebook.wire.frames import Frame


def test_frames_and_bytes_are_counted_by_direction(session: Any) -> None:
    """Rows that came before the first look count too, and none counts twice."""
    session.record(Frame.text("abc"), Frame.binary(bytes(10)))
    counters = Counters(session.log)
    counters.update(0.0)
    session.record(Frame.text("sent"), sent=True)
    counters.update(0.1)
    counters.update(0.2)
    assert counters.frames == {"in": 2, "out": 1}
    assert counters.bytes == {"in": 13, "out": 4}


def test_totals_hold_over_segments(session: Any) -> None:
    """More rows than one segment has are all counted."""
    for _ in range(70):
        session.record(*[Frame.binary(b"xy")] * 1000)
    counters = Counters(session.log)
    counters.update(0.0)
    assert (counters.frames["in"], counters.bytes["in"]) == (70_000, 140_000)


def test_rows_that_were_dropped_before_they_were_counted_do_not_stop_the_count(make_session: Any) -> None:
    """A log that lets its oldest rows go leaves those that are still there."""
    session = make_session(FrameLog(retention=1, spill=False))
    for _ in range(140):
        session.record(*[Frame.binary(b"xy")] * 1000)
    counters = Counters(session.log)
    counters.update(0.0)
    assert counters.frames["in"] == len(session.log) < 140_000


def test_rate_is_of_the_last_second(session: Any) -> None:
    """Ten frames each tenth of a second are 100 a second; a second of silence is none."""
    counters = Counters(session.log)
    for tick in range(15):
        counters.update(tick / 10)
        session.record(*[Frame.text("x")] * 10)
    assert round(counters.rate) == 100
    for tick in range(15, 28):
        counters.update(tick / 10)
    assert counters.rate == 0.0

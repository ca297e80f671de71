"""Tally: totals that look only at new rows, and the rate of the last second."""

from __future__ import annotations

from typing import Any

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.tally import Tally
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import Frame


def test_frames_and_bytes_are_counted_by_direction(session: Any) -> None:
    """Rows that came before the first look count too, and none counts twice."""
    session.record(Frame.text("abc"), Frame.binary(bytes(10)))
    tally = Tally(session.log, 0)
    tally.update(0.0)
    session.record(Frame.text("sent"), sent=True)
    tally.update(0.1)
    tally.update(0.2)
    assert tally.frames == {"in": 2, "out": 1}
    assert tally.bytes == {"in": 13, "out": 4}


def test_other_connections_of_the_log_do_not_count(session: Any, make_session: Any) -> None:
    """Two sessions share a log: each has its own frames, bytes and rate."""
    other = make_session(session.log)
    tallies = [Tally(session.log, each.pump.connection) for each in (session, other)]
    for tally in tallies:
        tally.update(0.0)
    session.record(Frame.text("abc"))
    other.record(*[Frame.text("x")] * 5, sent=True)
    for tally in tallies:
        tally.update(1.0)
    assert [tally.frames for tally in tallies] == [{"in": 1, "out": 0}, {"in": 0, "out": 5}]
    assert [tally.bytes for tally in tallies] == [{"in": 3, "out": 0}, {"in": 0, "out": 5}]
    assert [tally.rate for tally in tallies] == [1.0, 5.0]


def test_frames_over_the_limit_are_counted_of_the_own_connection(session: Any, make_session: Any) -> None:
    """Those of another session of the log are not."""
    other = make_session(session.log)
    for each in (session, other, other):
        each.record(Frame.binary(b""), flags=Flag.OVERSIZED)
    tally = Tally(session.log, session.pump.connection)
    tally.update(0.0)
    assert tally.oversized == 1


def test_totals_hold_over_segments(session: Any) -> None:
    """More rows than one segment has are all counted."""
    for _ in range(70):
        session.record(*[Frame.binary(b"xy")] * 1000)
    tally = Tally(session.log, 0)
    tally.update(0.0)
    assert (tally.frames["in"], tally.bytes["in"]) == (70_000, 140_000)


def test_rows_that_were_dropped_before_they_were_counted_do_not_stop_the_count(make_session: Any) -> None:
    """A log that lets its oldest rows go leaves those that are still there."""
    session = make_session(FrameLog(retention=1, spill=False))
    for _ in range(140):
        session.record(*[Frame.binary(b"xy")] * 1000)
    tally = Tally(session.log, 0)
    tally.update(0.0)
    assert tally.frames["in"] == len(session.log) < 140_000


def test_rate_is_of_the_last_second(session: Any) -> None:
    """Ten frames each tenth of a second are 100 a second; a second of silence is none."""
    tally = Tally(session.log, 0)
    for tick in range(15):
        tally.update(tick / 10)
        session.record(*[Frame.text("x")] * 10)
    assert round(tally.rate) == 100
    for tick in range(15, 28):
        tally.update(tick / 10)
    assert tally.rate == 0.0

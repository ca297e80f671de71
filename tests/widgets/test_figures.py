"""Figures: what the head of a panel says of a session, of its own connection and of its own time."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.density import KINDS, Density
from wsnotebook.widgets.figures import Figures
from wsnotebook.wire.frames import Frame
from wsnotebook.workbench.facts import stats_of


def seconds() -> FrameLog:
    """A log whose clock goes on by one second each time it is read."""
    ticks = itertools.count(1)
    return FrameLog(monotonic=lambda: next(ticks) * 1_000_000_000)


def test_queue_and_unread_are_as_deep_as_the_session_says(session: Any) -> None:
    """Frames of the user and of the session itself wait for the socket; messages wait for the user."""
    session.pump.outgoing.data += [1, 2]
    session.pump.outgoing.control += [3]
    session.pump.incoming.waiting = 7
    shown = Figures(session).read(0.0)
    assert (shown["queued"], shown["unread"]) == (3, 7)


def test_the_latency_is_that_of_the_last_ping_whoever_has_sent_it(session: Any) -> None:
    """The pinger of ``ping_interval``, or a person; a pinger that is stopped takes nothing away."""
    figures = Figures(session)
    assert figures.read(0.0)["latency"] is None
    session.pinger = SimpleNamespace(latency=0.25)
    assert figures.read(0.0)["latency"] == 0.25
    session.latency = 0.5
    assert [figures.read(0.0)["latency"] for _ in range(2)] == [0.5, 0.5]
    session.pinger.latency = 0.125
    assert figures.read(0.0)["latency"] == 0.125
    session.pinger = None
    assert figures.read(0.0)["latency"] == 0.125


def test_elapsed_beats_while_the_session_lives_and_stands_at_its_end(make_session: Any) -> None:
    """It counts from the open event, in halves of a second, and to the closed event."""
    session = make_session(seconds())
    figures = Figures(session)
    assert figures.read(0.0)["elapsed"] == 0.0
    session.log.note("open", "", session.name)
    assert [figures.read(0.0)["elapsed"] for _ in range(3)] == [1.0, 2.0, 3.0]
    session.log.note("closed", "", session.name)
    assert [figures.read(0.0)["elapsed"] for _ in range(2)] == [4.0, 4.0]


def test_silence_is_since_the_last_frame_and_before_it_since_the_opening(make_session: Any) -> None:
    """In whole seconds."""
    session = make_session(seconds())
    figures = Figures(session)
    session.log.note("open", "", session.name)
    assert figures.read(0.0)["silence"] == 1
    session.record(Frame.text("x"), monotonic_ns=10_000_000_000)
    for _ in range(10):
        session.log.monotonic()
    assert figures.read(0.0)["silence"] == 3


def test_a_stall_is_the_same_in_the_head_the_strip_the_dataframe_and_the_numbers(make_session: Any) -> None:
    """One meaning: its own loop was late. A stall of the notebook is none where the session has a thread that went on."""
    session = make_session(FrameLog(clock=lambda: 1_700_000_000_000_000_000))
    log, name = session.log, session.name
    figures, density = Figures(session), Density(log, name)
    log.note("open", "", name)
    log.note("loop watched", "", name)
    log.note("kernel stall", "a cell", name, seconds=2.5)
    log.note("loop late", "60 ms", name, seconds=0.06)
    log.note("kernel stall", "its own thread went on", name, seconds=0.0)
    log.note("loop late", "60 ms", "another", seconds=0.06)
    session.record(Frame.text("x"))
    while density.step():
        pass
    kinds = dict(zip(KINDS, density.counts.sum(axis=1).tolist(), strict=True))
    assert (kinds["stalls"], kinds["events"]) == (2, 1)
    assert (figures.read(0.0)["stalls"], figures.read(0.0)["stalled"]) == (2, 2.6)
    assert session.df.ws.stalls()["duration"].tolist() == [2.5, 0.06]
    assert (stats_of(session)["stalls"], stats_of(session)["stalled_seconds"]) == (2, 2.56)


def test_events_of_other_sessions_and_of_earlier_connections_are_not_its_own(make_session: Any) -> None:
    """A reconnected session counts its time from its own opening, and its own stalls."""
    log = seconds()
    first = make_session(log)
    log.note("open", "", first.name)
    log.note("kernel stall", "", first.name, seconds=1.0)
    log.note("closed", "", first.name)
    second = make_session(log)
    figures = Figures(second)
    assert figures.read(0.0)["elapsed"] == 0.0 and figures.read(0.0)["stalls"] == 0
    log.note("open", "", second.name)
    log.note("open", "", "another")
    log.note("kernel stall", "", "another", seconds=1.0)
    log.note("kernel stall", "", second.name, seconds=1.0)
    assert figures.read(0.0)["stalls"] == 1
    assert Figures(first).read(0.0)["elapsed"] == 2.0 and Figures(first).read(0.0)["stalls"] == 1

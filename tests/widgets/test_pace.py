"""Pace: a feed that a person can follow is shown ten times a second, a flood four times, and its end all the same."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.widgets.following import Following
from wsnotebook.widgets.growth import Growth
from wsnotebook.widgets.pace import READABLE, RUSH, TICK, Pace
from wsnotebook.wire.batch import Batch


def append(log: FrameLog, count: int) -> None:
    """Append rows of one read."""
    batch = Batch()
    for _ in range(count):
        batch.add(0x81, b"x")
    log.append(batch, 0, "in", 0, 0)


def test_the_pause_is_longer_after_more_rows_than_anyone_reads() -> None:
    """What counts is what came since the last picture; a log that was exchanged for a smaller one is no flood."""
    pace = Pace(5)
    ends = [5, 5 + READABLE, 6 + 2 * READABLE, 7 + 2 * READABLE, 0]
    assert [pace.pause(end) for end in ends] == [TICK, TICK, RUSH, TICK, TICK]


async def test_a_flood_of_a_session_is_shown_less_often(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows come between two ticks; the refresh after the end is the last one."""
    rows = iter([1, READABLE + 1, READABLE + 1, 0])
    pauses: list[float] = []
    shown: list[int] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        count = next(rows)
        append(session.log, count)
        if not count:
            session.end()

    monkeypatch.setattr("wsnotebook.widgets.following.asyncio.sleep", sleep)
    following = Following(session, lambda: shown.append(session.log.end), lambda error: None)
    assert following.task is not None
    await asyncio.wait([following.task])
    assert pauses == [TICK, TICK, RUSH, RUSH]
    assert shown == [1, READABLE + 2, 2 * READABLE + 3, session.log.end]


def test_a_flood_of_a_log_is_shown_less_often(session: Any) -> None:
    """A table without a session is told of rows at the same pace, and of the last ones too."""
    delays: list[float] = []
    due: list[Any] = []

    def call_later(seconds: float, call: Any) -> None:
        delays.append(seconds)
        due.append(call)

    loop: Any = SimpleNamespace(
        is_closed=lambda: False,
        call_later=call_later,
        call_soon_threadsafe=lambda call, *arguments: call(*arguments),
    )
    shown: list[int] = []
    growth = Growth(session.log, loop, lambda: shown.append(session.log.end))
    for count in (1, READABLE + 1, 1, 1):
        append(session.log, count)
        due.pop()()
    growth.stop()
    assert delays == [TICK, TICK, RUSH, TICK]
    assert shown == [1, READABLE + 2, READABLE + 3, READABLE + 4]

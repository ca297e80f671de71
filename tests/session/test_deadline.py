"""Deadline: the last setting counts, to the moment, however seldom its timer looks."""

from __future__ import annotations

import asyncio

import pytest

from wsnotebook.session.deadline import Deadline

STEP = 1 / 16  # seconds, and a sum of powers of two


class HandLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock is moved by the test."""

    now = 0.0

    def time(self) -> float:
        return self.now


class Recorder:
    """Whom the deadline is for: keeps when it passed, and the seconds it told."""

    def __init__(self, loop: HandLoop) -> None:
        self.found: list[tuple[float, float]] = []
        self._loop = loop

    def deadline_passed(self, seconds: float) -> None:
        self.found.append((self._loop.now, seconds))


async def moments_of(settings: dict[float, float | None]) -> list[tuple[float, float]]:
    """Return when a deadline that is set at some moments passes, and the seconds it tells."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HandLoop)
    recorder = Recorder(loop)
    deadline = Deadline(recorder)
    while loop.now < 16.0:
        if loop.now in settings:
            deadline.set(settings[loop.now])
        loop.now += STEP
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # what the timers have scheduled
    return recorder.found


@pytest.mark.parametrize(
    ("settings", "moments"),
    [
        ({0.0: 0.25}, [(0.25, 0.25)]),
        ({0.0: 1.0}, [(1.0, 1.0)]),
        ({0.0: 10.0}, [(10.0, 10.0)]),
        ({0.0: 10.0, 0.5: 1.0}, [(1.5, 1.0)]),
        ({0.0: 10.0, 0.5: 0.25}, [(0.75, 0.25)]),
        ({0.0: 0.25, 0.125: 10.0}, [(10.125, 10.0)]),
        ({0.0: 10.0, 4.5: 1.0, 5.0: 1.0, 5.5: 2.0}, [(7.5, 2.0)]),
        ({0.0: 1.0, 0.5: None}, []),
        ({0.0: None}, []),
        ({0.0: 1.0, 2.0: 3.0}, [(1.0, 1.0), (5.0, 3.0)]),
        ({0.0: 1.0, 0.5: None, 0.75: 1.0}, [(1.75, 1.0)]),
    ],
)
def test_the_last_setting_passes_when_it_is_due(
    settings: dict[float, float | None], moments: list[tuple[float, float]]
) -> None:
    """Once each, and not at all where it was cleared."""
    with asyncio.Runner(loop_factory=HandLoop) as runner:
        assert runner.run(moments_of(settings)) == moments

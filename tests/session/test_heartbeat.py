"""Heartbeat: the timer of a loop tells by how much it was late, and by how much the wall clock has jumped."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import cast

import pytest

from wsnotebook.session.heartbeat import JUMP, SLOW, TICK, Beat, Heartbeat


class HandLoop:
    """An event loop whose clock and timers are moved by the test."""

    def __init__(self) -> None:
        self.now = 100.0
        self.callback: Callable[[], None] | None = None

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        self.callback = callback
        return object()

    def fire(self, after: float) -> None:
        """Let the pending timer run so many seconds later."""
        self.now += after
        assert self.callback is not None
        self.callback()


class Bench:
    """A heartbeat on a loop and a wall clock of the test, and the ticks that it has told of."""

    def __init__(self) -> None:
        self.loop = HandLoop()
        self.offset = 1_700_000_000.0
        """The wall clock minus the loop's, in seconds."""
        self.heartbeat = Heartbeat(cast(asyncio.AbstractEventLoop, self.loop), self._clock)
        self.beats: list[Beat] = []
        self.hear = self.beats.append
        self.heartbeat.listen(self.hear)

    def _clock(self) -> int:
        return round((self.loop.now + self.offset) * 1e9)


def test_a_punctual_tick_is_told_to_nobody() -> None:
    """Nor is one that is late as any tick is."""
    bench = Bench()
    bench.loop.fire(TICK)
    bench.loop.fire(TICK + SLOW * 0.9)
    assert bench.beats == []


def test_a_late_tick_is_told_once_with_its_delay() -> None:
    """And the ticks after it are punctual again."""
    bench = Bench()
    bench.loop.fire(TICK + 3.0)
    bench.loop.fire(TICK)
    assert [round(beat.late, 3) for beat in bench.beats] == [3.0]
    assert bench.beats[0].due == pytest.approx(100.0 + TICK)


def test_a_heartbeat_that_nobody_hears_stops_at_its_next_tick() -> None:
    """One who listens before that finds the timer running."""
    bench = Bench()
    callback = bench.loop.callback
    bench.heartbeat.forget(bench.hear)
    bench.heartbeat.listen(bench.hear)
    assert bench.loop.callback is callback
    bench.heartbeat.forget(bench.hear)
    bench.loop.callback = None
    assert callback is not None
    callback()
    assert bench.loop.callback is None
    bench.heartbeat.listen(bench.hear)
    bench.loop.fire(TICK + 3.0)
    assert [round(beat.late, 3) for beat in bench.beats] == [3.0]


def test_a_delay_and_a_jump_before_somebody_listens_are_told_to_nobody() -> None:
    """Those after it are."""
    bench = Bench()
    bench.heartbeat.forget(bench.hear)
    bench.loop.now += TICK + 5.0
    bench.offset += 60.0
    bench.heartbeat.listen(bench.hear)
    assert bench.heartbeat.late_since(0.0) == 0.0
    bench.loop.fire(SLOW * 0.9)
    assert bench.beats == []
    bench.loop.fire(TICK + SLOW * 1.1)
    assert [(round(beat.late, 3), round(beat.jump, 3)) for beat in bench.beats] == [(0.055, 0.0)]


def test_a_heartbeat_keeps_no_loop_alive() -> None:
    """It stays with the loop, for the next session."""
    loop = asyncio.new_event_loop()
    heartbeat = Heartbeat.of(loop)
    with heartbeat.beating():
        pass
    assert Heartbeat.of(loop) is heartbeat
    loop.close()
    gone = weakref.ref(loop)
    del loop, heartbeat
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("seconds", [JUMP * 1.1, -JUMP * 1.1, 259_200.0, -259_200.0])
def test_a_jump_of_the_wall_clock_is_told_once_and_is_no_delay(seconds: float) -> None:
    """Forwards and back."""
    bench = Bench()
    bench.offset += seconds
    bench.loop.fire(TICK)
    bench.loop.fire(TICK)
    assert [round(beat.jump, 3) for beat in bench.beats] == [round(seconds, 3)]
    assert bench.beats[0].late == pytest.approx(0.0)


def test_a_clock_that_is_corrected_in_small_steps_is_told_to_nobody() -> None:
    """However far it gets in the end."""
    bench = Bench()
    for _ in range(100):
        bench.offset += JUMP / 2
        bench.loop.fire(TICK)
    assert bench.beats == []


def test_a_tick_of_fifty_milliseconds_is_late() -> None:
    """It explains a gap of what was received."""
    bench = Bench()
    bench.loop.fire(TICK + SLOW * 1.1)
    assert [round(beat.late, 3) for beat in bench.beats] == [0.055]


def test_a_stall_is_known_to_who_asks_after_it_and_while_it_goes_on() -> None:
    """And not to who asks for what came later."""
    bench = Bench()
    heartbeat, loop = bench.heartbeat, bench.loop
    began = loop.now
    assert heartbeat.late_since(began) == 0.0
    loop.now += TICK + 2.0
    assert heartbeat.late_since(began) == pytest.approx(2.0)
    loop.fire(0.0)
    loop.fire(TICK)
    assert heartbeat.late_since(began) == pytest.approx(2.0)
    assert heartbeat.late_since(loop.now) == 0.0


def test_a_short_delay_after_a_stall_does_not_hide_it() -> None:
    """The thread that was stopped too ticks again, a little late, before the loop of the notebook does."""
    bench = Bench()
    heartbeat, loop = bench.heartbeat, bench.loop
    began = loop.now
    loop.fire(TICK + 2.0)
    after_stall = loop.now
    for late in (0.06, 0.3, 0.06):
        loop.fire(TICK + late)
        assert heartbeat.late_since(began) == pytest.approx(2.0)
    assert heartbeat.late_since(after_stall) == pytest.approx(0.3)
    loop.now += TICK + 0.1
    assert heartbeat.late_since(after_stall) == pytest.approx(0.3), "longer than that which goes on"
    loop.now += 3.0
    assert heartbeat.late_since(began) == pytest.approx(3.1)

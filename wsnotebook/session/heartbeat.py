"""Heartbeat: a 100 ms timer for each event loop that has sessions, open or opening.

It wakes an idle loop, because the kernel handles an interrupt of an awaiting cell only when its loop next wakes, and
it detects that a blocking cell has delayed the loop, and that the wall clock has jumped.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

__all__ = ["JUMP", "LATE", "SLOW", "STALL", "TICK", "Beat", "Beating", "Heartbeat", "Listener"]

TICK = 0.1
"""Seconds between ticks: the longest delay of ■ on a session without traffic."""
SLOW = 0.05
"""Seconds of delay from which a tick is recorded as an event: a gap in what was received may be of our making."""
STALL = 1.0
"""Seconds of delay from which it is a stall that people are told of: shorter delays are ordinary work."""
LATE = 0.1
"""Seconds of delay from which a timer tells of us, and nothing of the peer whose answer it was to measure."""
JUMP = 1.0
"""Seconds by which the wall clock has to differ from the monotonic one, from one tick to the next: a server of time that
corrects a clock in small steps is no event."""


class Beat(NamedTuple):
    """A tick that was late, or on which the wall clock had jumped."""

    due: float
    """When the tick should have come, on the loop's clock."""
    late: float
    """Seconds of its delay."""
    jump: float
    """Seconds by which the wall clock went further than the monotonic one since the tick before; negative when it was
    set back."""


Listener: TypeAlias = Callable[[Beat], None]
"""Called with each tick whose delay is at least SLOW or whose jump is at least JUMP."""

_beats: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Heartbeat] = weakref.WeakKeyDictionary()


class Beating:
    """Context manager that lets a heartbeat go on, and hears nothing of it. A class: a generator takes three times as long."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat

    def __enter__(self) -> None:
        self._heartbeat.listen(self._hear)

    def __exit__(self, *error: object) -> None:
        self._heartbeat.forget(self._hear)

    def _hear(self, beat: Beat) -> None:
        """Do nothing."""


class Heartbeat:
    """The timer of one loop; it runs while it has listeners, and then until its next tick. Use it only in the thread of
    its loop.

    Args:
        loop: the event loop.
        clock: the wall clock, ns since the epoch.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], int] = time.time_ns) -> None:
        # Weak, and the timer is not kept: the heartbeat of a loop is found by it, which it must not keep alive.
        self._loop = weakref.ref(loop)
        self._clock = clock
        self._listeners: set[Listener] = set()
        self._is_scheduled = False
        self._due = 0.0
        self._set_at = 0.0  # wall clock minus the loop's, in seconds
        self._delays: list[tuple[float, float]] = []
        """End, on the loop's clock, and seconds of each delay that no later one reached: the longest is the first."""

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Heartbeat:
        """Return the heartbeat of a loop."""
        found = _beats.get(loop)
        if found is None:
            found = _beats[loop] = cls(loop)
        return found

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with each odd tick from now on."""
        if not self._listeners:
            now = self._now()
            self._set_at = self._offset(now)
            if self._is_scheduled:
                self._due = max(self._due, now)  # a delay before now is nobody's
            else:
                self._schedule(now)
        self._listeners.add(listener)

    def forget(self, listener: Listener) -> None:
        """Call ``listener`` no more; when no listener is left, the next tick is the last.

        The timer is not cancelled, as sessions that are opened and closed one after the other would set one each.
        """
        self._listeners.discard(listener)

    def beating(self) -> Beating:
        """Run the timer during the block, for a wait of the user without an open session."""
        return Beating(self)

    def late_since(self, moment: float) -> float:
        """Return the seconds of the longest delay of SLOW that ended after ``moment``, or goes on; 0 where there is none.

        Args:
            moment: on the monotonic clock, which all loops share.
        """
        longest = next((seconds for end, seconds in self._delays if end > moment), 0.0)
        late = self._now() - self._due if self._listeners else 0.0
        # Where it is SLOW, the tick is due, and is the next thing that the loop runs.
        return max(longest, late) if late >= SLOW else longest

    def _now(self) -> float:
        loop = self._loop()
        assert loop is not None  # it runs
        return loop.time()

    def _offset(self, now: float) -> float:
        return self._clock() / 1e9 - now

    def _schedule(self, now: float) -> None:
        loop = self._loop()
        assert loop is not None
        self._due = now + TICK
        self._is_scheduled = True
        loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._is_scheduled = False
        if not self._listeners:
            return
        now = self._now()
        offset = self._offset(now)
        beat = Beat(self._due, now - self._due, offset - self._set_at)
        self._set_at = offset
        if beat.late >= SLOW:
            while self._delays and self._delays[-1][1] <= beat.late:
                self._delays.pop()
            self._delays.append((now, beat.late))
        if beat.late >= SLOW or abs(beat.jump) >= JUMP:
            for listener in tuple(self._listeners):
                listener(beat)
        self._schedule(self._now())

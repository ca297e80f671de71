"""Heartbeat: a 100 ms timer for each event loop that has sessions, open or opening.

It wakes an idle loop, because the kernel handles an interrupt of an awaiting cell only when its loop next wakes, and
it detects that a blocking cell has delayed the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Callable, Iterator

__all__ = ["STALL", "TICK", "Heartbeat"]

TICK = 0.1
"""Seconds between ticks: the longest delay of ■ on a session without traffic."""
STALL = 1.0
"""Seconds of delay from which a tick is recorded as an event: shorter delays are ordinary work."""

_beats: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Heartbeat] = weakref.WeakKeyDictionary()


class Heartbeat:
    """The timer of one loop; it runs while it has listeners. Use it only in the thread of its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: set[Callable[[float], None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Heartbeat:
        """Return the heartbeat of a loop."""
        found = _beats.get(loop)
        if found is None:
            found = _beats[loop] = cls(loop)
        return found

    def listen(self, on_stall: Callable[[float], None]) -> None:
        """Register ``on_stall``, which is called with the seconds of delay of a tick that is at least STALL late."""
        self._listeners.add(on_stall)
        if self._timer is None:
            self._schedule()

    def forget(self, on_stall: Callable[[float], None]) -> None:
        """Unregister ``on_stall``; the timer stops when no listener is left."""
        self._listeners.discard(on_stall)
        if not self._listeners:
            _beats.pop(self._loop, None)  # the value refers to its key, so that the loop would never be freed
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Run the timer during the block, for a wait of the user without an open session."""
        listener: Callable[[float], None] = lambda seconds: None  # noqa: E731 - a distinct listener for each wait
        self.listen(listener)
        try:
            yield
        finally:
            self.forget(listener)

    def _schedule(self) -> None:
        self._due = self._loop.time() + TICK
        self._timer = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        late = self._loop.time() - self._due
        if late >= STALL:
            for on_stall in tuple(self._listeners):
                on_stall(late)
        if self._listeners:
            self._schedule()
        else:
            self._timer = None

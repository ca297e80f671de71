"""Heartbeat: one 100 ms tick for each event loop that has sessions, open or being opened.

It wakes an idle loop, so that an interrupt of the notebook is noticed (the kernel cancels an awaiting cell only when
its loop next wakes), and it notices when a blocking cell has held the loop up.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Callable, Iterator

__all__ = ["STALL", "TICK", "Heartbeat"]

TICK = 0.1
"""Seconds between ticks: what ■ takes at most on a silent session."""
STALL = 1.0
"""Seconds of a late tick that are worth an event: shorter ones are ordinary work."""

_beats: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Heartbeat] = weakref.WeakKeyDictionary()


class Heartbeat:
    """The tick of one loop; it runs while somebody listens."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: set[Callable[[float], None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Heartbeat:
        """Return the heartbeat of a loop."""
        return _beats.setdefault(loop, cls(loop))

    def listen(self, on_stall: Callable[[float], None]) -> None:
        """Tick, and call ``on_stall`` with the seconds by which a tick was late where that is a stall."""
        self._listeners.add(on_stall)
        if self._timer is None:
            self._schedule()

    def forget(self, on_stall: Callable[[float], None]) -> None:
        """Stop calling; the tick ends with its last listener."""
        self._listeners.discard(on_stall)
        if not self._listeners:
            _beats.pop(self._loop, None)  # it holds its loop, and would keep it alive
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Tick during a wait of the user that has no open session yet."""
        listener: Callable[[float], None] = lambda seconds: None  # noqa: E731 - one of its own for each wait
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

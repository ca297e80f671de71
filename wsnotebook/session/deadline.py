"""Deadline: the one moment that an ending connection waits for."""

from __future__ import annotations

import asyncio
from typing import Protocol

from wsnotebook.session.letgo import GONE

__all__ = ["Deadline"]

_LOOK = 1.0
"""Seconds after which a timer looks at the deadline at the latest: until then it may be set anew, mostly to a second, which
then takes no other timer. Each costs as much as a step of the closing table."""


class Owner(Protocol):
    """Whom a deadline is for: a closer."""

    def deadline_passed(self, seconds: float, /) -> None:
        """So many seconds have passed."""


class Deadline:
    """A moment on the pump's loop, of which the last setting counts.

    Args:
        owner: is told when it has passed.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._seconds = 0.0
        self._due: float | None = None  # on the loop's clock
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float | None) -> None:
        """Let ``deadline_passed`` be called after so many seconds, instead of when it was set before; None waits for ever."""
        if seconds is None:
            self.clear()
            return
        loop = asyncio.get_running_loop()
        self._seconds, self._due = seconds, loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            self._look_later(loop)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._due is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(min(self._due, loop.time() + _LOOK), self._look)

    def _look(self) -> None:
        self._timer, loop = None, asyncio.get_running_loop()
        if self._due is None:
            return
        if loop.time() < self._due:
            self._look_later(loop)
        else:
            self._due = None
            self._owner.deadline_passed(self._seconds)

    def clear(self) -> None:
        """Wait for nothing."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def let_go(self) -> None:
        """Call nobody any more: the connection has ended."""
        self._owner = GONE

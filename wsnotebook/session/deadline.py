"""Deadline: the one moment that an ending connection waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wsnotebook.session.letgo import ignore

__all__ = ["Deadline"]


class Deadline:
    """A timer on the pump's loop, of which the last setting counts.

    Args:
        passed: called with the seconds that have passed.
    """

    def __init__(self, passed: Callable[[float], object]) -> None:
        self._passed = passed
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float | None) -> None:
        """Let ``passed`` be called after so many seconds, instead of when it was set before; None waits for ever."""
        if self._timer is not None:
            self.clear()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._passed, seconds)

    def clear(self) -> None:
        """Wait for nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def let_go(self) -> None:
        """Call nobody any more: the connection has ended."""
        self._passed = ignore

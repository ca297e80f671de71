"""Deadline: the one moment that an ending connection waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Deadline"]


class Deadline:
    """A timer on the pump's loop, of which the last setting counts."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float | None, passed: Callable[[float], None]) -> None:
        """Let ``passed`` be called with the seconds after so many, instead of when it was set before; None waits for ever."""
        self.clear()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, passed, seconds)

    def clear(self) -> None:
        """Wait for nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

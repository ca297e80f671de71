"""Watchers: coroutines that wait until a condition holds, which is checked again at each change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Watchers"]


class Watchers:
    """Coroutines that wait for a change, on one event loop."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []  # few wait

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        while not condition():
            watcher = asyncio.get_running_loop().create_future()
            self._waiting.append(watcher)
            try:
                await watcher
            except asyncio.CancelledError:
                if watcher in self._waiting:  # notify() may have passed it since it was cancelled
                    self._waiting.remove(watcher)
                raise

    def notify(self) -> None:
        """Let every coroutine check its condition again."""
        if self._waiting:  # mostly nobody waits, and every frame that is received asks
            waiting, self._waiting = self._waiting, []
            for watcher in waiting:
                if not watcher.done():
                    watcher.set_result(None)

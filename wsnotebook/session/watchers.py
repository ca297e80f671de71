"""Watchers: coroutines that wait until a condition holds, which is checked again at each change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Watchers"]


class Watchers:
    """Coroutines that wait for a change, on one event loop."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        while not condition():
            watcher = asyncio.get_running_loop().create_future()
            self._waiting.add(watcher)
            try:
                await watcher
            finally:
                self._waiting.discard(watcher)

    def notify(self) -> None:
        """Let every coroutine check its condition again."""
        waiting, self._waiting = self._waiting, set()
        for watcher in waiting:
            if not watcher.done():
                watcher.set_result(None)

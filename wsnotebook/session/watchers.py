"""Watchers: coroutines that wait until a condition holds, which is checked at each change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Watchers"]


class Watchers:
    """Coroutines that wait for a change, on one event loop.

    A condition that holds stays so. It is checked where the change is notified: a coroutine is resumed once, when it has
    what it waits for, and not at each of the changes of an ending session.
    """

    def __init__(self) -> None:
        self._waiting: tuple[tuple[Callable[[], bool], asyncio.Future[None]], ...] = ()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        if condition():
            return
        watcher = condition, asyncio.get_running_loop().create_future()
        self._waiting += (watcher,)
        try:
            await watcher[1]
        finally:
            self._waiting = tuple(each for each in self._waiting if each is not watcher)

    def notify(self) -> None:
        """Resume every coroutine whose condition holds now."""
        for condition, watcher in self._waiting:
            if not watcher.done() and condition():
                watcher.set_result(None)

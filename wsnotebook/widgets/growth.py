"""Growth: tells a widget, in its own loop, that a log has new rows: once for all that were appended meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from wsnotebook.widgets.pace import TICK, Pace

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Growth"]


class Growth:
    """A tap of a log; it costs nothing while no row is appended.

    Args:
        log: the log; rows may come in any thread.
        loop: where ``grown`` is called; without one, as in a plain script, nothing is.
        grown: called after rows were appended.
    """

    def __init__(
        self, log: FrameLog, loop: asyncio.AbstractEventLoop | None, grown: Callable[[], None]
    ) -> None:
        self._log, self._loop, self._grown = log, loop, grown
        self._is_due = False
        self._is_on = True
        self._pace, self._pause = Pace(log.end), TICK
        log.add_tap(self._tap)

    def stop(self) -> None:
        """Call no more."""
        if self._is_on:
            self._is_on = False
            self._log.remove_tap(self._tap)

    def _tap(self) -> None:
        """Schedule one call; called under the log's lock, in any thread."""
        if self._is_due or self._loop is None or self._loop.is_closed():
            return
        self._is_due = True
        self._loop.call_soon_threadsafe(self._loop.call_later, self._pause, self._call)

    def _call(self) -> None:
        self._is_due = False
        if self._is_on:
            self._grown()
            self._pause = self._pace.pause(self._log.end)

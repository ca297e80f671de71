"""waking(): an asyncio event that is set at each append to a log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from wsnotebook.log.rowlog import RowLog

__all__ = ["waking"]


@contextlib.contextmanager
def waking(log: RowLog, event: asyncio.Event) -> Iterator[None]:
    """Set ``event`` at each append to a log in the block, whatever thread appends."""
    loop = asyncio.get_running_loop()

    def wake() -> None:
        if not event.is_set():
            loop.call_soon_threadsafe(event.set)

    log.add_tap(wake)
    try:
        yield
    finally:
        log.remove_tap(wake)

"""follow(): calls a function soon after each append to a log, but not more than ten times a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from wsnotebook.log.rowlog import RowLog

__all__ = ["PAUSE", "follow", "waking"]

PAUSE = (
    0.1  # seconds between two calls: a person sees no difference, and a fast feed costs ten calls a second
)


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


async def follow(log: RowLog, step: Callable[[], object]) -> None:
    """Call ``step`` now, and after appends, until cancelled; what it raises ends this."""
    arrived = asyncio.Event()
    with waking(log, arrived):
        while True:
            step()
            await asyncio.sleep(PAUSE)
            await arrived.wait()
            arrived.clear()

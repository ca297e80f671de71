"""follow(): calls a function soon after each append to a log, but not more than ten times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.waking import waking

__all__ = ["PAUSE", "follow"]

PAUSE = (
    0.1  # seconds between two calls: a person sees no difference, and a fast feed costs ten calls a second
)


async def follow(log: RowLog, step: Callable[[], object]) -> None:
    """Call ``step`` now, and after appends, until cancelled; what it raises ends this."""
    arrived = asyncio.Event()
    with waking(log, arrived):
        while True:
            step()
            await asyncio.sleep(PAUSE)
            await arrived.wait()
            arrived.clear()

"""Where a session lives: a verb that is called from elsewhere says what to call instead."""

from __future__ import annotations

import asyncio

from wsnotebook.errors import WrongThread

__all__ = ["require_loop"]


def require_loop(loop: asyncio.AbstractEventLoop, verb: str) -> None:
    """Check that this code runs in a session's event loop.

    Raises:
        WrongThread: it runs in another, or in a thread that has none.
    """
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is not loop:
        raise WrongThread(verb)

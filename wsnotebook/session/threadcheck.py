"""The check that a session method is called in the thread and event loop of its session."""

from __future__ import annotations

import asyncio

from wsnotebook.errors import WrongThread

__all__ = ["require_loop"]


def require_loop(loop: asyncio.AbstractEventLoop, verb: str) -> None:
    """Check that the running event loop is that of the session.

    Raises:
        WrongThread: another loop is running, or none; the message names the threadsafe method.
    """
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is not loop:
        raise WrongThread(verb)

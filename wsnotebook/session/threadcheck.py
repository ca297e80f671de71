"""The checks that a session is opened by asyncio, and its methods called in the thread and event loop of it."""

from __future__ import annotations

import asyncio

from wsnotebook.errors import NotAsyncio, WrongThread

__all__ = ["require_loop", "running_loop"]


def running_loop(verb: str) -> asyncio.AbstractEventLoop:
    """Return the running event loop.

    Raises:
        NotAsyncio: none of asyncio is running; the message names what to write.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise NotAsyncio(verb) from None


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
        raise WrongThread(verb, loop.is_closed())

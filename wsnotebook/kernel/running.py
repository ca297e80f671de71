"""run(): the one synchronous way to wait for a coroutine, in scripts, callbacks and cells that cannot await."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
import weakref
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from wsnotebook.session.intermittent import mark_intermittent

__all__ = ["run"]

T = TypeVar("T")


class _Kept(threading.local):
    """The event loop of a thread that has none: kept from one call to the next, with the sessions that live in it."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        loop = self.runner.get_loop()
        mark_intermittent(loop)
        weakref.finalize(self.runner, loop.close)  # with the thread, or the interpreter


_kept: _Kept | None = None  # made by the first call that needs it


def run(awaitable: Awaitable[T]) -> T:
    """Wait for ``awaitable`` in synchronous code, and return its result: ``session = run(connect(url))``.

    Where an event loop is running, as in a notebook, the wait is nested in it, and other tasks go on; prefer ``await``
    there. Elsewhere each thread has a loop that is kept for the next call, so that sessions live on: their I/O is on a
    thread of its own, and pings are answered between two calls. Example, a script::

        import wsnotebook

        session = wsnotebook.run(wsnotebook.connect("ws://127.0.0.1:8765/"))
        wsnotebook.run(session.send("hello"))
        print(wsnotebook.run(session.receive(timeout=5)))
        wsnotebook.run(session.close())

    Args:
        awaitable: a coroutine, or what ``await`` takes, such as ``connect(url)``. There is no time limit but its own.

    Raises:
        TypeError: not an awaitable.
        NestedWaitError: the running loop cannot wait for itself; the sentence names the way out.
        KeyboardInterrupt: ■ or Ctrl-C; the awaitable was cancelled, and sessions go on.
    """
    if not inspect.isawaitable(awaitable):
        raise TypeError(
            f"run() takes what await takes, such as session.receive() or connect(url), not {awaitable!r}: a result needs "
            "no run(), and a function has to be called."
        )
    coroutine = _coroutine_of(awaitable)
    if _has_running_loop() or _is_at_prompt():
        from wsnotebook.kernel.loop import wait  # it loads IPython, which a script does without

        return wait(coroutine, timeout=None, doing="run()")
    global _kept
    if _kept is None:
        _kept = _Kept()
    return _kept.runner.run(coroutine)


def _coroutine_of(awaitable: Awaitable[T]) -> Coroutine[Any, Any, T]:
    if inspect.iscoroutine(awaitable):
        return awaitable

    async def result() -> T:
        return await awaitable

    return result()


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _is_at_prompt() -> bool:
    """Tell whether this is the thread of IPython's terminal, whose loop its sessions live in."""
    ipython = sys.modules.get("IPython")
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and ipython is not None and ipython.get_ipython() is not None

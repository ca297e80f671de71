"""Event loops that run only while somebody waits in them, so that between two waits nothing answers a ping.

Terminal IPython runs its loop for one cell at a time, and wsnotebook.run() its own for one call. A session opened there
has its I/O on a thread.
"""

from __future__ import annotations

import asyncio
import sys
from weakref import WeakSet

__all__ = ["is_intermittent", "mark_intermittent"]

_loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()


def mark_intermittent(loop: asyncio.AbstractEventLoop) -> None:
    """Note that a loop runs only now and then."""
    _loops.add(loop)


def is_intermittent(loop: asyncio.AbstractEventLoop) -> bool:
    """Tell whether a loop runs only now and then."""
    return loop in _loops or loop is _loop_of_terminal()


def _loop_of_terminal() -> asyncio.AbstractEventLoop | None:
    """Return the loop that IPython has made for its terminal; a kernel has its own, which never stops."""
    helpers = sys.modules.get("IPython.core.async_helpers")
    runner = getattr(helpers, "_asyncio_runner", None)  # it has the loop in IPython 7
    loop: asyncio.AbstractEventLoop | None = getattr(helpers, "_asyncio_event_loop", None)
    return loop or getattr(runner, "_loop", None)

"""How a verb runs so that Ctrl-C and SIGTERM end it in order: sessions are closed and recordings saved."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

from wsnotebook.cli.outcome import ExitCode
from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["closing", "interruptible", "run"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(work: Coroutine[Any, Any, None]) -> ExitCode:
    """Run a coroutine to its end; a signal cancels it, a second one what it then still waits for."""
    return asyncio.run(_cancelled_by_signals(work))


async def _cancelled_by_signals(work: Coroutine[Any, Any, None]) -> ExitCode:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in _SIGNALS:
        # Windows has no such handlers, and neither has a thread: there asyncio.run() alone answers Ctrl-C.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, task.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


@contextlib.asynccontextmanager
async def closing(session: ClientWebSocketSession) -> AsyncIterator[None]:
    """Close a session when the block is left; cut it off where a second signal ends the wait for the peer's close."""
    try:
        async with session:
            yield
    finally:
        session.terminate()  # nothing more, where it is closed


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt in the block, as Ctrl-C does, so that no half file stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

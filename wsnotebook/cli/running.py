"""Runs a verb so that Ctrl-C and SIGTERM end it in order: sessions are closed and recordings are saved."""

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
    """Run a coroutine to its end. SIGINT or SIGTERM cancels it; a second signal also cancels its cleanup."""
    return asyncio.run(_cancelled_by_signals(work))


async def _cancelled_by_signals(work: Coroutine[Any, Any, None]) -> ExitCode:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in _SIGNALS:
        # Windows and threads other than the main one have no signal handlers of a loop; there only asyncio.run()
        # handles Ctrl-C.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, task.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


@contextlib.asynccontextmanager
async def closing(session: ClientWebSocketSession) -> AsyncIterator[ClientWebSocketSession]:
    """Close a session at the end of the block; abort the connection if a second signal cancels the close."""
    try:
        async with session:
            try:
                yield session
            except GeneratorExit:  # a generator that is left by break: a normal end
                await session.close()
                raise
    finally:
        session.terminate()  # no effect on a closed session


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM raise KeyboardInterrupt in the block, as Ctrl-C does, so that a partial file is removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

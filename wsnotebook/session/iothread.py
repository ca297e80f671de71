"""IoThread: an event loop on a thread of its own, for a session whose pump must not wait for the notebook's cells."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["IoThread"]

T = TypeVar("T")


class IoThread:
    """A thread that runs an event loop until it is stopped.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self._end_tasks()
        finally:
            self.loop.close()

    def _end_tasks(self) -> None:
        """Cancel what still runs: an opening that was given up."""
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the thread's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def stop(self) -> None:
        """Let the thread end after what is scheduled; any thread. Twice is once."""
        if not self._is_stopping:
            self._is_stopping = True
            self.loop.call_soon_threadsafe(self.loop.stop)

    def join(self, timeout: float = 5.0) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout)

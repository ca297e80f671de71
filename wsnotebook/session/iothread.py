"""IoThread: an event loop on a thread of its own, so that a session's I/O does not wait for cells of the notebook."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from wsnotebook.session.heartbeat import Heartbeat

__all__ = ["IoThread"]

T = TypeVar("T")


class IoThread:
    """A daemon thread that runs an event loop until it is stopped.

    Args:
        name: name of the thread.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.heartbeat = Heartbeat(self.loop)
        """Measures how late this thread is; for callbacks of its loop."""
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            with self.heartbeat.beating():
                self.loop.run_forever()
            self.loop.run_until_complete(self._end_tasks())
        finally:
            self.loop.close()

    async def _end_tasks(self) -> None:
        """Cancel the remaining tasks, such as an abandoned attempt to connect, and let their sockets be closed."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        # A transport that was aborted in the last iteration closes its socket in the next.
        await asyncio.sleep(0)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Schedule a coroutine on the loop of the thread, from any other thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def stop(self) -> None:
        """Stop the loop after the callbacks that are scheduled now. Any thread; a second call does nothing."""
        if not self._is_stopping:
            self._is_stopping = True
            self.loop.call_soon_threadsafe(self.loop.stop)

    def join(self, timeout: float = 5.0) -> None:
        """Block until the thread has ended, at most ``timeout`` seconds."""
        self._thread.join(timeout)

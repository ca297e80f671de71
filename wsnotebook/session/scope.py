"""Scope: the tasks that a session owns. They are cancelled when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

__all__ = ["Scope"]

T = TypeVar("T")


class Scope:
    """Tasks of one session. The first exception of a task cancels the others.

    Args:
        name: name of the session, the prefix of task names.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: dict[asyncio.Task[Any], None] = {}  # an empty set takes three times as much
        self.failure: Exception | None = None
        """The exception of the first task that failed; None if none has."""

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def launch(
        self, coroutine: Coroutine[Any, Any, T], on_failure: Callable[[Exception], object]
    ) -> asyncio.Task[T]:
        """Run a coroutine as a task of this scope, and return the task.

        Args:
            coroutine: what the task does.
            on_failure: called with its exception, if it is the first one of the scope.
        """
        name = f"{self._name}: {getattr(coroutine, '__qualname__', 'task')}"
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks[task] = None
        task.add_done_callback(partial(self._done, on_failure))
        return task

    def _done(self, on_failure: Callable[[Exception], object], task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        failure = None if task.cancelled() else task.exception()
        if isinstance(failure, Exception) and self.failure is None:
            self.failure = failure
            self.cancel()
            on_failure(failure)

    def cancel(self) -> None:
        """Cancel every task."""
        for task in tuple(self._tasks):
            task.cancel()

    async def join(self) -> None:
        """Wait until every other task of the scope has ended; their exceptions are not raised."""
        if not self._tasks:
            return
        current = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not current]
        if tasks:
            await asyncio.wait(tasks)

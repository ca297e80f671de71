"""Background: an event loop on a thread, so that a server answers a test that blocks, or has a loop of its own."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from wsnotebook.session.iothread import IoThread

__all__ = ["Background"]

T = TypeVar("T")


class Background:
    """An event loop on a thread: ``with Background() as background: background.run(coroutine)``.

    Tasks that are left at the end of the block are cancelled, and end before the loop does.
    """

    def __enter__(self) -> Background:
        self._thread = IoThread("wsnotebook cassettes")
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.stop()
        self._thread.join()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop, and return its result."""
        return self._thread.run(coroutine).result()

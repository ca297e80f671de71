"""Startable: what is started by ``await`` or ``async with``, and stopped when the block is left."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Generator
from types import TracebackType
from typing import Any, Self

__all__ = ["Startable"]


class Startable(ABC):
    """A server, or another thing that runs until it is stopped. It starts once; a start that failed can be tried again."""

    def __init__(self) -> None:
        self.is_stopped = False
        """Whether it has run, and does so no more: stop() was called, or what it needs has ended."""
        self._has_started = False
        self._starting = asyncio.Lock()

    def __await__(self) -> Generator[Any, None, Self]:
        return self._start_once().__await__()

    async def __aenter__(self) -> Self:
        return await self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start_once(self) -> Self:
        """Start, unless it runs.

        Raises:
            RuntimeError: it has run, and was stopped.
        """
        async with self._starting:
            if self.is_stopped:
                raise RuntimeError(f"{self!r} does not start again: make a new one")
            if not self._has_started:
                await self._start()
                self._has_started = True
        return self

    @abstractmethod
    async def _start(self) -> None:
        """Start; called again only where it raised."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop; a second call does nothing, and neither does one before the start."""

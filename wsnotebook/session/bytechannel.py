"""ByteChannel: a bounded pipe of bytes between a task of the session and its user."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self, TypeVar

from wsnotebook.wire.frames import BytesLike

__all__ = ["CAPACITY", "ByteChannel", "ByteReader", "ByteWriter"]

T = TypeVar("T")

CAPACITY = 64 * 1024
"""Bytes that a channel holds before its writer waits."""


class ByteChannel:
    """The pipe; ``reader`` and ``writer`` are its two ends.

    Args:
        capacity: bytes that it holds before the writer waits.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.buffer = bytearray()
        self.is_ended = False
        """The writer has written all."""
        self.is_abandoned = False
        """The reader reads no more."""
        self.cause: BaseException | None = None
        """What the task at the other end has raised."""
        self._waiting: list[asyncio.Future[None]] = []
        self.children: set[asyncio.Task[Any]] = set()
        self.reader = ByteReader(self)
        self.writer = ByteWriter(self)

    async def wait(self) -> None:
        """Wait until the other end does something."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def tell(self) -> None:
        """Let the other end look again."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def end(self, cause: BaseException | None = None) -> None:
        """Nothing more will be written; ``cause`` says why where that is a failure."""
        self.is_ended = True
        self.cause = self.cause or cause
        self.tell()

    def abandon(self, cause: BaseException | None = None) -> None:
        """Nothing more will be read."""
        self.is_abandoned = True
        self.cause = self.cause or cause
        self.tell()

    async def run(
        self, work: Awaitable[object], finish: Callable[[BaseException | None], None]
    ) -> Exception | None:
        """Do the work at one end, and wait for its children; then call ``finish``, which is ``end`` or ``abandon``.

        Returns:
            What the work or a child has raised; the other end has it as its cause.
        """
        try:
            await work
            await _join(self.children)
        except asyncio.CancelledError as error:
            finish(error)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is goes to the other end
            finish(error)
            return error
        finally:
            for child in self.children:
                child.cancel()
        finish(None)
        return None

    def launch(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a child of the task at this end: the end of the stream waits for it."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.children.add(task)
        return task


class _End:
    def __init__(self, channel: ByteChannel) -> None:
        self._channel = channel

    def launch(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a child task; the end of the stream waits for it, and its failure reaches the other end."""
        return self._channel.launch(coroutine)


class ByteReader(_End):
    """The end that bytes come out of."""

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes as soon as there are some, or all until the end with -1; b"" at the end.

        Raises:
            EOFError: the other end has failed; its exception is the cause.
        """
        channel = self._channel
        if n == 0:
            return b""
        while not channel.is_ended and (n < 0 or not channel.buffer):
            if n < 0 and len(channel.buffer) >= channel.capacity:
                channel.capacity = 2 * len(channel.buffer)  # who asks for all gets it in memory
                channel.tell()
            await channel.wait()
        return self._take(len(channel.buffer) if n < 0 else min(n, len(channel.buffer)))

    async def readexactly(self, n: int) -> bytes:
        """Return exactly ``n`` bytes.

        Raises:
            asyncio.IncompleteReadError: the stream ended before; what there was is on it.
        """
        parts: list[bytes] = []
        left = n
        while left:
            part = await self.read(left)
            if not part:
                raise asyncio.IncompleteReadError(b"".join(parts), n)
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    async def readline(self) -> bytes:
        """Return the bytes up to and with the next newline, or what is left at the end."""
        channel = self._channel
        while (found := channel.buffer.find(b"\n")) < 0 and not channel.is_ended:
            if len(channel.buffer) >= channel.capacity:
                channel.capacity = 2 * len(channel.buffer)  # a line longer than the channel
                channel.tell()
            await channel.wait()
        return self._take(found + 1 if found >= 0 else len(channel.buffer))

    def _take(self, count: int) -> bytes:
        channel = self._channel
        if not count and channel.cause is not None:
            raise EOFError("the other end of the byte channel has failed") from channel.cause
        data = bytes(channel.buffer[:count])
        del channel.buffer[:count]
        if data:
            channel.tell()
        return data

    async def aclose(self) -> None:
        """Read no more; a writer gets BrokenPipeError."""
        self._channel.abandon()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        data = await self.read(CAPACITY)
        if not data:
            raise StopAsyncIteration
        return data


class ByteWriter(_End):
    """The end that bytes go into."""

    async def write(self, data: BytesLike) -> None:
        """Write bytes; waits while the channel is full.

        Raises:
            BrokenPipeError: nobody reads any more; where the reader failed its exception is the cause.
        """
        channel = self._channel
        view = memoryview(data).cast("B")
        while view:
            if channel.is_ended:
                raise BrokenPipeError("this end of the byte channel was closed")
            if channel.is_abandoned:
                raise BrokenPipeError("the other end of the byte channel reads no more") from channel.cause
            room = channel.capacity - len(channel.buffer)
            if room <= 0:
                await channel.wait()
                continue
            channel.buffer += view[:room]
            view = view[room:]
            channel.tell()

    async def aclose(self) -> None:
        """Write no more: the reader comes to the end."""
        self._channel.end()


async def _join(children: set[asyncio.Task[Any]]) -> None:
    """Wait for tasks, also for those that they start; raise the first failure."""
    while children:
        done, _ = await asyncio.wait(children)
        children -= done
        for task in done:
            task.result()

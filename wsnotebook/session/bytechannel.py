"""ByteChannel: a bounded pipe of bytes between a task of the session and its user, within one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self, TypeVar

from wsnotebook.wire.frames import BytesLike

__all__ = ["CAPACITY", "ByteChannel", "ByteReader", "ByteWriter"]

T = TypeVar("T")

CAPACITY = 64 * 1024
"""Bytes that a channel buffers before its writer waits."""


class ByteChannel:
    """The shared state of the pipe; ``reader`` and ``writer`` are its two ends.

    Args:
        capacity: bytes to buffer before the writer waits.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.buffer = bytearray()
        self.is_ended = False
        """Whether the writer is closed: no more bytes will be written."""
        self.is_abandoned = False
        """Whether the reader is closed: no more bytes will be read."""
        self.cause: BaseException | None = None
        """The exception of the task that closed its end, if it failed."""
        self._waiting: list[asyncio.Future[None]] = []
        self.children: set[asyncio.Task[Any]] = set()
        self.reader = ByteReader(self)
        self.writer = ByteWriter(self)

    async def wait(self) -> None:
        """Wait until the other end calls ``notify``."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def notify(self) -> None:
        """Wake the tasks in ``wait``, so that they check the state again."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def end(self, cause: BaseException | None = None) -> None:
        """Close the writer.

        Args:
            cause: the exception of the writing task if it failed; the reader's EOFError is chained to it.
        """
        self.is_ended = True
        self.cause = self.cause or cause
        self.notify()

    def abandon(self, cause: BaseException | None = None) -> None:
        """Close the reader.

        Args:
            cause: the exception of the reading task if it failed; the writer's BrokenPipeError is chained to it.
        """
        self.is_abandoned = True
        self.cause = self.cause or cause
        self.notify()

    async def run(
        self, work: Awaitable[object], finish: Callable[[BaseException | None], None]
    ) -> Exception | None:
        """Run the work of one end and wait for its child tasks, then close this end with ``finish``.

        Args:
            work: the coroutine of this end.
            finish: ``end`` or ``abandon``.

        Returns:
            The exception of the work or of a child, which is also the cause at the other end; None on success.
        """
        try:
            await work
            await _join(self.children)
        except asyncio.CancelledError as error:
            finish(error)
            raise
        except Exception as error:  # noqa: BLE001 - any exception is propagated to the other end
            finish(error)
            return error
        finally:
            for child in self.children:
                child.cancel()
        finish(None)
        return None

    def launch(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as a child of the task at this end; ``run`` waits for it before it closes the end."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.children.add(task)
        return task


class _End:
    def __init__(self, channel: ByteChannel) -> None:
        self._channel = channel

    def launch(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as a child task. The stream ends after it, and its exception reaches the other end."""
        return self._channel.launch(coroutine)


class ByteReader(_End):
    """The end to read from. One task may read at a time."""

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes as soon as some are buffered, with -1 all bytes until the end; b"" at the end.

        Cancelling loses no bytes.

        Raises:
            EOFError: the task at the other end has failed; its exception is the cause.
        """
        channel = self._channel
        if n == 0:
            return b""
        while not channel.is_ended and (n < 0 or not channel.buffer):
            if n < 0 and len(channel.buffer) >= channel.capacity:
                channel.capacity = 2 * len(channel.buffer)  # read(-1) needs the whole stream in memory
                channel.notify()
            await channel.wait()
        return self._take(len(channel.buffer) if n < 0 else min(n, len(channel.buffer)))

    async def readexactly(self, n: int) -> bytes:
        """Return exactly ``n`` bytes.

        Raises:
            asyncio.IncompleteReadError: the stream ended before; its ``partial`` has the bytes read.
            EOFError: the task at the other end has failed; its exception is the cause.
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
        """Return the bytes up to the next newline, included, or at the end the remaining bytes.

        Raises:
            EOFError: the task at the other end has failed; its exception is the cause.
        """
        channel = self._channel
        while (found := channel.buffer.find(b"\n")) < 0 and not channel.is_ended:
            if len(channel.buffer) >= channel.capacity:
                channel.capacity = 2 * len(channel.buffer)  # a line longer than the channel
                channel.notify()
            await channel.wait()
        return self._take(found + 1 if found >= 0 else len(channel.buffer))

    def _take(self, count: int) -> bytes:
        channel = self._channel
        if not count and channel.cause is not None:
            raise EOFError("the other end of the byte channel has failed") from channel.cause
        data = bytes(channel.buffer[:count])
        del channel.buffer[:count]
        if data:
            channel.notify()
        return data

    async def aclose(self) -> None:
        """Close the reader; further writes raise BrokenPipeError."""
        self._channel.abandon()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        data = await self.read(CAPACITY)
        if not data:
            raise StopAsyncIteration
        return data


class ByteWriter(_End):
    """The end to write to."""

    async def write(self, data: BytesLike) -> None:
        """Write bytes, and wait while the channel is full. Cancelling leaves a part written.

        Raises:
            BrokenPipeError: an end is closed; if the reading task failed, its exception is the cause.
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
            channel.notify()

    async def aclose(self) -> None:
        """Close the writer; the reader returns the buffered bytes and then b""."""
        self._channel.end()


async def _join(children: set[asyncio.Task[Any]]) -> None:
    """Wait for the tasks in ``children``, also for those added meanwhile; raise the first exception."""
    while children:
        done, _ = await asyncio.wait(children)
        children -= done
        for task in done:
            task.result()

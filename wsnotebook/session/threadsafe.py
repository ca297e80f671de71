"""Threadsafe: the methods of a session for use from any other thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from wsnotebook.errors import NestedWaitError, WrongThread

if TYPE_CHECKING:
    from wsnotebook.session.closereasons import CloseArgument
    from wsnotebook.session.session import ClientWebSocketSession
    from wsnotebook.wire.frames import BytesLike, CloseReason, Frame

__all__ = ["Threadsafe"]

T = TypeVar("T")


class Threadsafe:
    """The methods of a session for widget callbacks and other threads; each returns a concurrent.futures.Future.

    Arguments and exceptions are those of the method with the same name; ``result()`` of the future raises them. Called
    in the session's own loop, ``result()`` raises NestedWaitError: it would block the loop, which then never completes
    the future. Example::

        def in_a_thread():
            session.threadsafe.send("hello").result(timeout=5)

        await asyncio.to_thread(in_a_thread)
    """

    def __init__(self, session: ClientWebSocketSession, loop: asyncio.AbstractEventLoop) -> None:
        self._session = session
        self._loop = loop

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        try:
            running = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            coroutine.close()  # or Python warns that it was never awaited
            if not self._loop.is_closed():
                raise
            raise WrongThread(
                f"threadsafe.{getattr(coroutine, '__name__', 'verb')}", is_closed=True
            ) from None
        future = _LoopFuture[T](self._loop)
        running.add_done_callback(future.copy)
        future.add_done_callback(lambda done: running.cancel() if done.cancelled() else None)
        return future

    def send(self, item: str | BytesLike | Frame, **options: Any) -> concurrent.futures.Future[None]:
        """Call session.send()."""
        return self._run(self._session.send(item, **options))

    def send_serialized(self, value: Any) -> concurrent.futures.Future[None]:
        """Call session.send_serialized()."""
        return self._run(self._session.send_serialized(value))

    def send_json(self, value: Any) -> concurrent.futures.Future[None]:
        """Call session.send_json()."""
        return self._run(self._session.send_json(value))

    def flush(self) -> concurrent.futures.Future[None]:
        """Call session.flush()."""
        return self._run(self._session.flush())

    def ping(self, data: BytesLike | None = None, **options: Any) -> concurrent.futures.Future[float]:
        """Call session.ping()."""
        return self._run(self._session.ping(data, **options))

    def receive(self, **options: Any) -> concurrent.futures.Future[str | bytes]:
        """Call session.receive()."""
        return self._run(self._session.receive(**options))

    def expect(self, pattern: Any = ..., **options: Any) -> concurrent.futures.Future[str | bytes]:
        """Call session.expect()."""
        return self._run(self._session.expect(pattern, **options))

    def receive_frame(self) -> concurrent.futures.Future[Frame]:
        """Call session.incoming.receive()."""
        return self._run(self._session.incoming.receive())

    def receive_deserialized(self, kind: Any = object) -> concurrent.futures.Future[Any]:
        """Call session.receive_deserialized()."""
        return self._run(self._session.receive_deserialized(kind))

    def close(
        self, reason: CloseArgument = 1000, message: str = "", **options: Any
    ) -> concurrent.futures.Future[CloseReason]:
        """Call session.close()."""
        return self._run(self._session.close(reason, message, **options))

    def close_exceptionally(
        self, error: BaseException, **options: Any
    ) -> concurrent.futures.Future[CloseReason]:
        """Call session.close_exceptionally()."""
        return self._run(self._session.close_exceptionally(error, **options))

    def launch(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Call session.launch(); the future completes with the result of the task."""

        async def launch() -> T:
            return await self._session.launch(coroutine)

        try:
            return self._run(launch())
        except WrongThread:
            coroutine.close()
            raise

    def terminate(self) -> None:
        """Call session.terminate(), which any thread may call directly."""
        self._session.terminate()


class _LoopFuture(concurrent.futures.Future[T]):
    """The result of a coroutine in a loop; waiting for it in that loop is refused, not a deadlock.

    Args:
        loop: where the coroutine runs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def copy(self, done: concurrent.futures.Future[T]) -> None:
        """Take the outcome of the future of asyncio."""
        if done.cancelled():
            self.cancel()
        if not self.set_running_or_notify_cancel():
            return
        error = done.exception()
        if error is not None:
            self.set_exception(error)
        else:
            self.set_result(done.result())

    def result(self, timeout: float | None = None) -> T:
        """Block until the result is there and return it."""
        self._refuse_own_loop("result")
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Block until the outcome is there and return the exception, or None."""
        self._refuse_own_loop("exception")
        return super().exception(timeout)

    def _refuse_own_loop(self, method: str) -> None:
        if not self.done() and asyncio._get_running_loop() is self._loop:
            raise NestedWaitError(
                f"{method}() would block the session's own loop for ever: here write "
                "await session.send(…), without threadsafe, or await asyncio.wrap_future(future)."
            )

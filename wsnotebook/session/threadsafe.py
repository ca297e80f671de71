"""Threadsafe: the methods of a session for use from any other thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from wsnotebook.session.closereasons import CloseArgument
    from wsnotebook.session.session import ClientWebSocketSession
    from wsnotebook.wire.frames import BytesLike, CloseReason, Frame

__all__ = ["Threadsafe"]

T = TypeVar("T")


class Threadsafe:
    """The methods of a session for widget callbacks and other threads; each returns a concurrent.futures.Future.

    Arguments and exceptions are those of the method with the same name; ``result()`` of the future raises them. Do not
    call ``result()`` in the thread of the session's loop: it blocks the loop, which then never completes the future.
    Example, in another thread: ``session.threadsafe.send("hello").result(timeout=5)``.
    """

    def __init__(self, session: ClientWebSocketSession, loop: asyncio.AbstractEventLoop) -> None:
        self._session = session
        self._loop = loop

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

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

    def receive(self) -> concurrent.futures.Future[str | bytes]:
        """Call session.receive()."""
        return self._run(self._session.receive())

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

        async def run() -> T:
            return await self._session.launch(coroutine)

        return self._run(run())

    def terminate(self) -> None:
        """Call session.terminate(), which any thread may call directly."""
        self._session.terminate()

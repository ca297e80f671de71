"""Pending results: awaitables in the session's loop, concurrent Futures for other threads.

The same action returns either: an awaitable from a method of the session, a Future from one of ``session.threadsafe``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

__all__ = ["then", "within"]


def then(pending: Any, function: Callable[[Any], Any]) -> Any:
    """Return an awaitable, or a Future, of ``function`` applied to the result of ``pending``.

    Failure and cancellation are propagated.
    """
    if not isinstance(pending, Future):
        return _applied(pending, function)
    answer: Future[Any] = Future()

    def finish(done: Future[Any]) -> None:
        if done.cancelled():
            answer.cancel()
            answer.set_running_or_notify_cancel()  # without it waiters are not notified
        elif (error := done.exception()) is not None:
            answer.set_exception(error)
        else:
            answer.set_result(function(done.result()))

    pending.add_done_callback(finish)
    return answer


async def _applied(pending: Awaitable[Any], function: Callable[[Any], Any]) -> Any:
    return function(await pending)


def within(seconds: float | None, pending: Any, late: Callable[[float], Exception]) -> Any:
    """Limit the time of an awaitable.

    Args:
        seconds: None returns ``pending`` unchanged, which may then be a Future.
        pending: the awaitable; it is cancelled when the time runs out.
        late: returns the exception to raise then, from the seconds.
    """
    return pending if seconds is None else _limited(seconds, pending, late)


async def _limited(seconds: float, pending: Awaitable[Any], late: Callable[[float], Exception]) -> Any:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await pending
    except TimeoutError as error:
        if not limit.expired():
            raise  # a PingTimeout that ended the session is a TimeoutError too, with a sentence of its own
        raise late(seconds) from error

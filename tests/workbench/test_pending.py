"""then() and within(): the same for a coroutine and for a Future of another thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import pytest

from wsnotebook.errors import PingTimeout
from wsnotebook.workbench.pending import then, within


async def test_then_applies_to_an_awaitable_and_to_a_future() -> None:
    """A coroutine makes a coroutine, a Future a Future."""
    assert await then(asyncio.sleep(0, 2), lambda n: n + 1) == 3
    future: Future[int] = Future()
    after = then(future, lambda n: n + 1)
    future.set_result(2)
    assert isinstance(after, Future) and after.result(0) == 3


def test_then_propagates_failure_and_cancellation() -> None:
    """The function is not called for them."""
    failed: Future[int] = Future()
    after = then(failed, abs)
    failed.set_exception(OSError("cut"))
    assert isinstance(after.exception(0), OSError)
    cancelled: Future[int] = Future()
    after = then(cancelled, abs)
    cancelled.cancel()
    assert after.cancelled()


async def test_within_raises_the_callers_exception_and_cancels() -> None:
    """The exception is told the seconds."""
    never = asyncio.get_running_loop().create_future()
    with pytest.raises(PingTimeout, match=r"0\.01"):
        await within(0.01, never, PingTimeout)
    assert never.cancelled()


async def test_a_timeout_of_the_awaitable_itself_is_kept() -> None:
    """It has a sentence of its own."""

    async def fail() -> None:
        raise PingTimeout(15)

    with pytest.raises(PingTimeout, match="15"):
        await within(1, fail(), lambda seconds: TimeoutError("ours"))


def test_without_a_limit_nothing_is_wrapped() -> None:
    """So a Future stays one."""
    future: Future[float] = Future()
    assert within(None, future, PingTimeout) is future

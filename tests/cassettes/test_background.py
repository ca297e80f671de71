"""Background: what runs on its loop ends with it."""

from __future__ import annotations

import asyncio

from wsnotebook.cassettes.background import Background


async def begin() -> tuple[asyncio.Task[None], list[str]]:
    """Start a task that waits, and return it with what it does in the end."""
    done: list[str] = []
    waits = asyncio.Event()

    async def wait() -> None:
        waits.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # as a transport needs another iteration of the loop to close its socket
            done.append("closed")

    task = asyncio.create_task(wait())
    await waits.wait()
    return task, done


def test_a_task_that_is_left_is_cancelled_and_ends_before_the_loop_does() -> None:
    """As after an interrupt of whoever waits for a server to stop: nothing is left to the garbage collector."""
    with Background() as background:
        task, done = background.run(begin())
        assert not task.done()
    assert task.cancelled() and done == ["closed"]

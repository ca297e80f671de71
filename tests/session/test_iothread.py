"""IoThread: opened and closed as often as one likes, however a session ends."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest

from wsnotebook import connect, lab
from wsnotebook.session.iothread import IoThread

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_thousands_of_sessions_open_and_close() -> None:
    """None of 2,000, or WSN_SESSIONS, hangs, three at a time; no thread is left."""
    count = int(os.environ.get("WSN_SESSIONS", 2_000))
    before = threading.active_count()

    async def open_and_close(number: int) -> None:
        async with asyncio.timeout(60):
            session = await connect(server.url, proxy=None, io="thread", open_timeout=10)
            if number % 2:
                session.terminate()
            await session.close()

    async with lab.embedded_server("silent") as server:
        for first in range(0, count, 3):
            await asyncio.gather(*map(open_and_close, range(first, first + 3)))
    assert threading.active_count() <= before


async def test_a_thread_that_stops_closes_the_socket_that_was_aborted_last(byte_server: ByteServer) -> None:
    """Abort and stop in one iteration of its loop, as when an opening is cancelled at a bad moment."""
    thread = IoThread("stops at once")
    opening = asyncio.open_connection("127.0.0.1", byte_server.port)
    _, writer = await asyncio.wrap_future(thread.run(opening))
    peer = await byte_server.accept()
    both_are_scheduled = threading.Event()
    thread.loop.call_soon_threadsafe(both_are_scheduled.wait)
    thread.loop.call_soon_threadsafe(writer.transport.abort)
    thread.stop()
    both_are_scheduled.set()
    assert await asyncio.wait_for(peer.read_to_end(), 5) == b""
    thread.join()

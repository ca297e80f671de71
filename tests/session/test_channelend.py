"""The loop comes round while a cell takes frames that are there, or sends into a queue that has room."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import Channels, Frame, unlimited

if TYPE_CHECKING:
    from tests.session.conftest import Opener
    from wsnotebook import ClientWebSocketSession

Until = Callable[[Callable[[], object]], Awaitable[None]]

COUNT = 200
WORK = 0.001  # seconds of blocking work of the user per message


class Turns:
    """Counts how often the loop comes round."""

    def __init__(self) -> None:
        self.count = 0

    @contextlib.asynccontextmanager
    async def counted(self) -> AsyncIterator[None]:
        async def count() -> None:
            while True:
                await asyncio.sleep(0)
                self.count += 1

        counting = asyncio.create_task(count())
        await asyncio.sleep(0)
        self.count = 0
        yield
        counting.cancel()


async def _each(messages: Any) -> AsyncIterator[Any]:
    async for message in messages:
        yield message


async def _receive(receive: Callable[[], Awaitable[Any]]) -> AsyncIterator[Any]:
    while True:
        yield await receive()


READERS: dict[str, Callable[[ClientWebSocketSession], AsyncIterator[Any]]] = {
    "session.receive": lambda session: _receive(session.receive),
    "session": _each,
    "incoming.receive": lambda session: _receive(session.incoming.receive),
    "incoming": lambda session: _each(session.incoming),
    "receive_deserialized": lambda session: _receive(session.receive_deserialized),
}


@pytest.mark.parametrize("reader", READERS)
async def test_a_reader_slower_than_its_feed_lets_the_loop_come_round(
    opened: Opener, until: Until, reader: str
) -> None:
    """All frames are there before the first is taken, so that no receive has to wait."""
    session, peer = await opened()
    await peer.send(b"\x81\x011" * COUNT)
    await until(lambda: len(session.log) == COUNT)
    turns, taken = Turns(), 0
    async with turns.counted():
        async with contextlib.aclosing(READERS[reader](session)) as messages:
            async for _ in messages:
                time.sleep(WORK)  # noqa: ASYNC251 - the short synchronous work of a cell
                taken += 1
                if taken == COUNT:
                    break
    assert turns.count >= 10


SENDERS: dict[str, Callable[[ClientWebSocketSession], Awaitable[None]]] = {
    "a text": lambda session: session.send("a"),
    "pings": lambda session: session.send(Frame.ping(b"a")),
    "outgoing": lambda session: session.outgoing.send(Frame.text("a")),
}


@pytest.mark.parametrize("sender", SENDERS)
async def test_a_sender_whose_queue_has_room_lets_the_loop_come_round(opened: Opener, sender: str) -> None:
    """The queue is never full, so that no send has to wait."""
    session, peer = await opened(channels=Channels(outgoing=unlimited()))
    turns = Turns()
    async with turns.counted():
        for _ in range(COUNT):
            await SENDERS[sender](session)
            time.sleep(WORK)  # noqa: ASYNC251 - as above
    assert turns.count >= 10
    assert [(await peer.read_frame()).payload for _ in range(COUNT)] == [b"a"] * COUNT


async def test_a_receive_cancelled_while_the_loop_comes_round_loses_nothing(
    opened: Opener, until: Until
) -> None:
    """The frame is there, and is taken by the next receive."""
    session, peer = await opened()
    await peer.send(b"".join(b"\x81\x03%03d" % number for number in range(COUNT)))
    await until(lambda: len(session.log) == COUNT)
    taken: list[Any] = []

    async def take() -> None:
        while len(taken) < COUNT:
            taken.append(await session.receive())
            time.sleep(WORK)  # noqa: ASYNC251 - as above

    assert await _cancelled_at_each_suspension(take) >= 5
    assert taken == [f"{number:03d}" for number in range(COUNT)]


async def _cancelled_at_each_suspension(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run until it returns; each time that it suspends it is cancelled and begun anew. Return how often that was."""
    cancelled = 0
    while True:
        working = asyncio.create_task(work())
        await asyncio.sleep(0)
        if not working.cancel():
            await working
            return cancelled
        with contextlib.suppress(asyncio.CancelledError):
            await working
        cancelled += 1


async def test_a_send_cancelled_while_the_loop_comes_round_sends_nothing(opened: Opener) -> None:
    """What the peer gets is what send() has returned from, in order."""
    session, peer = await opened(channels=Channels(outgoing=unlimited()))
    sent: list[str] = []

    async def send() -> None:
        while len(sent) < COUNT:
            await session.send(str(len(sent)))
            sent.append(str(len(sent)))
            time.sleep(WORK)  # noqa: ASYNC251 - as above

    assert await _cancelled_at_each_suspension(send) >= 5
    assert [(await peer.read_frame()).payload.decode() for _ in sent] == sent


async def test_tasks_that_send_at_once_keep_their_order(opened: Opener) -> None:
    """The first one lets the loop come round, and the second does not overtake it."""
    session, peer = await opened()
    for _ in range(20):
        time.sleep(0.011)  # noqa: ASYNC251 - the next send has to let the loop come round
        async with asyncio.TaskGroup() as tasks:
            for text in ("first", "second", "third"):
                tasks.create_task(session.send(text))
        assert [(await peer.read_frame()).payload for _ in range(3)] == [b"first", b"second", b"third"]

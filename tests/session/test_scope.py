"""Tasks of a session: launch, reader, writer; who ends whom, and what is raised where."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from wsnotebook import CloseReason, SessionClosed
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from tests.session.conftest import BytePeer, Opener
    from wsnotebook import ClientWebSocketSession
    from wsnotebook.session.bytechannel import ByteReader, ByteWriter

Until = Callable[[Callable[[], object]], Awaitable[None]]


async def _answer_close(peer: BytePeer) -> bytes:
    """Read up to the client's close, echo it and end; return its payload."""
    frame = await peer.read_frame()
    while frame.head != 0x88:
        frame = await peer.read_frame()
    await peer.send(bytes((0x88, len(frame.payload))) + frame.payload)
    peer.end()
    return frame.payload


async def test_a_launched_task_is_cancelled_when_the_session_ends(opened: Opener) -> None:
    """It has the session's name; nothing is left of it."""
    session, peer = await opened(name="feed")
    task = session.launch(asyncio.sleep(3600))
    assert task.get_name().startswith("feed: ")
    closing = asyncio.create_task(session.close())
    await _answer_close(peer)
    await closing
    assert task.cancelled()


async def test_a_launched_task_is_cancelled_by_the_peers_close_too(opened: Opener) -> None:
    """Whoever ends the session."""
    session, peer = await opened()
    task = session.launch(asyncio.sleep(3600))
    await peer.send(b"\x88\x02\x03\xe8")
    await peer.read_frame()
    peer.end()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_failure_closes_with_1011_cancels_the_siblings_and_is_raised_at_the_end(
    opened: Opener,
) -> None:
    """The block that waits sees the session closed; leaving it raises the cause and not the effect."""
    session, peer = await opened()
    siblings = []

    async def fail() -> None:
        raise ZeroDivisionError("in a task")

    async def use() -> None:
        async with session:
            siblings.append(session.launch(asyncio.sleep(3600)))
            session.launch(fail())
            await session.receive()

    using = asyncio.create_task(use())
    assert await _answer_close(peer) == b"\x03\xf3ZeroDivisionError"
    with pytest.raises(ZeroDivisionError, match="in a task"):
        await using
    assert siblings[0].cancelled()
    assert await session.close_reason == CloseReason(1011, "ZeroDivisionError")
    assert any("in a task" in detail for detail in session.log.events.detail)


async def test_a_failure_is_raised_where_the_block_ended_by_itself(opened: Opener) -> None:
    """Also when nobody waited for anything."""
    session, peer = await opened()

    async def fail() -> None:
        raise ZeroDivisionError

    async def use() -> None:
        async with session:
            session.launch(fail())
            await asyncio.sleep(0.01)

    using = asyncio.create_task(use())
    await _answer_close(peer)
    with pytest.raises(ZeroDivisionError):
        await using


async def test_what_the_block_raised_is_not_replaced(opened: Opener) -> None:
    """An exception of the user's own wins over that of a task."""
    session, peer = await opened()

    async def fail() -> None:
        raise ZeroDivisionError

    async def use() -> None:
        async with session:
            session.launch(fail())
            await asyncio.sleep(0.01)
            raise KeyError("of the block")

    using = asyncio.create_task(use())
    await _answer_close(peer)
    with pytest.raises(KeyError):
        await using


async def test_leaving_the_block_cancels_what_was_launched(opened: Opener) -> None:
    """Before the close frame goes."""
    session, peer = await opened()
    tasks = []

    async def use() -> None:
        async with session:
            tasks.append(session.launch(asyncio.sleep(3600)))
            await asyncio.sleep(0)

    using = asyncio.create_task(use())
    assert await _answer_close(peer) == b"\x03\xe8"
    await using
    assert tasks[0].cancelled()


async def test_an_ended_session_launches_nothing(opened: Opener) -> None:
    """SessionClosed; the coroutine is closed, so nothing warns that it was never awaited."""
    session, peer = await opened()
    session.terminate()
    await session.close()
    with pytest.raises(SessionClosed):
        session.launch(asyncio.sleep(0))

    async def work(end: object) -> None:
        raise AssertionError("must not run")

    with pytest.raises(SessionClosed):
        session.reader(work)
    with pytest.raises(SessionClosed):
        session.writer(work)


async def test_contextvars_reach_launched_tasks(opened: Opener) -> None:
    """As with asyncio.create_task."""
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    variable.set(7)
    session, _ = await opened()

    async def look() -> int:
        return variable.get()

    assert await session.launch(look()) == 7


# Byte channels


async def test_reader_gives_the_write_end(opened: Opener) -> None:
    """What is written there, the session's task reads; closing the end ends its stream."""
    session, _ = await opened()
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def collect(end: ByteReader) -> None:
        got.set_result(await end.read())

    end = session.reader(collect)
    for part in (b"one ", bytearray(b"two "), memoryview(b"three")):
        await end.write(part)
    await end.aclose()
    assert await got == b"one two three"


async def test_writer_gives_the_read_end(opened: Opener) -> None:
    """read(n), readexactly, readline and iteration, to the end of the stream."""
    session, _ = await opened()

    async def produce(end: ByteWriter) -> None:
        await end.write(b"line 1\nline 2\n")
        await end.write(b"abcdef")

    end = session.writer(produce)
    assert await end.readline() == b"line 1\n"
    assert await end.readline() == b"line 2\n"
    assert await end.readexactly(3) == b"abc"
    assert await end.read(2) == b"de"
    assert [part async for part in end] == [b"f"]
    assert await end.read(1) == b""
    with pytest.raises(asyncio.IncompleteReadError):
        await end.readexactly(1)


async def test_a_channel_is_bounded(opened: Opener, until: Until) -> None:
    """The writer waits while 64 KiB lie there, and goes on as they are read."""
    session, _ = await opened()
    written = 0

    async def produce(end: ByteWriter) -> None:
        nonlocal written
        for _ in range(100):
            await end.write(bytes(10_000))
            written += 10_000

    end = session.writer(produce)
    await until(lambda: written)
    for _ in range(20):
        await asyncio.sleep(0)
    assert written == 60_000
    assert len(await end.read()) == 1_000_000


async def test_nested_children_are_awaited_before_the_end_of_the_stream(opened: Opener) -> None:
    """What a child of the writer writes comes before the end, and children of children too."""
    session, _ = await opened()

    async def produce(end: ByteWriter) -> None:
        async def child(depth: int) -> None:
            await asyncio.sleep(0.001)
            if depth:
                end.launch(child(depth - 1))
            await end.write(b"%d" % depth)

        end.launch(child(2))
        await end.write(b"first ")

    assert await session.writer(produce).read() == b"first 210"


async def test_the_writers_failure_reaches_the_reader_as_its_cause(opened: Opener) -> None:
    """After the bytes that it wrote; the session lives."""
    session, _ = await opened()

    async def produce(end: ByteWriter) -> None:
        await end.write(b"some")
        raise ZeroDivisionError

    end = session.writer(produce)
    assert await end.read(4) == b"some"
    with pytest.raises(EOFError) as caught:
        await end.read(1)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert session.state is SessionState.OPEN


async def test_the_readers_failure_reaches_the_writer_as_its_cause(opened: Opener) -> None:
    """BrokenPipeError where it writes next."""
    session, _ = await opened()

    async def consume(end: ByteReader) -> None:
        await end.readexactly(1)
        raise ZeroDivisionError

    end = session.reader(consume)
    with pytest.raises(BrokenPipeError) as caught:
        while True:
            await end.write(b"x")
            await asyncio.sleep(0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


async def test_the_end_of_the_session_ends_both_ends(opened: Opener) -> None:
    """A writer that waits and a reader that waits are released."""
    session, _ = await opened()

    async def never(end: object) -> None:
        await asyncio.sleep(3600)

    async def read() -> bytes:
        return await session.writer(never).read(1)

    async def write() -> None:
        end = session.reader(never)
        while True:
            await end.write(bytes(10_000))

    reading, writing = asyncio.create_task(read()), asyncio.create_task(write())
    await asyncio.sleep(0.01)
    session.terminate()
    with pytest.raises(EOFError):
        await reading
    with pytest.raises(BrokenPipeError):
        await writing


async def _use(session: ClientWebSocketSession) -> None:
    async with session:
        await session.receive()


async def test_a_session_that_ends_under_the_block_raises_session_closed(opened: Opener) -> None:
    """Without a failed task the block's own exception is what comes out."""
    session, peer = await opened()
    using = asyncio.create_task(_use(session))
    await asyncio.sleep(0)
    await peer.send(b"\x88\x02\x0f\xa0")
    await peer.read_frame()
    peer.end()
    with pytest.raises(SessionClosed, match="4000"):
        await using

"""Other threads: the verbs that are for them, and what those that are not say."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import CloseReason, DefaultClientWebSocketSession, Frame, SessionClosed, WrongThread, connect
from wsnotebook.errors import NestedWaitError
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer, Opener
    from wsnotebook import ClientWebSocketSession

Until = Callable[[Callable[[], object]], Awaitable[None]]


async def _elsewhere(function: Callable[[], Any]) -> Any:
    """Call a function on another thread, this loop going on meanwhile."""
    outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def run() -> None:
        try:
            result = function()
        except BaseException as error:  # it is raised where it is awaited
            loop.call_soon_threadsafe(outcome.set_exception, error)
        else:
            loop.call_soon_threadsafe(outcome.set_result, result)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        return await outcome
    finally:
        thread.join()


async def test_the_verbs_from_another_thread(opened: Opener) -> None:
    """Each returns a concurrent.futures.Future, to be waited for there."""
    session, peer = await opened(early=b"\x81\x01a\x82\x01b\x81\x011")

    def use() -> list[object]:
        verbs = session.threadsafe
        verbs.send("text").result(5)
        verbs.send_json({"a": 1}).result(5)
        verbs.send_serialized(None).result(5)
        verbs.flush().result(5)
        return [
            verbs.receive().result(5),
            verbs.receive_frame().result(5),
            verbs.receive_deserialized(int).result(5),
        ]

    assert await _elsewhere(use) == ["a", Frame.binary(b"b"), 1]
    assert await _elsewhere(lambda: session.threadsafe.launch(asyncio.sleep(0, "done")).result(5)) == "done"
    assert [(await peer.read_frame()).payload for _ in range(3)] == [b"text", b'{"a": 1}', b"null"]


async def test_ping_and_close_from_another_thread(opened: Opener) -> None:
    """Their results come back."""
    session, peer = await opened()

    async def answer() -> None:
        ping = await peer.read_frame()
        await peer.send(b"\x8a\x08" + ping.payload)
        close = await peer.read_frame()
        await peer.send(bytes((0x88, len(close.payload))) + close.payload)
        peer.end()

    answering = asyncio.create_task(answer())
    assert await _elsewhere(lambda: session.threadsafe.ping().result(5)) > 0
    assert await _elsewhere(lambda: session.threadsafe.close(4000, "bye").result(5)) == CloseReason(
        4000, "bye"
    )
    await answering


async def test_an_exception_comes_back_too(opened: Opener) -> None:
    """SessionClosed and ValueError, from the future."""
    session, _ = await opened()
    with pytest.raises(ValueError, match="may not be sent"):
        await _elsewhere(lambda: session.threadsafe.close(1005).result(5))
    session.terminate()
    await session.close()
    with pytest.raises(SessionClosed):
        await _elsewhere(lambda: session.threadsafe.send("late").result(5))


async def test_terminate_is_for_any_thread(opened: Opener, until: Until) -> None:
    """Directly and through threadsafe: it is safe in a widget callback."""
    for is_direct in (True, False):
        session, _ = await opened()
        await _elsewhere(session.terminate if is_direct else session.threadsafe.terminate)
        assert await session.close_reason == CloseReason(1006)
        await until(lambda: session.state is SessionState.CLOSED)  # noqa: B023 - the same


VERBS: dict[str, Callable[[ClientWebSocketSession], Any]] = {
    "send": lambda session: session.send("a"),
    "send_json": lambda session: session.send_json(1),
    "flush": lambda session: session.flush(),
    "ping": lambda session: session.ping(),
    "close": lambda session: session.close(),
    "receive": lambda session: session.receive(),
    "receive_deserialized": lambda session: session.receive_deserialized(),
    "incoming.receive": lambda session: session.incoming.receive(),
    "outgoing.send": lambda session: session.outgoing.send(Frame.text("a")),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_in_a_foreign_loop_says_what_to_call(opened: Opener, verb: str) -> None:
    """WrongThread, and nothing is sent or taken."""
    session, _ = await opened(early=b"\x81\x01a")

    async def call() -> None:
        await VERBS[verb](session)

    with pytest.raises(WrongThread, match=r"use session\.threadsafe\.\w+\(\)"):
        await _elsewhere(lambda: asyncio.run(call()))
    assert await session.receive() == "a"
    assert "out" not in set(session.df.direction)


@pytest.mark.parametrize("verb", ["try_receive", "try_send", "launch"])
async def test_a_verb_that_never_waits_says_so_too(opened: Opener, verb: str) -> None:
    """On a thread without a loop."""
    session, _ = await opened(early=b"\x81\x01a")
    calls: dict[str, Callable[[], Any]] = {
        "try_receive": session.incoming.try_receive,
        "try_send": lambda: session.outgoing.try_send(Frame.text("a")),
        "launch": lambda: session.launch(asyncio.sleep(0)),
    }
    with pytest.raises(WrongThread):
        await _elsewhere(calls[verb])
    assert await session.receive() == "a"


async def test_masking_and_limits_can_be_set_from_any_thread(opened: Opener) -> None:
    """They are values that the pump reads."""
    session, peer = await opened(early=b"")

    def change() -> None:
        session.max_frame_size = 5
        session.masking = False
        session.masking = True

    await _elsewhere(change)
    assert (session.max_frame_size, session.masking) == (5, True)


async def test_the_log_is_read_from_any_thread_while_frames_arrive(opened: Opener, until: Until) -> None:
    """Lengths only grow, and every window is whole."""
    session, peer = await opened()
    stop = threading.Event()

    def look() -> list[int]:
        lengths = []
        while not stop.is_set():
            lengths.append(len(session.log))
            tail = session.log.tail(5)
            assert all(text == "hello" for text in tail.text)
        return lengths

    looking = asyncio.create_task(_elsewhere(look))
    for _ in range(50):
        await peer.send(b"\x81\x05hello" * 100)
        await asyncio.sleep(0)
    await until(lambda: len(session.log) == 5000)
    stop.set()
    lengths = await looking
    assert lengths == sorted(lengths)


async def test_many_threads_send_and_nothing_is_lost(opened: Opener) -> None:
    """Frames of each thread stay in order."""
    session, peer = await opened()

    def send(name: str) -> None:
        for number in range(50):
            session.threadsafe.send(f"{name}{number}").result(10)

    sending = [asyncio.create_task(_elsewhere(lambda name=name: send(name))) for name in "abc"]  # type: ignore[misc]
    texts = [(await peer.read_frame()).payload.decode() for _ in range(150)]
    await asyncio.gather(*sending)
    for name in "abc":
        assert [text for text in texts if text.startswith(name)] == [
            f"{name}{number}" for number in range(50)
        ]


async def test_iterating_in_a_foreign_loop_takes_nothing(opened: Opener) -> None:
    """Neither the session nor its channel."""
    session, _ = await opened(early=b"\x81\x01a")

    async def iterate(source: Any) -> None:
        async for _ in source:
            pass

    for source in (session, session.incoming):
        with pytest.raises(WrongThread):
            await _elsewhere(lambda: asyncio.run(iterate(source)))  # noqa: B023 - called within this turn
    assert await session.receive() == "a"


@pytest.mark.parametrize("method", ["result", "exception"])
async def test_waiting_for_a_future_in_the_session_s_own_loop_is_refused(opened: Opener, method: str) -> None:
    """It was a deadlock; the sentence has the line to write, and the future is good for an await."""
    session, peer = await opened()
    future = session.threadsafe.send("a")
    with pytest.raises(NestedWaitError, match=r"write await session\.send"):
        getattr(future, method)()
    await asyncio.wrap_future(future)
    assert getattr(future, method)() is None
    assert (await peer.read_frame()).payload == b"a"


async def test_a_cancelled_future_cancels_its_verb(opened: Opener) -> None:
    """No frame is lost to a receive that was given up."""
    session, peer = await opened()
    future = session.threadsafe.receive()
    await asyncio.sleep(0)
    assert future.cancel()
    await asyncio.sleep(0)
    await peer.send(b"\x81\x01a")
    assert await session.receive() == "a"


async def test_a_session_whose_loop_is_closed_says_so(byte_server: ByteServer, until: Until) -> None:
    """As after an asyncio.run() that has only opened it: no thread can call a verb, but terminate()."""

    async def open_only() -> DefaultClientWebSocketSession:
        return await connect(byte_server.url, io="thread", proxy=None)

    opening = asyncio.create_task(_elsewhere(lambda: asyncio.run(open_only())))
    await (await byte_server.accept()).upgrade()
    session = await opening
    for call in (
        lambda: session.threadsafe.send("x"),
        lambda: session.threadsafe.launch(session.close()),
        lambda: session.close_reason,
        lambda: session.incoming.try_receive(),
    ):
        with pytest.raises(WrongThread, match="is closed: connect.*terminate"):
            call()
    for verb in (session.send("x"), session.receive()):
        with pytest.raises(WrongThread, match="is closed"):
            await verb
    session.terminate()
    await until(lambda: session.state is SessionState.CLOSED)
    assert session.close_reason_now is not None

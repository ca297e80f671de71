"""Losing the peer: end of stream, reset, silence, cancellation; and the last words before it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from wsnotebook import CloseReason, SessionClosed, connect, lab
from wsnotebook.session.state import SessionState
from wsnotebook.wire.closing import Phase

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer, Io, Opener, RawOpener
    from wsnotebook import ClientWebSocketSession

Until = Callable[[Callable[[], object]], Awaitable[None]]


async def test_b30_a_connection_dropped_while_the_user_sends(opened: Opener) -> None:
    """The next send raises SessionClosed, close_reason is 1006 and the network's doing."""
    session, peer = await opened()

    async def send_on() -> None:
        while True:
            await session.send("tick")
            await asyncio.sleep(0.01)

    sending = asyncio.create_task(send_on())
    await peer.read_frame()
    peer.writer.transport.abort()
    with pytest.raises(SessionClosed, match="1006"):
        await asyncio.wait_for(sending, 5)
    assert await session.close_reason == CloseReason(1006)
    assert session.close_initiator == "network"
    assert (session.close_sent, session.close_received) == (None, None)


async def test_b31_after_an_end_of_stream_a_raw_session_can_still_close(opened_raw: RawOpener) -> None:
    """The peer sends no more: iteration ends without an exception; a close, and data before it, still go out."""
    session, peer = await opened_raw(early=b"\x81\x01a")
    peer.end()
    assert [frame.data async for frame in session.incoming] == [b"a"]
    assert await session.close_reason == CloseReason(1006)
    with pytest.raises(SessionClosed, match="1006"):
        await session.incoming.receive()
    await session.send("still")
    closing = asyncio.create_task(session.close(4000))
    assert (await peer.read_frame()).payload == b"still"
    assert (await peer.read_frame()).payload == b"\x0f\xa0"
    assert await closing == CloseReason(1006), "the first of all stays"
    assert session.close_sent == CloseReason(4000)


async def test_an_end_of_stream_ends_a_default_session_at_once(opened: Opener) -> None:
    """Iteration ends without an exception; the reason is 1006."""
    session, peer = await opened(early=b"\x81\x01a")
    peer.end()
    assert [message async for message in session] == ["a"]
    assert await session.close() == CloseReason(1006)
    assert session.close_initiator == "network"


async def test_a_frame_that_the_end_cuts_off_is_a_row_marked_truncated(opened: Opener) -> None:
    """What came of it is kept; it is not delivered."""
    session, peer = await opened(early=b"\x81\x01a\x81\x05Hel")
    peer.end()
    assert [message async for message in session] == ["a"]
    await session.close()
    row = session.df.iloc[1]
    assert (row.status, bytes(row.payload)) == ("truncated", b"Hel")
    assert session.log.wire_bytes("in") == b"\x81\x01a\x81\x05Hel"


async def test_b33_cancelling_the_task_of_the_block_ends_the_session(opened: Opener) -> None:
    """close_reason completes; the peer is told 1000 (RFC 6455 has no code for "cancelled")."""
    session, peer = await opened()

    async def use() -> None:
        async with session:
            await session.receive()

    using = asyncio.create_task(use())
    await asyncio.sleep(0.01)
    using.cancel()
    assert (await peer.read_frame()).payload == b"\x03\xe8"
    await peer.send(b"\x88\x02\x03\xe8")
    peer.end()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert await session.close_reason == CloseReason(1000)
    assert session.state is SessionState.CLOSED


async def test_b33_cancelling_an_opening_leaves_nothing(byte_server: ByteServer, io: Io) -> None:
    """Neither socket nor task nor thread: in the middle of the handshake."""
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert await peer.read_to_end() == b""


async def test_b34_when_the_server_stops_waiting_readers_end(io: Io) -> None:
    """All of them, with 1001."""
    server = await lab.embedded_server("silent")
    sessions = [await connect(server.url, io=io, proxy=None) for _ in range(3)]
    waiting = [asyncio.create_task(session.receive()) for session in sessions]
    await asyncio.sleep(0)
    await server.stop()
    for task in waiting:
        with pytest.raises(SessionClosed, match="1001"):
            await asyncio.wait_for(task, 5)
    for session in sessions:
        assert (await session.close()).code == 1001


async def test_a_reset_is_noticed_at_once(opened: Opener) -> None:
    """1006 by the network; waiting receivers get SessionClosed."""
    session, peer = await opened()
    waiting = asyncio.create_task(session.receive())
    await asyncio.sleep(0)
    peer.reset()
    with pytest.raises(SessionClosed, match="1006"):
        await asyncio.wait_for(waiting, 5)
    assert session.close_initiator == "network"
    await session.close()
    assert session.log.events.kind.tolist()[-1] == "closed"


@pytest.mark.parametrize("with_close", [True, False])
async def test_last_words_before_a_reset_are_in_the_log(
    opened: Opener, until: Until, with_close: bool
) -> None:
    """2,000 frames and a close, then a reset while we write: every row is there and the close code is kept.

    asyncio throws away what was received when a write fails; the operating system still has it.
    """
    session, peer = await opened()
    await session.send("one")
    await peer.read_frame()
    words = b"\x81\x0212" * 2000 + (b"\x88\x02\x0f\xa0" if with_close else b"")
    hold_up: Callable[[], None] = lambda: time.sleep(0.05)  # noqa: E731 - the loop reads nothing meanwhile
    if session.thread is not None:
        session.pump.call(hold_up)
        await asyncio.sleep(0.01)
    peer.writer.write(words)
    peer.reset()
    if session.thread is None:
        time.sleep(0.01)  # noqa: ASYNC251 - the reset has to be there before this loop looks
    for _ in range(10):
        session.pump.outgoing.enqueue(bytes(100_000))
    await until(lambda: session.state is SessionState.CLOSED)
    incoming = session.df.query("direction == 'in'")
    assert (incoming.opcode == "text").sum() == 2000
    assert session.close_reason_now == (CloseReason(4000) if with_close else CloseReason(1006))
    assert len([message async for message in session]) == 2000


@pytest.mark.parametrize("io", ["kernel"])  # a thread has its loop for itself
async def test_many_last_words_give_others_their_turn(opened: Opener) -> None:
    """As many pings as the operating system holds are recorded in many turns of the loop; meanwhile nothing can be sent."""
    session, peer = await opened()
    peer.writer.write(b"\x89\x00" * 500_000)
    peer.reset()
    time.sleep(0.01)  # noqa: ASYNC251 - the reset has to be there before this loop looks
    for _ in range(10):
        session.pump.outgoing.enqueue(bytes(100_000))
    turns = 0
    while session.state is not SessionState.CLOSED:
        if session.pump.life.end.phase is Phase.LAST_WORDS:
            turns += 1
            with pytest.raises(SessionClosed):
                await session.send("late")
        await asyncio.sleep(0)
    assert turns > 10
    assert session.df.query("direction == 'in'").opcode.value_counts()["ping"] > 20_000
    assert session.close_reason_now == CloseReason(1006)
    assert session.df.query("direction == 'out' and opcode == 'text'").empty


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_the_end_is_seen_in_one_step(opened: Opener, how: str) -> None:
    """Whoever knows the reason knows the rest: state, both channels and the initiator are never a step behind."""
    for _ in range(20):
        session, peer = await opened()
        getattr(peer, how)()
        reason = await session.close_reason
        seen = (session.incoming.is_closed, session.outgoing.is_closed, session.state == "open")
        assert (reason, seen) == (CloseReason(1006), (True, True, False))
        assert session.close_initiator == "network" and " open " not in repr(session)
        await session.close()


async def test_the_end_is_seen_in_one_step_from_any_thread(opened: Opener) -> None:
    """A thread that looks without a pause never sees a reason beside an open channel."""
    wrong: list[str] = []

    def watch(session: ClientWebSocketSession) -> None:
        while session.close_reason_now is None:
            pass
        if not (session.outgoing.is_closed and session.incoming.is_closed) or session.state == "open":
            wrong.append(repr(session))

    for _ in range(20):
        session, peer = await opened()
        watching = asyncio.create_task(asyncio.to_thread(watch, session))
        await asyncio.sleep(0)
        peer.end()
        await watching
        await session.close()
    assert wrong == []


async def test_terminate_ends_now_and_is_idempotent(opened: Opener) -> None:
    """No close frame; 1006 by us; what was buffered stays readable."""
    session, peer = await opened(early=b"\x81\x01a")
    session.terminate()
    session.terminate()
    assert session.close_reason_now == CloseReason(1006)
    assert session.close_initiator == "local"
    assert [message async for message in session] == ["a"]
    assert b"\x88" not in await _all_that_came(peer.reader)
    await session.close()
    session.terminate()
    assert session.state is SessionState.CLOSED


async def _all_that_came(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_terminate_releases_who_waits(opened: Opener) -> None:
    """Receivers, pings, flushes, closes and those who await close_reason."""
    session, peer = await opened()

    async def reason() -> CloseReason:
        return await session.close_reason

    receiving, pinging = asyncio.create_task(session.receive()), asyncio.create_task(session.ping())
    closing, knowing = asyncio.create_task(session.close()), asyncio.create_task(reason())
    await peer.read_frame()
    session.terminate()
    for task in (receiving, pinging):
        with pytest.raises(SessionClosed):
            await asyncio.wait_for(task, 5)
    assert await closing == await knowing

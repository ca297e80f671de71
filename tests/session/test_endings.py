"""How a session ends by a closing handshake: codes, reasons, order, and what close() promises."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed

from wsnotebook import CloseReason, Frame, FrameLog, SessionClosed, connect, lab
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer, Io, Opener, RawOpener

Until = Callable[[Callable[[], object]], Awaitable[None]]

CLOSE_1000 = b"\x88\x02\x03\xe8"


async def test_b20_the_server_sees_our_close_and_we_get_it_back(opened: Opener) -> None:
    """1000 "test1" goes out; the identical close comes in; both sides are kept apart."""
    session, peer = await opened()
    closing = asyncio.create_task(session.close(1000, "test1"))
    frame = await peer.read_frame()
    assert (frame.head, frame.payload) == (0x88, b"\x03\xe8test1")
    await peer.send(b"\x88\x07\x03\xe8test1")
    peer.hang_up()
    assert await closing == CloseReason(1000, "test1")
    assert session.close_sent == session.close_received == CloseReason(1000, "test1")
    assert session.close_initiator == "local"
    assert session.state is SessionState.CLOSED


async def test_b21_a_close_in_the_segment_of_the_101_is_the_first_thing_learnt(opened: Opener) -> None:
    """1013 at once: receive() says so, and the peer gets its echo."""
    session, peer = await opened(early=b"\x88\x02\x03\xf5")
    with pytest.raises(SessionClosed) as caught:
        await session.incoming.receive()
    assert caught.value.reason == CloseReason(1013)
    assert (await peer.read_frame()).payload == b"\x03\xf5"
    assert (session.close_initiator, session.close_sent) == ("peer", CloseReason(1013))


async def test_b21_a_connection_that_ends_with_the_101_is_opened_and_ended(opened: Opener) -> None:
    """Close frame and end of stream in one: connect() returns a session that has ended."""
    for _ in range(10):
        session, peer = await opened(early=b"\x81\x01a\x88\x02\x03\xf5")
        peer.hang_up()
        assert await session.close() == CloseReason(1013)
        assert [message async for message in session] == ["a"]


ENDINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a close of the peer": lambda session, peer: peer.send(CLOSE_1000),
    "an end of the stream": lambda session, peer: peer.hang_up(),
    "a reset": lambda session, peer: peer.reset(),
    "terminate()": lambda session, peer: session.terminate(),
    "our close": lambda session, peer: session.close(wait=False),
    "a frame that breaks a rule": lambda session, peer: peer.send(b"\x83\x00"),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
async def test_who_is_told_of_the_end_sees_nothing_of_before(
    opened: Opener, ending: Callable[[Any, Any], Any]
) -> None:
    """State, reason, initiator, repr and both channels, at the moment in which ``close_reason`` completes."""
    session, peer = await opened()
    waiting = asyncio.ensure_future(session.close_reason)
    seen: list[tuple[object, ...]] = []
    waiting.add_done_callback(
        lambda future: seen.append(
            (
                session.close_reason_now == future.result(),
                str(future.result()) in repr(session),
                session.close_initiator is not None,
                session.state in (SessionState.CLOSING, SessionState.CLOSED),
                session.outgoing.is_closed,
            )
        )
    )
    done = ending(session, peer)
    if done is not None:
        await done
    await waiting
    assert seen == [(True,) * 5]
    with pytest.raises(SessionClosed):
        await session.send("late")


async def test_b23_the_close_is_the_last_thing_on_the_wire_and_all_before_it_is_whole(opened: Opener) -> None:
    """65,535 bytes, then a close."""
    session, peer = await opened()
    await session.send(bytes(65_535))
    closing = asyncio.create_task(session.close())
    assert (await peer.read_frame()).payload == bytes(65_535)
    assert (await peer.read_frame()).head == 0x88
    await peer.send(CLOSE_1000)
    peer.end()
    assert await peer.read_to_end() == b""
    await closing


async def test_b24_after_a_raw_close_both_sides_cannot_send(io: Io) -> None:
    """SessionClosed here, ConnectionClosed at the server."""
    server_saw: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def send_afterwards(peer: Any) -> None:
        await peer.wait_closed()
        try:
            await peer.send("late")
        except ConnectionClosed as error:
            server_saw.set_result(error)

    async with lab.embedded_server(send_afterwards) as server:
        session = await connect(server.url, io=io, raw=True, proxy=None)
        await session.close()
        for send in (session.send("late"), session.outgoing.send(Frame.text("late"))):
            with pytest.raises(SessionClosed):
                await send
        with pytest.raises(SessionClosed):
            session.outgoing.try_send(Frame.text("late"))
        assert isinstance(await server_saw, ConnectionClosed)


async def test_b25_closing_twice_or_after_the_peer_is_no_fault(opened: Opener) -> None:
    """Each returns the same reason; the second code is nobody's."""
    session, peer = await opened()
    first, second = (
        asyncio.create_task(session.close(1000, "a")),
        asyncio.create_task(session.close(1001, "b")),
    )
    await peer.read_frame()
    await peer.send(b"\x88\x03\x03\xe8a")
    peer.end()
    assert await peer.read_to_end() == b""
    assert await first == await second == await session.close(4000) == CloseReason(1000, "a")

    session, peer = await opened()
    await peer.send(b"\x88\x02\x0f\xa0")
    assert await session.close_reason == CloseReason(4000)
    peer.hang_up()
    assert await session.close() == CloseReason(4000)


async def test_a_close_frame_that_waits_to_be_sent_is_the_only_one(opened: Opener) -> None:
    """close() after send(Frame.close(…)) waits for the peer's answer to that one, and sends no second."""
    session, peer = await opened()
    await session.send(Frame.close(CloseReason(4000, "first")))
    closing = asyncio.create_task(session.close(1000))
    assert (await peer.read_frame()).payload == b"\x0f\xa0first"
    await peer.send(b"\x88\x02\x0f\xa0")
    peer.end()
    assert await peer.read_to_end() == b"" and await closing == CloseReason(4000, "first")


@pytest.mark.parametrize("code", [4002, 3500])
async def test_b26_codes_of_applications_reach_the_peer_unchanged(opened: Opener, code: int) -> None:
    """3000 to 4999 are free."""
    session, peer = await opened()
    await session.close(code, "mine", wait=False)
    assert (await peer.read_frame()).payload == code.to_bytes(2, "big") + b"mine"


async def test_b27_a_raw_client_collects_ten_texts_and_the_close_and_its_loop_ends(io: Io) -> None:
    """The server sends 10 texts and returns: exactly 11 frames, before the server gives up waiting for our answer."""

    async def ten(session: Any) -> None:
        for number in range(10):
            await session.send(str(number))

    async with lab.embedded_server(ten) as server:
        session = await connect(server.url, io=io, raw=True, proxy=None)
        async with asyncio.timeout(60):
            frames = [frame async for frame in session.incoming]
        assert [frame.data for frame in frames[:-1]] == [str(number).encode() for number in range(10)]
        assert frames[-1] == Frame.close(CloseReason(1000))
        assert len(frames) == 11
        await session.close()


async def test_b28_two_sessions_at_once_do_not_mix(io: Io) -> None:
    """100 echoes each."""

    async def talk(url: str, name: str) -> list[str | bytes]:
        async with connect(url, io=io, proxy=None) as session:
            received: list[str | bytes] = []
            for number in range(100):
                await session.send(f"{name}{number}")
                received.append(await session.receive())
            return received

    async with lab.embedded_server("echo") as server:
        one, two = await asyncio.gather(talk(server.url, "a"), talk(server.url, "b"))
    assert one == [f"a{number}" for number in range(100)]
    assert two == [f"b{number}" for number in range(100)]


async def test_b29_a_normal_close_is_silent(
    io: Io, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback, nothing logged as an error, nothing told to the loop's exception handler."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    async with lab.embedded_server("echo") as server:
        async with connect(server.url, io=io, proxy=None) as session:
            waiting = asyncio.create_task(session.receive())
            await session.send("a")
            assert await waiting == "a"
    del session, waiting
    gc.collect()
    await asyncio.sleep(0)
    assert told == []
    assert capfd.readouterr().err == ""
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


# What may be sent


@pytest.mark.parametrize("code", [-1, 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 70_000])
async def test_a_code_that_may_not_be_sent_raises_before_anything_is_sent(opened: Opener, code: int) -> None:
    """The sentence says which may; the session lives."""
    session, peer = await opened()
    with pytest.raises(ValueError, match=rf"{code} may not be sent.*3000 to 4999"):
        await session.close(code)
    await session.send("alive")
    assert (await peer.read_frame()).payload == b"alive"


async def test_a_message_over_123_bytes_raises_before_anything_is_sent(opened: Opener) -> None:
    """123 bytes go."""
    session, peer = await opened()
    with pytest.raises(ValueError, match="at most 123"):
        await session.close(1000, "é" * 62)
    await session.close(1000, "m" * 123, wait=False)
    assert (await peer.read_frame()).payload == b"\x03\xe8" + b"m" * 123


@pytest.mark.parametrize("code", [0, 999, 1005, 1006, 2999, 5000, 65535])
async def test_a_raw_session_sends_any_code(opened_raw: RawOpener, code: int) -> None:
    """That is what it is for; the row says what was wrong."""
    session, peer = await opened_raw()
    assert await session.close(code, wait=False) == CloseReason(code)
    assert (await peer.read_frame()).payload == code.to_bytes(2, "big")
    assert session.df.iloc[0].status == "violation"


# close() and its arguments


async def test_close_with_an_exception(opened: Opener) -> None:
    """CancelledError is 1000 and empty, another 1011 with its type's name, detail adds the text, cut to 123 bytes."""
    cases: list[tuple[BaseException, bool, bytes]] = [
        (asyncio.CancelledError(), False, b"\x03\xe8"),
        (RuntimeError("secret"), False, b"\x03\xf3RuntimeError"),
        (RuntimeError("why"), True, b"\x03\xf3RuntimeError: why"),
        (RuntimeError("é" * 100), True, b"\x03\xf3" + ("RuntimeError: " + "é" * 54).encode()),
    ]
    for error, detail, payload in cases:
        session, peer = await opened()
        await session.close(error, detail=detail, wait=False)
        assert (await peer.read_frame()).payload == payload


async def test_close_exceptionally_is_close_with_an_exception(opened: Opener) -> None:
    """Ktor's name for it."""
    session, peer = await opened()
    closing = asyncio.create_task(session.close_exceptionally(KeyError("x")))
    assert (await peer.read_frame()).payload == b"\x03\xf3KeyError"
    await peer.send(b"\x88\x02\x03\xf3")
    peer.end()
    assert await closing == CloseReason(1011, "KeyError")


async def test_close_takes_a_close_reason(opened: Opener) -> None:
    """As it stands on frames and sessions."""
    session, peer = await opened()
    await session.close(CloseReason(4001, "again"), wait=False)
    assert (await peer.read_frame()).payload == b"\x0f\xa1again"


async def test_close_without_waiting_returns_after_the_flush(opened: Opener) -> None:
    """The operating system has the close frame; the peer's answer then ends the session by itself."""
    session, peer = await opened()
    assert await session.close(1000, wait=False) == CloseReason(1000)
    assert session.state is SessionState.CLOSING
    assert session.close_sent == CloseReason(1000)
    await peer.read_frame()
    await peer.send(CLOSE_1000)
    peer.end()
    assert await peer.read_to_end() == b""


@pytest.mark.parametrize("wait", [True, False])
async def test_close_gives_up_after_its_timeout(opened: Opener, wait: bool, until: Until) -> None:
    """A peer that answers nothing, or takes nothing, does not hold close() up: the connection is aborted."""
    session, peer = await opened()
    if not wait:
        peer.stop_reading()
        while not session.pump._writer.is_paused:
            await session.send(bytes(1 << 20))
            await asyncio.sleep(0.001)
    reason = await session.close(1000, "bye", wait=wait, timeout=0.05)
    assert session.state is SessionState.CLOSED
    assert reason == (CloseReason(1000, "bye") if wait else CloseReason(1006))


async def test_the_peers_empty_close_is_1005(opened: Opener) -> None:
    """RFC 6455 §7.1.5; the echo is empty too."""
    session, peer = await opened()
    await peer.send(b"\x88\x00")
    assert await session.close_reason == session.close_received == CloseReason(1005)
    assert (await peer.read_frame()).payload == b""


async def test_a_cancelled_close_raises_and_the_session_ends_all_the_same(opened: Opener) -> None:
    """CancelledError is not swallowed; the handshake goes on without it."""
    session, peer = await opened()
    closing = asyncio.create_task(session.close())
    await peer.read_frame()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await peer.send(CLOSE_1000)
    peer.end()
    assert await peer.read_to_end() == b""
    assert await session.close() == CloseReason(1000)


async def test_close_reason_completes_once_and_stays(opened: Opener) -> None:
    """Many may await it, also afterwards, and cancelling one of them cancels nobody else."""
    session, peer = await opened()

    async def wait() -> CloseReason:
        return await session.close_reason

    one, two = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    assert session.close_reason_now is None
    one.cancel()
    await peer.send(b"\x88\x02\x0f\xa0")
    assert await two == CloseReason(4000)
    peer.reset()
    await session.close()
    assert await session.close_reason == session.close_reason_now == CloseReason(4000), "the first of all"


async def test_what_the_peer_sends_after_its_close_is_recorded_and_not_delivered(opened: Opener) -> None:
    """A violation by its row (RFC 6455 §5.5.1)."""
    session, peer = await opened(early=b"\x81\x01a" + CLOSE_1000 + b"\x81\x01b")
    assert [message async for message in session] == ["a"]
    rows = session.df.query("direction == 'in'")
    assert rows.status.tolist() == ["ok", "ok", "violation"]
    assert "after the close frame" in rows.detail.tolist()[-1]


@pytest.mark.parametrize("raw", [True, False])
async def test_a_pong_after_the_close_of_the_peer_is_recorded_and_not_delivered(
    opened: Opener, raw: bool
) -> None:
    """A right frame (RFC 6455 §5.5.2), as is a ping; that is not answered, as the close is."""
    session, peer = await opened(raw=raw, early=CLOSE_1000 + b"\x8a\x01?\x89\x01!")
    assert [item async for item in session.incoming] == ([Frame.close(CloseReason(1000))] if raw else [])
    peer.end()
    await session.close()
    df = session.df
    assert df.status.eq("ok").all() and df[df.direction == "in"].opcode.tolist() == ["close", "pong", "ping"]
    assert df[df.direction == "out"].opcode.tolist() == ["close"]


async def test_a_peer_that_closes_and_then_takes_nothing_does_not_keep_the_session(
    opened: Opener, until: Until
) -> None:
    """The echo cannot be written: after close_timeout the connection is aborted, and senders know at once."""
    session, peer = await opened(close_timeout=0.05)
    peer.stop_reading()
    while not session.pump._writer.is_paused:
        await session.send(bytes(1 << 20))
        await asyncio.sleep(0.001)
    await peer.send(CLOSE_1000)
    assert await session.close_reason == CloseReason(1000)
    with pytest.raises(SessionClosed):
        await session.send("late")
    await until(lambda: session.state is SessionState.CLOSED)


async def test_after_both_closes_a_server_that_keeps_tcp_open_is_hung_up_on(opened: Opener) -> None:
    """The server should close first (RFC 6455 §7.1.1); after a moment we do."""
    session, peer = await opened()
    closing = asyncio.create_task(session.close())
    await peer.read_frame()
    await peer.send(CLOSE_1000)
    assert await closing == CloseReason(1000)
    assert await peer.read_to_end() == b""


# Leaving the block


async def test_leaving_the_block_closes_with_1000(opened: Opener) -> None:
    """As a with-statement does with a file."""
    session, peer = await opened()

    async def use() -> None:
        async with session:
            pass

    using = asyncio.create_task(use())
    assert (await peer.read_frame()).payload == b"\x03\xe8"
    await peer.send(CLOSE_1000)
    peer.end()
    await using
    assert session.state is SessionState.CLOSED


async def test_a_block_that_raised_closes_with_1011_and_reraises(opened: Opener) -> None:
    """The peer is told the type, the caller gets the exception."""
    session, peer = await opened()

    async def use() -> None:
        async with session:
            raise ZeroDivisionError("of the user")

    using = asyncio.create_task(use())
    assert (await peer.read_frame()).payload == b"\x03\xf3ZeroDivisionError"
    await peer.send(b"\x88\x02\x03\xf3")
    peer.end()
    with pytest.raises(ZeroDivisionError, match="of the user"):
        await using


async def test_connect_is_a_block_too(io: Io) -> None:
    """``async with connect(url) as session``."""
    async with lab.embedded_server("echo") as server:
        with pytest.raises(ZeroDivisionError):
            async with connect(server.url, io=io, proxy=None) as session:
                raise ZeroDivisionError
        assert (session.close_sent, session.state) == (
            CloseReason(1011, "ZeroDivisionError"),
            SessionState.CLOSED,
        )
        async with connect(server.url, io=io, proxy=None) as session:
            pass
        assert session.close_sent == CloseReason(1000)


async def test_a_raw_session_sends_a_message_of_any_length(opened_raw: RawOpener) -> None:
    """A close of more than 125 bytes is what a peer may be tried with; a code of three bytes is none."""
    session, peer = await opened_raw()
    with pytest.raises(ValueError, match="does not fit into two bytes"):
        await session.close(70_000)
    await session.close(1000, "m" * 200, wait=False)
    assert (await peer.read_frame()).payload == b"\x03\xe8" + b"m" * 200
    assert "more than 125 bytes" in session.df.iloc[0].detail


@pytest.mark.parametrize("together", [True, False])
async def test_after_a_failure_the_peers_answer_is_kept_and_ends_the_session(
    opened: Opener, together: bool
) -> None:
    """We failed the connection with 1002; the peer's close is known beside ours, whatever came before it."""
    session, peer = await opened(close_timeout=30)
    bad, answer = b"\x83\x01a", b"\x81\x01b\x88\x02\x03\xea"
    await peer.send(bad + answer if together else bad)
    assert (await peer.read_frame()).payload[:2] == b"\x03\xea"
    if not together:
        await peer.send(answer)
    peer.end()
    assert (await session.close()).code == 1002
    assert session.close_received == CloseReason(1002)
    assert session.close_sent is not None
    assert session.close_initiator == "local"
    assert session.df.query("direction == 'in'").status.tolist() == ["violation", "ok", "ok"]


async def test_close_without_waiting_waits_for_the_operating_system(opened: Opener, until: Until) -> None:
    """That the frame was serialised is not enough: it has to have been taken."""
    session, peer = await opened()
    pump = session.pump
    real: Any = pump._writer._transport
    held = bytearray()

    class Holding:
        def write(self, data: bytes) -> None:
            held.extend(data)
            pump.pause_writing()

        def get_write_buffer_size(self) -> int:
            return len(held)

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    def let_go() -> None:
        pump._writer._transport = real
        real.write(bytes(held))
        pump.resume_writing()

    pump._writer._transport = Holding()  # type: ignore[assignment]
    closing = asyncio.create_task(session.close(wait=False))
    await until(lambda: session.close_sent)
    for _ in range(5):
        await asyncio.sleep(0.001)
    assert not closing.done()
    pump.call(let_go)
    assert await closing == CloseReason(1000)
    assert (await peer.read_frame()).head == 0x88


async def test_a_task_of_the_session_may_close_it(opened: Opener) -> None:
    """It is cancelled with its siblings when the session has ended; nobody waits for anybody."""
    session, peer = await opened()

    async def close() -> None:
        await session.close(4000, "from inside")

    task, sibling = session.launch(close()), session.launch(asyncio.sleep(3600))
    assert (await peer.read_frame()).payload == b"\x0f\xa0from inside"
    await peer.send(b"\x88\x02\x0f\xa0")
    peer.end()
    await asyncio.wait([task, sibling], timeout=60)
    assert sibling.cancelled()
    assert await session.close() == CloseReason(4000, "from inside")


async def test_a_connect_that_is_cancelled_after_its_handshake_ends_the_connection(
    byte_server: ByteServer, io: Io
) -> None:
    """Behaviour 33: before anybody had the session. The thread had opened it while a cell was busy, for one."""
    log = FrameLog()
    opening = asyncio.ensure_future(connect(byte_server.url, io=io, proxy=None, log=log))
    peer = await byte_server.accept()
    await peer.upgrade()
    while [event.kind for event in log.event_list][-1] != "open":
        if io == "thread":
            time.sleep(0.001)  # noqa: ASYNC251 - the cell is busy
        else:
            await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert await asyncio.wait_for(peer.read_to_end(), 5) == b""
    assert log.event_list[-1].kind == "closed"


async def test_a_block_that_is_cancelled_twice_still_ends_the_session(opened: Opener, until: Until) -> None:
    """The second cancellation ends the wait for the peer, not the closing itself."""
    session, peer = await opened(close_timeout=0.05)

    async def use() -> None:
        async with session:
            await session.receive()

    using = asyncio.create_task(use())
    await asyncio.sleep(0)
    using.cancel()
    assert (await peer.read_frame()).payload == b"\x03\xe8"
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    await until(lambda: session.state is SessionState.CLOSED)
    assert await session.close_reason == CloseReason(1000)


async def test_pings_before_a_close_in_one_read_are_answered_before_the_echo(opened: Opener) -> None:
    """RFC 6455 §5.5.2: a pong to each ping that came before the close."""
    session, peer = await opened(early=b"\x89\x01a\x89\x01b" + CLOSE_1000)
    assert [(await peer.read_frame()).payload for _ in range(3)] == [b"a", b"b", b"\x03\xe8"]


async def test_an_ended_session_is_freed_with_its_last_reference() -> None:
    """Nothing of it waits for the collector of cycles, neither the session nor its pump nor its log."""
    async with lab.embedded_server("echo") as server:
        gc.collect()
        gc.disable()
        try:
            session = await connect(server.url, io="kernel", proxy=None)
            parts = [weakref.ref(part) for part in (session, session.pump, session.log)]
            await session.send("x")
            assert await session.receive() == "x"
            await session.close()
            del session
            await asyncio.sleep(0)  # the last callbacks of the transport
            assert [part() for part in parts] == [None, None, None]
        finally:
            gc.enable()


async def test_each_event_of_a_session_has_a_sentence() -> None:
    """Who reads the events need not know the kinds."""
    async with lab.embedded_server("echo") as server, connect(server.url) as session:
        await session.ping()
    assert session.log.events.query("detail == ''")["kind"].tolist() == []

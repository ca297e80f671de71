"""What is sent: order, bounds, overtaking, flush, and what becomes of frames that never leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import (
    ChannelOverflow,
    Channels,
    CloseReason,
    Frame,
    Opcode,
    SessionClosed,
    bounded,
    connect,
    lab,
    unlimited,
)
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from tests.session.conftest import BytePeer, Io, Opener
    from wsnotebook import ClientWebSocketSession

Until = Callable[[Callable[[], object]], Awaitable[None]]

BIG = bytes(1 << 20)


async def _block(session: ClientWebSocketSession, peer: BytePeer, until: Until) -> int:
    """Send to a peer that reads nothing until the operating system takes no more; return how many frames that took."""
    peer.stop_reading()
    for count in range(1, 100):
        await session.send(BIG)
        try:
            async with asyncio.timeout(0.1):
                await session.flush()
        except TimeoutError:
            if await _is_stuck(session):
                return count
    raise AssertionError("the operating system took 100 MiB")


async def _is_stuck(session: ClientWebSocketSession) -> bool:
    """Return whether the operating system takes nothing, where a loaded machine would only take it late."""
    transport: Any = session.pump._writer._transport
    sizes = set()
    for _ in range(5):
        sizes.add(transport.get_write_buffer_size())
        await asyncio.sleep(0.05)
    return len(sizes) == 1 and sizes != {0}


async def test_a_str_is_text_bytes_are_binary_and_a_frame_is_itself(opened: Opener) -> None:
    """What send() takes; anything else is a TypeError that names send_json()."""
    session, peer = await opened()
    for item in ("é", b"b", bytearray(b"c"), memoryview(b"d"), Frame.ping(b"e"), Frame.text("f")):
        await session.send(item)
    sent = [await peer.read_frame() for _ in range(6)]
    data = [(frame.head, frame.payload) for frame in sent if frame.head != 0x89]
    assert data == [(0x81, b"\xc3\xa9"), (0x82, b"b"), (0x82, b"c"), (0x82, b"d"), (0x81, b"f")]
    assert (0x89, b"e") in [(frame.head, frame.payload) for frame in sent]
    with pytest.raises(TypeError, match=r"send_json\(\) takes any JSON value"):
        await session.send({"a": 1})  # type: ignore[arg-type]  # that is what is tried


async def test_a_mutable_buffer_is_copied(opened: Opener) -> None:
    """What is changed after send() returned does not reach the wire."""
    session, peer = await opened()
    buffer = bytearray(b"before")
    await session.send(buffer)
    buffer[:] = b"after!"
    assert (await peer.read_frame()).payload == b"before"


async def test_b12_a_message_in_parts_continues_and_the_next_uses_its_opcode(opened: Opener) -> None:
    """Two frames of one data type, the first non-final: the second leaves with opcode 0; control frames go between."""
    session, peer = await opened()
    await session.send(Frame.text("1", fin=False))
    await session.send(Frame.ping(b"p"))
    await session.send(Frame.text("2"))
    await session.send(Frame.binary(b"3"))
    frames = [await peer.read_frame() for _ in range(4)]
    assert [(frame.head, frame.payload) for frame in frames if frame.head != 0x89] == [
        (1, b"1"),
        (0x80, b"2"),
        (0x82, b"3"),
    ]
    rows = session.df.query("opcode != 'ping'")
    assert rows.message.tolist()[0] == rows.message.tolist()[1] != rows.message.tolist()[2]
    assert set(rows.status) == {"ok"}


async def test_a_frame_of_another_type_inside_a_message_raises_and_the_session_lives(opened: Opener) -> None:
    """FragmentError at the caller, in send(), outgoing.send() and try_send(); nothing of it is sent."""
    from wsnotebook import FragmentError

    session, peer = await opened()
    await session.send(Frame.binary(b"1", fin=False))
    with pytest.raises(FragmentError, match="a binary message is open") as caught:
        await session.send("text")
    assert (caught.value.open_opcode, caught.value.opcode) == (Opcode.BINARY, Opcode.TEXT)
    with pytest.raises(FragmentError):
        await session.outgoing.send(Frame.text("text"))
    with pytest.raises(FragmentError):
        session.outgoing.try_send(Frame.text("text"))
    await session.send(b"2")
    assert [(await peer.read_frame()).payload, (await peer.read_frame()).payload] == [b"1", b"2"]
    assert len(session.df) == 2


async def test_control_frames_overtake_queued_data_and_never_cut_a_frame(
    opened: Opener, until: Until
) -> None:
    """A ping sent behind megabytes of queued data leaves before them; every frame arrives whole."""
    session, peer = await opened(channels=Channels(outgoing=unlimited()))
    count = await _block(session, peer, until)
    for _ in range(5):
        await session.send(BIG)
    await session.send(Frame.ping(b"first"))
    await session.send("last")
    peer.read_on()
    frames = [await peer.read_frame() for _ in range(count + 7)]
    place = [frame.payload for frame in frames].index(b"first")
    assert place <= count
    assert frames[-1].payload == b"last"
    assert all(frame.payload == BIG for frame in frames[:-1] if frame.head == 0x82)
    assert session.df.opcode.tolist()[place] == "ping", "the log has them in the order of the wire"


async def test_b43_bounded_by_one_both_ways_100_echoes_come_in_order(io: Io) -> None:
    """Suspend on both sides: no deadlock."""
    channels = Channels(incoming=bounded(1), outgoing=bounded(1))
    async with lab.embedded_server("echo") as server:
        async with connect(server.url, io=io, channels=channels, proxy=None) as session:

            async def send() -> None:
                for number in range(100):
                    await session.send(str(number))

            sending = asyncio.create_task(send())
            received = [await session.receive() for _ in range(100)]
            await sending
            assert received == [str(number) for number in range(100)]


@pytest.mark.parametrize("verb", ["send", "outgoing.send", "try_send"])
async def test_b44_outgoing_bounded_by_one_that_closes_overflows(opened: Opener, verb: str) -> None:
    """100 sends without waiting: ChannelOverflow at the sender and at the receiver, 1011 to the peer."""
    session, peer = await opened(channels=Channels(outgoing=bounded(1, "close")))

    async def send(number: int) -> object:
        if verb == "try_send":
            return session.outgoing.try_send(Frame.text(str(number)))
        if verb == "send":
            await session.send(str(number))
        else:
            await session.outgoing.send(Frame.text(str(number)))
        return None

    if session.thread is not None:
        await _hold_up(session)
    with pytest.raises(ChannelOverflow, match="the outgoing channel holds 1 frames") as caught:
        for number in range(100):
            await send(number)
    assert caught.value.capacity == 1
    with pytest.raises(ChannelOverflow):
        await session.incoming.receive()
    with pytest.raises(SessionClosed) as closed:
        await session.send("later")
    assert isinstance(closed.value.__cause__, ChannelOverflow)
    assert (await session.close_reason).code == 1011
    frames = [await peer.read_frame()]
    while frames[-1].head != 0x88:
        frames.append(await peer.read_frame())
    assert frames[-1].payload == b"\x03\xf3ChannelOverflow"


async def _hold_up(session: ClientWebSocketSession) -> None:
    """Keep the I/O thread busy for a moment, so that the queue fills as it does on one loop."""
    session.pump.call(time.sleep, 0.05)
    await asyncio.sleep(0)


async def test_b44_incoming_bounded_that_closes_keeps_the_newest(opened: Opener) -> None:
    """At overflow the newest n stay readable, then ChannelOverflow, from receive() and from iteration."""
    session, peer = await opened(channels=Channels(incoming=bounded(3, "close")))
    await peer.send(b"".join(b"\x81\x01" + bytes((65 + number,)) for number in range(10)))
    assert (await session.close_reason).code == 1011
    assert [(await session.incoming.receive()).data for _ in range(3)] == [b"H", b"I", b"J"]
    with pytest.raises(ChannelOverflow, match="the incoming channel holds 3 frames"):
        await session.incoming.receive()
    with pytest.raises(ChannelOverflow):
        async for _ in session.incoming:
            pass
    assert len(session.df.query("direction == 'in'")) == 10, "the log has them all"


async def test_the_reason_is_told_after_the_channel_has_ended(opened: Opener) -> None:
    """Also where an I/O thread knows of the end while this loop is held up, and nobody has asked before."""
    session, peer = await opened(channels=Channels(incoming=bounded(3, "close")))
    await peer.send(b"".join(b"\x81\x01" + bytes((65 + number,)) for number in range(10)))
    deadline = time.monotonic() + 5
    while session.thread is not None and session.close_reason_now is None and time.monotonic() < deadline:
        time.sleep(0.001)  # noqa: ASYNC251 - it is to hold this loop up
    await session.close_reason
    assert (await session.incoming.receive()).data == b"H"


async def test_as_many_as_the_capacity_do_not_overflow(opened: Opener, until: Until) -> None:
    """Equal to the bound is within it."""
    session, peer = await opened(channels=Channels(incoming=bounded(3, "close")))
    await peer.send(b"\x81\x01a" * 3)
    await until(lambda: len(session.log) == 3)
    assert session.state is SessionState.OPEN
    assert [await session.receive() for _ in range(3)] == ["a"] * 3


async def test_incoming_that_suspends_stops_reading_and_says_so(opened: Opener, until: Until) -> None:
    """The kernel's buffers fill and the peer waits; reading goes on when somebody takes a frame; both are events."""
    session, peer = await opened(channels=Channels(incoming=bounded(2)))
    await peer.send(b"\x81\x01a\x81\x01b")
    await until(lambda: session.pump.incoming.is_held)
    await peer.send(b"\x89\x00")
    await session.receive()
    assert (await peer.read_frame()).head == 0x8A
    assert [kind for kind in session.log.events.kind if kind.startswith("backpressure")] == [
        "backpressure on",
        "backpressure off",
    ]


async def test_a_close_does_not_wait_behind_what_nobody_reads(opened: Opener, until: Until) -> None:
    """Reading stands still because incoming is full; our close lets it go on, so that the peer's answer is seen."""
    session, peer = await opened(channels=Channels(incoming=bounded(1)))
    await peer.send(b"\x81\x01a")
    await until(lambda: session.pump.incoming.is_held)
    await peer.send(b"\x81\x01b" * 10)
    closing = asyncio.create_task(session.close(timeout=5))
    assert (await peer.read_frame()).head == 0x88
    await peer.send(b"\x88\x02\x03\xe8")
    peer.hang_up()
    assert await closing == session.close_received == CloseReason(1000)
    assert [message async for message in session] == ["a"] + ["b"] * 10


async def test_b45_1000_sends_and_no_reads(io: Io) -> None:
    """With the defaults nothing deadlocks: the pump drains what comes back."""
    async with lab.embedded_server("echo") as server, connect(server.url, io=io, proxy=None) as session:
        async with asyncio.timeout(60):
            for number in range(1000):
                await session.send(str(number))
            assert [await session.receive() for _ in range(1000)] == [str(number) for number in range(1000)]


@pytest.mark.parametrize("how", ["terminate", "reset", "peer closes"])
async def test_b46_a_waiting_sender_is_released_by_the_end(opened: Opener, until: Until, how: str) -> None:
    """The queue is full and the peer reads nothing; whatever ends the session ends the wait with SessionClosed."""
    session, peer = await opened(channels=Channels(outgoing=bounded(1)))
    await _block(session, peer, until)
    await session.send(BIG)  # fills the queue
    waiting = [
        asyncio.create_task(session.send("late")),
        asyncio.create_task(session.outgoing.send(Frame.text("late"))),
    ]
    await until(lambda: session.pump.outgoing.waiting == 2)
    if how == "terminate":
        session.terminate()
    elif how == "reset":
        peer.reset()
    else:
        await peer.send(b"\x88\x02\x03\xe8")
    for task in waiting:
        with pytest.raises(SessionClosed):
            await asyncio.wait_for(task, 5)
    assert "late" not in set(session.df.text.dropna())


async def test_a_cancelled_send_that_waited_sends_nothing(opened: Opener, until: Until) -> None:
    """Its turn goes to the next who waits."""
    session, peer = await opened(channels=Channels(outgoing=bounded(1)))
    count = await _block(session, peer, until)
    await session.send(b"queued")
    first, second = (
        asyncio.create_task(session.send(b"cancelled")),
        asyncio.create_task(session.send(b"second")),
    )
    await until(lambda: session.pump.outgoing.waiting == 2)
    first.cancel()
    peer.read_on()
    await second
    payloads = [(await peer.read_frame()).payload for _ in range(count + 2)]
    assert payloads[-2:] == [b"queued", b"second"]
    assert first.cancelled()


async def test_try_send_says_no_where_the_queue_is_full(opened: Opener, until: Until) -> None:
    """False, and nothing is taken."""
    session, peer = await opened(channels=Channels(outgoing=bounded(1)))
    count = await _block(session, peer, until)
    assert session.outgoing.try_send(Frame.text("one")) is True
    assert session.outgoing.try_send(Frame.text("two")) is False
    peer.read_on()
    payloads = [(await peer.read_frame()).payload for _ in range(count + 1)]
    assert payloads[-1] == b"one"


async def test_flush_returns_when_the_operating_system_has_everything(opened: Opener, until: Until) -> None:
    """Not before: with a peer that reads nothing it waits."""
    session, peer = await opened()
    count = await _block(session, peer, until)
    flushing = asyncio.create_task(session.flush())
    await asyncio.sleep(0.02)
    assert not flushing.done()
    peer.read_on()
    for _ in range(count):
        await peer.read_frame()
    await flushing


async def test_flush_is_not_misled_by_frames_that_overtake(opened: Opener, until: Until) -> None:
    """Pongs that were queued later leave earlier: flush waits for the data that was sent before it."""
    session, peer = await opened(channels=Channels(outgoing=unlimited()))
    count = await _block(session, peer, until)
    for _ in range(8):
        await session.send(BIG)
    flushing = asyncio.create_task(session.flush())
    queued_at_end: list[int] = []
    flushing.add_done_callback(lambda _: queued_at_end.append(len(session.pump.outgoing.data)))
    await asyncio.sleep(0)
    await peer.send(b"\x89\x00" * 20)
    await until(lambda: len(session.pump.outgoing.control) == 20)
    peer.read_on()
    heads = [(await peer.read_frame()).head for _ in range(count + 28)]
    assert heads[count : count + 20] == [0x8A] * 20
    await flushing
    assert queued_at_end == [0]


async def test_a_peer_that_takes_nothing_for_a_second_is_an_event(opened: Opener, until: Until) -> None:
    """And so is its taking again; a write that only waits for its turn is none."""
    session, peer = await opened()

    def backpressure() -> list[str]:
        return [kind for kind in session.log.events.kind if kind.startswith("backpressure")]

    count = await _block(session, peer, until)
    assert backpressure() == []
    await until(lambda: backpressure() == ["backpressure on"])
    events = session.log.events
    assert "the peer takes nothing" in events.detail[events.kind == "backpressure on"].iloc[0]
    peer.read_on()
    for _ in range(count):
        await peer.read_frame()
    await until(lambda: backpressure() == ["backpressure on", "backpressure off"])


async def test_b22_flush_after_a_close_returns(opened: Opener) -> None:
    """close, pause, flush: there is nothing to wait for and nothing to complain about."""
    session, peer = await opened()
    await session.close(wait=False)
    await asyncio.sleep(0.01)
    async with asyncio.timeout(60):
        await session.flush()
    await peer.read_frame()
    await peer.send(b"\x88\x02\x03\xe8")
    peer.hang_up()
    await session.close()
    await session.flush()


async def test_flush_after_a_failure_raises(opened: Opener) -> None:
    """The connection was lost: what was sent may not have gone."""
    session, peer = await opened()
    peer.reset()
    await session.close_reason
    with pytest.raises(SessionClosed, match="1006"):
        await session.flush()


async def test_frames_that_never_left_are_rows_marked_dropped(opened: Opener, until: Until) -> None:
    """What was queued when the session ended is in the log, with why; and a row whose bytes did not all go too."""
    session, peer = await opened(channels=Channels(outgoing=unlimited()))
    count = await _block(session, peer, until)
    await session.send("queued")
    session.terminate()
    await session.close()
    rows = session.df
    assert rows.status.tolist()[-2:] == ["unsent", "unsent"]
    assert rows.text.tolist()[-1] == "queued"
    assert "never sent" in rows.detail.tolist()[-1]
    assert "not wholly, handed to the operating system" in rows.detail.tolist()[-2]
    assert (rows.status == "ok").sum() == count - 1


async def test_a_row_stands_in_the_log_before_its_bytes_are_written(opened: Opener) -> None:
    """What an interrupt between the two would leave is a row without bytes, never bytes without a row."""
    session, peer = await opened()
    transport: Any = session.pump._writer._transport
    written: list[tuple[int, int]] = []  # rows in the log, and frames of 7 bytes written so far

    class Recording:
        def write(self, data: bytes) -> None:
            written.append((len(session.log), len(data) // 7 + (written[-1][1] if written else 0)))
            transport.write(data)

        def __getattr__(self, name: str) -> object:
            return getattr(transport, name)

    session.pump._writer._transport = Recording()  # type: ignore[assignment]
    for text in "abc":
        await session.send(text)
        await session.flush()
    assert [frames for _, frames in written] == [rows for rows, _ in written] == [1, 2, 3]


async def test_a_frame_alone_is_written_before_send_returns_and_a_burst_in_one_write(
    opened: Opener, io: Io, until: Until
) -> None:
    """The first frame since the loop came round need not wait for its next turn; those after it share a batch."""
    session, peer = await opened()
    await until(lambda: not session.log.note("look"))
    for number in range(10):
        with pytest.raises(StopIteration):  # it has not waited: no turn of the loop lies between
            session.send(str(number)).send(None)
        assert io == "thread" or len(session.log) == 1
    assert [(await peer.read_frame()).payload for _ in range(10)] == [b"%d" % number for number in range(10)]
    assert session.df.text.tolist() == [str(number) for number in range(10)]
    if io == "kernel":
        assert session.df.monotonic.nunique() == 2
    await session.flush()
    await session.send("another turn")
    assert io == "thread" or len(session.log) == 11


async def test_a_frame_alone_follows_the_setting_for_masking(opened: Opener) -> None:
    """It is read when the frame is written, as for one that was queued."""
    session, peer = await opened()
    with pytest.warns(UserWarning, match="unmasked"):
        for masking in (True, False, True):
            session.masking = masking
            await session.send("x")
            await session.flush()
    keys = [(await peer.read_frame()).key for _ in range(3)]
    assert [key is not None for key in keys] == session.df.masked.tolist() == [True, False, True]
    assert keys[0] != keys[2]


async def test_a_frame_alone_that_the_peer_does_not_take_is_marked_unsent(
    opened: Opener, until: Until
) -> None:
    """It was written at once, a part of it was taken, and then the connection was lost."""
    session, peer = await opened()
    peer.stop_reading()
    taken = 0
    while True:
        await session.send(BIG[:60_000])
        try:
            async with asyncio.timeout(0.1):
                await session.flush()
        except TimeoutError:
            break
        taken += 1
    session.terminate()
    await session.close()
    assert session.df.status.tolist() == ["ok"] * taken + ["unsent"]


async def test_stale_pongs_are_rows_marked_dropped(opened: Opener, until: Until) -> None:
    """A peer that pings and does not read gets the newest pong (RFC 6455 §5.5.3); the others are in the log all the same."""
    session, peer = await opened()
    count = await _block(session, peer, until)
    for start in range(0, 400, 20):
        await peer.send(
            b"".join(b"\x89\x02" + number.to_bytes(2, "big") for number in range(start, start + 20))
        )
        await until(lambda: (session.df.opcode == "ping").sum() == start + 20)  # noqa: B023 - called within this turn
    peer.read_on()
    for _ in range(count):
        await peer.read_frame()
    pongs = [await peer.read_frame()]
    while pongs[-1].payload != (399).to_bytes(2, "big"):
        pongs.append(await peer.read_frame())
    rows = session.df.query("opcode == 'pong'")
    assert (rows.status == "ok").sum() == len(pongs) < 400
    assert (rows.status == "unsent").sum() > 0
    numbers = [int.from_bytes(pong.payload, "big") for pong in pongs]
    assert numbers == sorted(numbers)


async def test_an_extension_that_fails_ends_the_session_and_says_why(io: Io) -> None:
    """compress_if is the user's code: its exception reaches neither the loop nor nobody."""
    from wsnotebook import PerMessageDeflate

    def broken(frame: Frame) -> bool:
        raise LookupError("no such table")

    async with lab.embedded_server("echo") as server:
        session = await connect(
            server.url, io=io, proxy=None, extensions=[PerMessageDeflate(compress_if=[broken])]
        )
        await session.send("never sent")
        assert await session.close_reason == CloseReason(1011, "LookupError")
        await session.close()
    assert session.df.status.tolist()[0] == "unsent"
    assert any("no such table" in detail for detail in session.log.events.detail)

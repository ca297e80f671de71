"""What comes: wire forms, order, many receivers, cancellation, the end of the channel."""

from __future__ import annotations

import asyncio
import contextvars
import os
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from feed import server_frame

from wsnotebook import (
    ChannelOverflow,
    Channels,
    ClientWebSocketSession,
    CloseReason,
    Frame,
    FrameLog,
    Opcode,
    ProtocolViolation,
    SessionClosed,
    bounded,
    connect,
    lab,
)
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from tests.session.conftest import BytePeer, Io, Opener, RawOpener

Until = Callable[[Callable[[], object]], Awaitable[None]]

CLOSE_1000 = b"\x88\x02\x03\xe8"


# Wire forms


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param("8105 48656c6c6f", id="b01 final text of five bytes"),
        pytest.param("817e0005 48656c6c6f", id="b02 a 16-bit length where 7 bits do"),
        pytest.param("817f0000000000000005 48656c6c6f", id="b03 a 64-bit length"),
    ],
)
async def test_b01_b02_b03_hello_in_every_form_of_length(opened: Opener, wire: str) -> None:
    """RFC 6455 §5.7: "Hello" unmasked; §5.2: a length that is not minimal is accepted, and kept in the log."""
    data = bytes.fromhex(wire)
    session, peer = await opened(early=data)
    frame = await session.incoming.receive()
    assert frame == Frame(Opcode.TEXT, b"Hello", fin=True)
    row = session.df.iloc[0]
    assert (row.opcode, bool(row.fin), bool(row.masked), row.length, row.status) == (
        "text",
        True,
        False,
        5,
        "ok",
    )
    assert session.log.wire_bytes("in") == data


async def test_b02_a_non_minimal_length_of_six(opened: Opener) -> None:
    """81 7e 00 06: length 6."""
    session, _ = await opened(early=bytes.fromhex("817e0006") + b"Hello!")
    assert await session.receive() == "Hello!"


async def test_b03_a_64_bit_length_with_the_top_bit_set_is_refused(opened: Opener) -> None:
    """RFC 6455 §5.2: the most significant bit must be 0; the peer is told 1002."""
    session, peer = await opened(early=bytes.fromhex("827f8000000000000000"))
    with pytest.raises(ProtocolViolation) as caught:
        await session.incoming.receive()
    assert caught.value.code == 1002
    assert (await peer.read_frame()).payload[:2] == (1002).to_bytes(2, "big")


async def test_b04_a_masked_frame_is_unmasked_on_a_raw_session(opened_raw: RawOpener) -> None:
    """RFC 6455 §5.7: a masked "Hello"; a server must not send it, so the row says what was wrong."""
    session, _ = await opened_raw(early=bytes.fromhex("8185 37fa213d 7f9f4d5158"))
    assert await session.incoming.receive() == Frame.text("Hello")
    row = session.df.iloc[0]
    assert (bytes(row.mask_key), row.text, row.status) == (bytes.fromhex("37fa213d"), "Hello", "violation")


async def test_b04_a_masked_frame_fails_a_default_session(opened: Opener) -> None:
    """RFC 6455 §5.1: a client closes when it detects a masked frame."""
    session, peer = await opened(early=bytes.fromhex("8185 37fa213d 7f9f4d5158"))
    assert (await peer.read_frame()).payload[:2] == (1002).to_bytes(2, "big")
    assert (await session.close_reason).code == 1002


async def test_b07_texts_of_every_length_arrive_before_the_close(opened: Opener) -> None:
    """1 to 125 bytes, then close 1000: all in order, and 1000 goes back."""
    texts = ["x" * length for length in range(1, 126)]
    stream = b"".join(bytes((0x81, len(text))) + text.encode() for text in texts)
    session, peer = await opened(early=stream + CLOSE_1000)
    assert [message async for message in session] == texts
    echo = await peer.read_frame()
    assert (echo.head, echo.payload) == (0x88, b"\x03\xe8")
    assert await session.close_reason == CloseReason(1000)


@pytest.mark.parametrize("size", [0xC123, 0xCDEF])
async def test_b08_16_bit_lengths_survive_both_directions(opened: Opener, size: int) -> None:
    """Both bytes of the length count."""
    session, peer = await opened()
    payload = os.urandom(size)
    await session.send(payload)
    received = await peer.read_frame()
    assert received.payload == payload
    await peer.send(b"\x82\x7e" + size.to_bytes(2, "big") + received.payload)
    assert await session.receive() == payload


async def test_b09_a_binary_of_20_mib_is_echoed_byte_identical(io: Io) -> None:
    """Through a real server and back."""
    payload = os.urandom(20 << 20)
    async with lab.embedded_server("silent", routes={"/big": _echo_once}) as server:
        async with connect(server.url + "/big", io=io, compression=None, proxy=None) as session:
            await session.send(payload)
            assert await session.receive() == payload


async def _echo_once(session: Any) -> None:
    session.protocol.max_message_size = None  # the server's own limit is 1 MiB
    await session.send(await session.recv())


async def test_b10_100000_tiny_texts_come_before_the_close_of_the_same_stream(opened: Opener) -> None:
    """The close does not overtake what was read before it."""
    count = 100_000
    session, peer = await opened()
    sending = asyncio.create_task(peer.send(b"\x81\x01x" * count + CLOSE_1000))
    received = [frame async for frame in session.incoming]
    await sending
    assert len(received) == count
    assert set(received) == {Frame.text("x")}
    assert await session.close_reason == CloseReason(1000)


async def test_b11_an_empty_text_is_echoed_as_an_empty_text(io: Io) -> None:
    """Nothing is something: "" is not b""."""
    async with lab.embedded_server("echo") as server, connect(server.url, io=io, proxy=None) as session:
        await session.send("")
        assert await session.receive() == ""
        await session.send(b"")
        assert await session.receive() == b""


async def test_the_wire_bytes_of_the_log_are_the_bytes_that_crossed(opened: Opener) -> None:
    """Both directions can be rebuilt from the rows, also odd headers and answers that were sent automatically."""
    came = bytes.fromhex("817e0001 61  8900  0201 62  8a00  8001 63 ") + CLOSE_1000
    session, peer = await opened()
    await session.send("out")
    await session.flush()
    await peer.send(came)
    await session.close_reason
    peer.end()
    sent = await peer.read_to_end()
    await session.close()
    assert session.log.wire_bytes("in") == came
    assert session.log.wire_bytes("out") == sent


# Receivers


async def test_many_receivers_get_each_frame_once_and_in_order(opened: Opener) -> None:
    """Those who wait are served first come first served, also when all frames come in one read."""
    session, peer = await opened()
    waiting = [asyncio.create_task(session.incoming.receive()) for _ in range(300)]
    await asyncio.sleep(0)
    await peer.send(b"".join(b"\x82\x02" + number.to_bytes(2, "big") for number in range(300)))
    got = [int.from_bytes((await task).data, "big") for task in waiting]
    assert got == list(range(300))


async def test_more_receivers_than_one_look_at_the_log_serves_are_all_served(opened: Opener) -> None:
    """A thousand wait, a thousand frames come at once, in a batch each of odd and of plain ones."""
    session, peer = await opened()
    waiting = [asyncio.create_task(session.incoming.receive()) for _ in range(1000)]
    await asyncio.sleep(0)
    await peer.send(b"\x81\x01a" * 400 + b"\x01\x01b\x80\x01c" * 300 + b"\x81\x01d" * 300)
    async with asyncio.timeout(60):
        got = [(await task).data for task in waiting]
    assert got == [b"a"] * 400 + [b"bc"] * 300 + [b"d"] * 300


async def test_b32_a_cancelled_receive_leaves_the_next_frame_to_the_next_receiver(opened: Opener) -> None:
    """Cancelled while it waits: nothing is lost and nobody is forgotten."""
    session, peer = await opened()
    first, second = (asyncio.create_task(session.incoming.receive()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await peer.send(b"\x81\x01a")
    assert (await second).data == b"a"
    with pytest.raises(asyncio.CancelledError):
        await first


def _arrive(session: ClientWebSocketSession, peer: BytePeer, data: bytes) -> None:
    """Let bytes come and be told within this turn of the loop, so that no task runs between."""
    if session.thread is None:
        session.pump.intake.bytes_received(data)
        return
    peer.writer.write(data)
    while not len(session.log):
        time.sleep(0.001)
    session.incoming.wake()


async def test_b32_a_receive_cancelled_in_the_moment_of_its_frame_passes_it_on(opened: Opener) -> None:
    """The turn was given, the task had not run yet: the frame goes to the next who waits."""
    session, peer = await opened()
    first, second = (asyncio.create_task(session.incoming.receive()) for _ in range(2))
    await asyncio.sleep(0)
    _arrive(session, peer, b"\x81\x01a")
    first.cancel()
    assert (await second).data == b"a"
    assert first.cancelled()


async def test_b32_a_receive_cancelled_just_before_its_frame_ends_cleanly(opened: Opener) -> None:
    """The frame passes over it; what it raises is CancelledError and nothing else."""
    session, peer = await opened()
    first, second = (asyncio.create_task(session.incoming.receive()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    _arrive(session, peer, b"\x81\x01a")
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).data == b"a"


def _frames_of_every_kind() -> list[bytes]:
    """Return frames that take the short way of one alone, and between them each kind that does not."""
    texts = [server_frame(f"text {number}".encode()) for number in range(4)]
    long, binary, empty = server_frame(b"x" * 300), server_frame(b"\xff\x00", 0x82), server_frame(b"")
    parts = [server_frame(b"first ", 0x01), server_frame(b"second ", 0x00), server_frame(b"last", 0x80)]
    return [texts[0], long, *parts, texts[1], server_frame(b"ping", 0x89), binary, empty, texts[2] + texts[3]]


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("raw", [True, False])
async def test_frames_one_a_read_are_the_rows_and_the_messages_of_a_burst(
    opened: Opener, opened_raw: RawOpener, raw: bool, waits: bool, until: Until
) -> None:
    """Whether a coroutine waits for each frame, or all lie in the log before anybody reads."""
    pieces, results = _frames_of_every_kind(), []
    log = FrameLog()
    stranger, _ = await opened(log=log)
    for reads in ([b"".join(pieces)], pieces):
        session, peer = await (opened_raw if raw else opened)(log=log)
        wanted = 11 if raw else 8
        reading = asyncio.create_task(_receive(session, wanted)) if waits else None
        count = 0
        for data in reads:
            await asyncio.sleep(0)
            await peer.send(data)
            count += len(pieces) + 1 if len(reads) == 1 else 1 + (data == pieces[-1])
            await until(lambda count=count, session=session: len(_received(session)) == count)
            await stranger.send("a row between")
        frames = await (reading or _receive(session, wanted))
        results.append((frames, _received(session)))
        assert session.incoming.try_receive() is None
    assert results[0] == results[1]
    assert len(results[0][0]) == wanted


@pytest.mark.parametrize("count", [2, 256, 257, 600])
async def test_a_burst_for_who_waits_is_handed_over_once_and_in_order(
    opened: Opener, count: int, until: Until
) -> None:
    """Its first frames directly, the rest from the log, and nothing twice, whatever was unread or came after."""
    log = FrameLog()
    stranger, _ = await opened(log=log)
    session, peer = await opened(log=log)
    number = 0
    for unread in (0, 0, 3):
        before = server_frame(b"") * unread
        await peer.send(before)
        await until(lambda wanted=number + unread: len(_received(session)) == wanted)
        reading = asyncio.create_task(_receive(session, unread + count))
        if not unread:
            await asyncio.sleep(0)
        burst = b"".join(server_frame(str(number + each).encode()) for each in range(count))
        await peer.send(burst)
        frames = await reading
        assert [frame.data for frame in frames[unread:]] == [b"%d" % (number + each) for each in range(count)]
        await stranger.send("between")
        number += unread + count
    assert session.incoming.try_receive() is None


async def _receive(session: ClientWebSocketSession, count: int) -> list[Frame]:
    return [await session.incoming.receive() for _ in range(count)]


def _received(session: ClientWebSocketSession) -> list[list[object]]:
    columns = ["opcode", "fin", "length", "payload", "text", "status", "masked", "wire_length"]
    df = session.df
    return df[(df.session == session.name) & (df.direction == "in")][columns].astype(object).values.tolist()


async def test_a_timeout_around_receive_loses_nothing(opened: Opener) -> None:
    """What people write in cells: a receive with asyncio.timeout, again and again."""
    session, peer = await opened()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await session.receive()
    await peer.send(b"\x81\x01a\x81\x01b")
    assert [await session.receive(), await session.receive()] == ["a", "b"]


@pytest.mark.parametrize("raw", [False, True])
async def test_a_message_that_is_there_comes_before_any_timeout(
    opened: Opener, opened_raw: RawOpener, until: Until, raw: bool
) -> None:
    """Also where receive() would give the loop its turn of every 10 ms first."""
    session, peer = await (opened_raw if raw else opened)()
    await peer.send(b"\x89\x00\x01\x01a\x80\x01b" * 20)
    await until(lambda: len(session.log) >= 60)
    for timeout in (0, 1e-9) * 10:
        session.incoming.turn_ends, session.incoming._is_marked = 0.0, True  # the loop has not come round
        assert await session.receive(timeout=timeout) == "ab"
    with pytest.raises(TimeoutError, match="no message came within 0 s"):
        await session.receive(timeout=0)


async def test_try_receive_never_waits(opened: Opener, until: Until) -> None:
    """None while nothing is there, the frame when it is, SessionClosed after the end."""
    session, peer = await opened()
    assert session.incoming.try_receive() is None
    await peer.send(b"\x81\x01a" + CLOSE_1000)
    await session.close_reason
    assert session.incoming.try_receive() == Frame.text("a")
    with pytest.raises(SessionClosed) as caught:
        session.incoming.try_receive()
    assert caught.value.reason == CloseReason(1000)


async def test_frames_buffered_before_a_close_stay_readable(opened: Opener) -> None:
    """The end is behind them; then receive() raises and iteration ends without an exception."""
    session, peer = await opened(early=b"\x81\x01a\x81\x01b" + CLOSE_1000)
    await session.close_reason
    peer.hang_up()
    await session.close()
    assert session.state is SessionState.CLOSED
    assert [frame.data async for frame in session.incoming] == [b"a", b"b"]
    with pytest.raises(SessionClosed, match="1000 NORMAL"):
        await session.incoming.receive()


async def test_waiting_receivers_are_released_by_a_close(opened: Opener) -> None:
    """All of them, each with the reason."""
    session, peer = await opened()
    waiting = [asyncio.create_task(session.incoming.receive()) for _ in range(3)]
    await asyncio.sleep(0)
    await peer.send(b"\x88\x07\x0f\xa1later")
    for task in waiting:
        with pytest.raises(SessionClosed) as caught:
            await task
        assert caught.value.reason == CloseReason(4001, "later")


async def test_cancel_drops_what_is_buffered_and_the_session_goes_on(opened: Opener, until: Until) -> None:
    """The log keeps everything, pings are still answered, sending works."""
    session, peer = await opened(early=b"\x81\x01a\x81\x01b")
    session.incoming.cancel()
    assert session.incoming.is_closed
    with pytest.raises(SessionClosed):
        await session.incoming.receive()
    await peer.send(b"\x81\x01c\x89\x01p")
    assert (await peer.read_frame()).payload == b"p"
    await session.send("still")
    assert (await peer.read_frame()).payload == b"still"
    assert [bytes(data) for data in session.df.query("direction == 'in'").payload] == [b"a", b"b", b"c", b"p"]


@pytest.mark.parametrize("overflow", ["suspend", "close"])
async def test_cancel_of_a_bounded_channel_ends_its_bound(
    opened: Opener, overflow: Any, until: Until
) -> None:
    """Nobody will read, so nothing waits or overflows: the pump drains on."""
    session, peer = await opened(channels=Channels(incoming=bounded(2, overflow)))
    session.incoming.cancel()
    await peer.send(b"\x81\x01a" * 10)
    await until(lambda: len(session.log) == 10)
    await peer.send(b"\x81\x01a\x89\x01p")
    assert (await peer.read_frame()).payload == b"p"
    assert session.state is SessionState.OPEN


async def test_b36_contextvars_reach_the_callbacks(opened: Opener) -> None:
    """A callback sees the context in which it was given, not that of the pump."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    seen: asyncio.Queue[tuple[str, object]] = asyncio.Queue()
    session, peer = await opened()
    variable.set("the user's")
    session.incoming.on_close(lambda reason: seen.put_nowait((variable.get(), reason)))
    session.outgoing.on_close(lambda reason: seen.put_nowait((variable.get(), reason)))
    variable.set("changed later")
    await peer.send(CLOSE_1000)
    assert await seen.get() == await seen.get() == ("the user's", CloseReason(1000))
    session.incoming.on_close(lambda reason: seen.put_nowait((variable.get(), reason)))
    assert await seen.get() == ("changed later", CloseReason(1000)), "at once where it is closed already"


async def test_receive_and_iteration_share_one_cursor(opened: Opener) -> None:
    """Each message is had once, whichever way."""
    session, peer = await opened(early=b"\x81\x01a\x82\x01b\x81\x01c\x81\x01d" + CLOSE_1000)
    assert await session.receive() == "a"
    assert (await session.incoming.receive()) == Frame.binary(b"b")
    assert [message async for message in session] == ["c", "d"]


async def test_frames_in_the_segment_of_the_101_are_in_the_log(opened_raw: RawOpener) -> None:
    """Frames received before connect() returned are recorded and handed over."""
    session, peer = await opened_raw(early=b"\x81\x01a\x89\x00")
    assert len(session.log) == 2
    assert (await session.incoming.receive()).data == b"a"


async def test_receivers_keep_their_places_when_something_else_happens(opened: Opener) -> None:
    """A look at the log between a frame and its receiver's turn does not send those behind it to the end."""
    session, peer = await opened()
    first, second, third = (asyncio.create_task(session.incoming.receive()) for _ in range(3))
    await asyncio.sleep(0)
    _arrive(session, peer, b"\x81\x01a")
    session.incoming.wake()
    assert (await first).data == b"a"
    await asyncio.sleep(0)
    await peer.send(b"\x81\x01b\x81\x01c")
    assert ((await second).data, (await third).data) == (b"b", b"c")


async def test_an_exception_raised_again_is_not_longer_than_before(opened: Opener) -> None:
    """The fault of a session is one exception for all who ask: no traceback of earlier askers is on it."""
    session, _ = await opened(early=b"\x83\x01a")
    depths = []
    for _ in range(5):
        with pytest.raises(ProtocolViolation) as caught:
            await session.incoming.receive()
        depths.append(len(caught.traceback))
    assert len(set(depths)) == 1


# A log that drops what was not read


def dropping() -> FrameLog:
    return FrameLog(retention=20_000, spill=False)


async def feed(session: ClientWebSocketSession, peer: BytePeer, frames: list[bytes], until: Until) -> None:
    """Send frames in several reads, until reading pauses: a batch is dropped as a whole."""
    for start in range(0, len(frames), 20):
        end = session.log.end + len(frames[start : start + 20])
        await peer.send(b"".join(frames[start : start + 20]))
        await until(lambda end=end: session.log.end >= end or session.pump.is_held)


async def read_all(session: ClientWebSocketSession, last: bytes) -> tuple[list[bytes], int]:
    """Receive up to a frame; return the payloads, and how many the channel says were lost."""
    payloads, lost = [b""], 0
    while payloads[-1] != last:
        try:
            payloads.append((await asyncio.wait_for(session.incoming.receive(), 5)).data)
        except ChannelOverflow as error:
            lost += error.lost
            assert f"{error.lost} message" in str(error) and "spill" in str(error)
    return payloads[1:], lost


@pytest.mark.parametrize("bound", [None, 100])
async def test_a_reader_is_told_once_how_many_messages_were_dropped_unread(
    opened: Opener, until: Until, bound: int | None
) -> None:
    """And goes on behind them, in order; a bounded channel, whose reading was paused, too."""
    channels = Channels() if bound is None else Channels(incoming=bounded(bound))
    session, peer = await opened(log=dropping(), channels=channels)
    sent = [b"%3d" % number + b"x" * 500 for number in range(300)]
    await feed(session, peer, list(map(server_frame, sent[:200])), until)
    first, lost = await read_all(session, sent[199])
    assert 0 < lost == 200 - len(first) and first == sent[lost:200]
    await peer.send(server_frame(sent[200]))
    assert await read_all(session, sent[200]) == ([sent[200]], 0)


async def test_a_message_whose_beginning_was_dropped_is_lost_whole(opened: Opener, until: Until) -> None:
    """What is left of it is joined to nothing."""
    session, peer = await opened(log=dropping())
    fragments = [server_frame(b"old", 0x01), *[server_frame(b"x" * 500, 0x00)] * 100, server_frame(b"", 0x80)]
    await feed(session, peer, [*fragments, server_frame(b"new")], until)
    assert await read_all(session, b"new") == ([b"new"], 1)
    assert session.incoming.try_receive() is None


async def test_a_reader_of_a_raw_session_is_told_of_frames(opened_raw: RawOpener, until: Until) -> None:
    """Control frames count there."""
    session, peer = await opened_raw(log=dropping())
    frames = [server_frame(b"", 0x89), *[server_frame(b"x" * 500)] * 100, server_frame(b"new")]
    await feed(session, peer, frames, until)
    payloads, lost = await read_all(session, b"new")
    assert lost > 0 and len(payloads) + lost == 102


async def test_rows_of_others_that_are_dropped_are_no_loss(opened: Opener, until: Until) -> None:
    """The user has read all there was; what was sent is dropped meanwhile, and a ping of the peer."""
    session, peer = await opened(log=dropping())
    await peer.send(server_frame(b"one") + server_frame(b"", 0x89))
    assert await session.receive() == "one"
    while session.log.dropped < 10:
        await session.send("x" * 500)
        await session.flush()
    await peer.send(server_frame(b"two"))
    assert await read_all(session, b"two") == ([b"two"], 0)


@pytest.mark.parametrize("loop", [False, True])
async def test_what_is_left_of_two_messages_is_not_joined(
    opened_raw: RawOpener, until: Until, loop: bool
) -> None:
    """The end of the one that has begun was dropped, and so was the beginning of the next."""
    session, peer = await opened_raw(log=dropping())
    await peer.send(server_frame(b"first", 0x01))
    with pytest.raises(TimeoutError):
        await session.receive(timeout=0.02)
    second = [server_frame(b"second", 0x01), *[server_frame(b"x" * 500, 0x00)] * 100]
    frames = [server_frame(b"", 0x80), *second, server_frame(b"", 0x80), server_frame(b"third")]
    await feed(session, peer, frames, until)
    with pytest.raises(ChannelOverflow):
        await (anext(aiter(session)) if loop else session.receive())
    assert await session.receive() == "third"

"""Replay: which frames of a recording are sent again, when, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import pytest

import wsnotebook
from wsnotebook.errors import SessionClosed
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab import closer, embedded_server, silent
from wsnotebook.log.connections import Connection
from wsnotebook.replay import TimedFrame, replay, timed_frames
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits

Row = tuple[float, Literal["in", "out"], Frame]

CONVERSATION: Sequence[Row] = (
    (0.0, "in", Frame.text("welcome")),
    (0.5, "out", Frame.text("one")),
    (0.5, "in", Frame.ping(b"?")),
    (0.5, "out", Frame.pong(b"?")),
    (1.0, "out", Frame.binary(b"\x00", fin=False)),
    (1.0, "out", Frame.ping(b"!")),
    (2.0, "out", Frame(0, b"\x01")),
    (4.0, "out", Frame.close(CloseReason(4002, "enough"))),
)


def recording(rows: Sequence[Row], *names: str) -> FrameLog:
    """Return a log with a session of each name, in all of which the same happened."""
    log = FrameLog()
    for name in names or ("feed",):
        number = log.register(Connection(name))
        for at, direction, frame in rows:
            batch = Batch()
            batch.add(0x80 * frame.fin | frame.opcode, frame.data)
            log.append(batch, number, direction, int(at * 1e9), int(7e9 + at * 1e9))
    return log


def test_frames_of_one_direction_come_with_their_times():
    """Times count from the first row of either direction; fragments and pings stay, pongs are left out."""
    assert list(timed_frames(recording(CONVERSATION))) == [
        TimedFrame(0.5, Frame.text("one")),
        TimedFrame(1.0, Frame.binary(b"\x00", fin=False)),
        TimedFrame(1.0, Frame.ping(b"!")),
        TimedFrame(2.0, Frame(0, b"\x01")),
        TimedFrame(4.0, Frame.close(CloseReason(4002, "enough"))),
    ]
    assert [frame for _, frame in timed_frames(recording(CONVERSATION), "in")] == [
        Frame.text("welcome"),
        Frame.ping(b"?"),
    ]


@pytest.mark.parametrize(("speed", "times"), [(2.0, [0.25, 0.5, 0.5, 1.0, 2.0]), (None, [0.0] * 5)])
def test_speed_divides_the_times(speed: float | None, times: list[float]):
    """2.0 is twice as fast, None is at once."""
    assert [at for at, _ in timed_frames(recording(CONVERSATION), speed=speed)] == times


def test_what_never_crossed_the_wire_is_not_replayed():
    """A frame that was queued and dropped is left out."""
    log = recording([(0.0, "out", Frame.text("sent")), (1.0, "out", Frame.text("queued"))])
    log.mark_unsent(1, 2, "the session ended")
    assert [frame for _, frame in timed_frames(log)] == [Frame.text("sent")]


@pytest.mark.parametrize(
    "data", [b"\x83\x05ab", b"\x83", b"\x82\x7e\x04\x00" + bytes(1024)], ids=["cut", "one byte", "oversized"]
)
def test_a_frame_that_is_not_whole_is_not_replayed(data: bytes):
    """Whatever its status: one that the end of the stream cut off, or whose body over the limit was not kept."""
    log = FrameLog()
    judge = Judge("server", limits=Limits(frame=1000))
    number = log.register(Connection("a"))
    for reading in [*judge.receive(b"\x82\x01a" + data), judge.receive_end()]:
        if reading is not None:
            log.append(reading.batch, number, "in", 0, 0)
    assert len(log) == 2
    assert [frame for _, frame in timed_frames(log, "in")] == [Frame.binary(b"a")]


def test_a_compressed_frame_is_replayed_as_its_sender_made_it():
    """RSV1 belongs to the compression of the recorded session: the frame has it clear, and the inflated payload."""
    log = FrameLog()
    batch = Batch()
    batch.add(0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00", 0, b"\x01\x02\x03\x04")  # "Hello", RFC 7692 §7.2.3.1
    batch.set_wire(0, batch.payloads[0], b"Hello")
    batch.flags[0] |= Flag.TEXT
    log.append(batch, log.register(Connection("feed")), "out", 0, 0)
    assert [frame for _, frame in timed_frames(log)] == [Frame.text("Hello")]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"direction": "both"}, "'in' or 'out'"),
        ({"speed": 0}, "None is as fast as possible"),
        ({"speed": float("nan")}, "None is as fast as possible"),
        ({}, "several sessions, say which: left, right"),
        ({"name": "up"}, "no session 'up', but left, right"),
    ],
)
def test_wrong_arguments_are_named_at_once(options: dict[str, object], sentence: str):
    """The call raises, not the first iteration."""
    with pytest.raises(ValueError, match=sentence):
        timed_frames(recording(CONVERSATION, "left", "right"), **options)  # type: ignore[arg-type]  # that is the point


def test_one_of_several_sessions_is_chosen_by_name():
    """Frames of other sessions are left out, and do not start the clock."""
    log = recording([(3.0, "out", Frame.text("early"))], "left")
    number = log.register(Connection("right"))
    batch = Batch()
    batch.add(0x81, b"late")
    log.append(batch, number, "out", 0, int(20e9))
    assert list(timed_frames(log, name="right")) == [TimedFrame(0.0, Frame.text("late"))]


async def test_a_server_sees_what_was_recorded():
    """Text, fragments, ping and the close code reach it in order; on_sent hears of each."""
    heard: list[TimedFrame] = []
    async with embedded_server(silent()) as server:
        session = await wsnotebook.connect(server.url, compression=None)
        assert await replay(recording(CONVERSATION), session, speed=None, on_sent=heard.append) == 5
        assert await session.close_reason == CloseReason(4002, "enough")
        seen = server.df.query("direction == 'in'")
    assert list(seen["opcode"]) == ["text", "binary", "ping", "continuation", "close"]
    assert list(seen["payload"])[:4] == [b"one", b"\x00", b"!", b"\x01"]
    assert list(seen["close_code"])[-1] == 4002
    assert [frame for _, frame in heard] == [frame for _, frame in timed_frames(recording(CONVERSATION))]


async def test_what_one_session_did_another_does_again():
    """A session's own log is replayed on a second one: the server sees the same frames twice."""
    async with embedded_server() as server:
        async with wsnotebook.connect(server.url, name="first") as first:
            for text in ("a", "b" * 1000, "c"):
                await first.send(text)
            await first.receive()
        async with wsnotebook.connect(server.url, name="second") as second:
            assert await replay(first.log, second, speed=50.0) == 4
        rows = server.df.query("direction == 'in'")
    ours, again = (list(frames["payload"]) for _, frames in rows.groupby("session", observed=True))
    assert ours == again


async def test_without_a_recorded_close_the_session_stays_open():
    """It can be used further."""
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        assert await replay(recording([(0.0, "out", Frame.text("one"))]), session) == 1
        assert await session.receive() == "one"
        await session.send("two")
        assert await session.receive() == "two"


async def test_a_session_that_ends_in_a_pause_ends_the_replay():
    """An hour's pause is not waited for once the peer has closed."""
    rows = [(0.0, "out", Frame.text("one")), (3600.0, "out", Frame.text("two"))]
    async with embedded_server(closer(1013, "later", after=1)) as server:
        session = await wsnotebook.connect(server.url)
        async with asyncio.timeout(10):
            with pytest.raises(SessionClosed) as raised:
                await replay(recording(rows), session)
    assert raised.value.reason == CloseReason(1013, "later")


async def test_a_close_that_is_due_after_the_peers_is_no_fault():
    """The recorded close has nothing left to do."""
    rows = [(0.0, "out", Frame.text("one")), (3600.0, "out", Frame.close(CloseReason(1000, "")))]
    async with embedded_server(closer(1000, "first", after=1)) as server:
        session = await wsnotebook.connect(server.url)
        async with asyncio.timeout(10):
            assert await replay(recording(rows), session) == 1
        assert session.close_reason_now == CloseReason(1000, "first")

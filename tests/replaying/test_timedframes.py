"""Timed frames: which frames of a recording are sent again, and when."""

from __future__ import annotations

import pytest
from recordings import CONVERSATION, recording

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.replaying.timedframes import TimedFrame, timed_frames
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits


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


def test_rows_whose_body_was_not_kept_are_not_replayed():
    """A DataFrame has no header of a frame that says how long it was: its status does."""
    df = recording([(0.0, "out", Frame.text("whole")), (1.0, "out", Frame.text(""))]).df
    log = df.assign(status=["ok", "oversized"]).ws.to_log()
    assert [frame for _, frame in timed_frames(log)] == [Frame.text("whole")]


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


def test_a_reconnected_session_is_no_conversation():
    """The frames of both its connections are none that anybody had: one is chosen."""
    log = recording([(0.0, "out", Frame.text("first"))], "feed")
    number = log.register(Connection("feed", attempt=1))
    batch = Batch()
    batch.add(0x81, b"second", Flag.TEXT)
    log.append(batch, number, "out", int(9e9), int(16e9))
    with pytest.raises(ValueError, match="over 2 connections, 0, 1: choose one, connection=0"):
        timed_frames(log)
    chosen = log.df[log.df["connection"] == 1].ws.to_log()
    for frames in (timed_frames(chosen), timed_frames(log, connection=1)):
        assert list(frames) == [TimedFrame(0.0, Frame.text("second"))]
    for name, wrong in ((None, 2), ("other", 1)):
        with pytest.raises(ValueError, match=f"no connection {wrong} of that session"):
            timed_frames(log, name=name, connection=wrong)

"""Frames of a recorded session with the times at which they are due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.log.rows import Rows
from wsnotebook.wire.batch import Flag, is_whole, opcode_of, to_frame
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["Direction", "RecordedFrame", "TimedFrame", "recorded_frames", "timed_frames"]

Direction = Literal["in", "out"]

_NOT_WHOLE = (
    Flag.UNSENT,
    Flag.TRUNCATED,
    Flag.OVERSIZED,
)  # never on the wire, or incomplete in the recording


class TimedFrame(NamedTuple):
    """A recorded frame and its due time."""

    at: float
    """Seconds after the first frame of the recorded session, in either direction, divided by the speed."""
    frame: Frame
    """The frame before compression: RSV1 is clear and the payload is inflated."""


def timed_frames(
    log: FrameLog,
    direction: Direction = "out",
    *,
    speed: float | None = 1.0,
    name: str | None = None,
    connection: int | None = None,
) -> Iterator[TimedFrame]:
    """Return the frames of one direction of a recorded session, in order, with their due times.

    Fragments stay fragments. Pongs are left out, because the replaying session answers the pings that it receives;
    frames that never reached the wire, or were not recorded whole, are left out too. Example::

        for at, frame in timed_frames(wsnotebook.load("feed.parquet")):
            print(f"{at:.3f} s", frame)

    Args:
        log: the recording, such as ``wsnotebook.load(path)``.
        direction: the frames of the client are ``"out"`` in its own recording and ``"in"`` in ``server.log``.
        speed: 1.0 as recorded, 2.0 twice as fast, None makes every frame due at 0 s.
        name: name of the recorded session; required if the log has several.
        connection: number of one of its connections, as in the column; required if it reconnected.

    Raises:
        ValueError: an unknown direction, a speed that is not positive, no such session, several sessions and no name,
            or a session of several connections.
    """
    if direction not in ("in", "out"):
        raise ValueError(f"direction is 'in' or 'out', not {direction!r}")
    if speed is not None and not speed > 0:
        raise ValueError(
            f"speed is a factor over 0, 1.0 as recorded, not {speed!r}; None is as fast as possible"
        )
    frames = recorded_frames(log, name, connection)
    return (
        TimedFrame(each.at / speed if speed else 0.0, each.frame)
        for each in frames
        if each.is_sent == (direction == "out")
    )


class RecordedFrame(NamedTuple):
    """A frame of a recorded session."""

    seq: int
    at: float
    """Seconds after the first frame of the session, in either direction."""
    is_sent: bool
    """Whether the side that recorded it sent it."""
    frame: Frame
    """As in TimedFrame."""


def recorded_frames(
    log: FrameLog, name: str | None = None, connection: int | None = None
) -> Iterator[RecordedFrame]:
    """Return the frames of both directions of a recorded session, in order; timed_frames says which.

    Raises:
        ValueError: no such session, or several sessions and no name.
    """
    return _frames(log, _numbers(log, name, connection))


def _numbers(log: FrameLog, name: str | None, connection: int | None) -> set[int]:
    """Return the number of the connection of one session, or no number for a recording without one."""
    known = {number: each.session for number, each in enumerate(log.connections)}
    if connection is not None:
        if connection not in known or name not in (None, known[connection]):
            raise ValueError(f"the recording has no connection {connection} of that session, but {known}")
        return {connection}
    names = list(dict.fromkeys(known.values()))
    if name is None and len(names) > 1:
        raise ValueError(f"the recording has several sessions, say which: {', '.join(names)}")
    if name is not None and name not in names:
        raise ValueError(f"the recording has no session {name!r}, but {', '.join(names) or 'none at all'}")
    numbers = {number for number, session in known.items() if name in (None, session)}
    if len(numbers) > 1:
        raise ValueError(
            f"the session was recorded over {len(numbers)} connections, {', '.join(map(str, sorted(numbers)))}: choose one, "
            f"connection={min(numbers)}, or --connection {min(numbers)} on a command line"
        )
    return numbers


def _frames(log: FrameLog, numbers: set[int]) -> Iterator[RecordedFrame]:
    start: int | None = None
    for rows in log.rows(log.first, log.end):
        stop = 0
        for count, code, now in zip(
            rows.counts.tolist(), rows.codes.tolist(), rows.monotonics.tolist(), strict=True
        ):
            begin, stop = stop, stop + count
            if connection_of(code) not in numbers:
                continue
            start = now if start is None else start
            at = (now - start) / 1e9
            for row in range(begin, stop):
                frame = _frame(rows, row)
                if frame is not None:
                    yield RecordedFrame(rows.first + row, at, is_sent(code), frame)


def _frame(rows: Rows, row: int) -> Frame | None:
    """Return the frame of a row as its sender made it; None for one that is not replayed."""
    head, flags = int(rows.heads[row]), int(rows.flags[row])
    if flags & Flag.STATUS in _NOT_WHOLE or opcode_of(head) == Opcode.PONG:
        return None
    if flags & Flag.HEADER and not is_whole(rows.header_at(row), len(rows.wire_at(row))):
        return None
    frame = to_frame(head, rows.payload_at(row))
    return frame.copy(rsv1=False) if flags & Flag.CHANGED else frame

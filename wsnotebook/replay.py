"""Replay of one direction of a recording: its frames with their times, and sending them on a session.

A lab server that plays the frames of a recorded server is in lab/playback.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from wsnotebook.errors import SessionClosed
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.wire.batch import Flag, is_whole, opcode_of, to_frame
from wsnotebook.wire.frames import Frame, Opcode

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Direction", "TimedFrame", "replay", "timed_frames"]

Direction = Literal["in", "out"]

_CONTROL = 0x08  # the bit that marks the opcode of a control frame (RFC 6455 §5.2)
_NOT_SENT = (Flag.UNSENT, Flag.TRUNCATED)  # never on the wire, or incomplete in the recording


class TimedFrame(NamedTuple):
    """A recorded frame and its due time."""

    at: float
    """Seconds after the first frame of the recorded session, in either direction, divided by the speed."""
    frame: Frame
    """The frame before compression: RSV1 is clear and the payload is inflated."""


def timed_frames(
    log: FrameLog, direction: Direction = "out", *, speed: float | None = 1.0, name: str | None = None
) -> Iterator[TimedFrame]:
    """Return the frames of one direction of a recorded session, in order, with their due times.

    Fragments stay fragments. Pongs are left out, because the replaying session answers the pings that it receives;
    frames that never reached the wire or are truncated are left out too. Example::

        for at, frame in timed_frames(wsnotebook.load("feed.parquet")):
            print(f"{at:.3f} s", frame)

    Args:
        log: the recording, such as ``wsnotebook.load(path)``.
        direction: the frames of the client are ``"out"`` in its own recording and ``"in"`` in ``server.log``.
        speed: 1.0 as recorded, 2.0 twice as fast, None makes every frame due at 0 s.
        name: name of the recorded session; required if the log has several.

    Raises:
        ValueError: an unknown direction, a speed that is not positive, no such session, or several sessions and no
            name.
    """
    if direction not in ("in", "out"):
        raise ValueError(f"direction is 'in' or 'out', not {direction!r}")
    if speed is not None and not speed > 0:
        raise ValueError(
            f"speed is a factor over 0, 1.0 as recorded, not {speed!r}; None is as fast as possible"
        )
    return _frames(log, _numbers(log, name), direction == "out", speed)


def _numbers(log: FrameLog, name: str | None) -> set[int]:
    """Return the numbers of the connections of one session."""
    names = list(dict.fromkeys(connection.session for connection in log.connections))
    if name is None and len(names) > 1:
        raise ValueError(f"the recording has several sessions, say which: {', '.join(names)}")
    if name is not None and name not in names:
        raise ValueError(f"the recording has no session {name!r}, but {', '.join(names) or 'none at all'}")
    return {number for number, connection in enumerate(log.connections) if name in (None, connection.session)}


def _frames(log: FrameLog, numbers: set[int], out: bool, speed: float | None) -> Iterator[TimedFrame]:
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
            if is_sent(code) != out:
                continue
            at = 0.0 if speed is None else (now - start) / 1e9 / speed
            for row in range(begin, stop):
                head, flags = int(rows.heads[row]), int(rows.flags[row])
                cut = flags & Flag.HEADER and not is_whole(rows.header_at(row), len(rows.wire_at(row)))
                if flags & Flag.STATUS not in _NOT_SENT and not cut and opcode_of(head) != Opcode.PONG:
                    frame = to_frame(head, rows.payload_at(row))
                    yield TimedFrame(at, frame.copy(rsv1=False) if flags & Flag.CHANGED else frame)


async def replay(
    log: FrameLog,
    session: ClientWebSocketSession,
    *,
    speed: float | None = 1.0,
    direction: Direction = "out",
    name: str | None = None,
    on_sent: Callable[[TimedFrame], object] | None = None,
) -> int:
    """Send the frames of a recorded client on a session, at the recorded times; return the number of frames sent.

    A recorded close frame closes the session and ends the replay; otherwise the session stays open. The replay does
    not wait for answers: they are in ``session.log``, for a comparison with the recording. Example::

        async with connect(url) as session:
            await replay(wsnotebook.load("feed.parquet"), session, speed=10)

    Args:
        log: the recording, such as ``wsnotebook.load(path)``.
        session: an open session; a raw session can send frames that break rules.
        speed: 1.0 as recorded, 2.0 twice as fast, None as fast as the session accepts them.
        direction: ``"out"`` for a recording made by a client, ``"in"`` for one made by a server.
        name: name of the recorded session; required if the log has several.
        on_sent: called with each frame after it was sent.

    Raises:
        ValueError: see timed_frames; raised before the first frame is sent.
        SessionClosed: the session ended before the last frame was sent; raised at once, also during a pause.
    """
    frames = timed_frames(log, direction, speed=speed, name=name)
    loop = asyncio.get_running_loop()
    origin, sent = loop.time(), 0
    ended = asyncio.ensure_future(session.close_reason)
    try:
        for timed in frames:
            pause = origin + timed.at - loop.time()
            if pause > 0:
                await asyncio.wait((ended,), timeout=pause)
            is_close = timed.frame.opcode == Opcode.CLOSE
            if is_close and ended.done():
                break  # the session is closed already, which is the effect of the recorded close
            await _send(session, timed.frame)
            sent += 1
            if on_sent is not None:
                on_sent(timed)
            if is_close:
                break
        else:
            await session.flush()
    finally:
        ended.cancel()
    return sent


async def _send(session: ClientWebSocketSession, frame: Frame) -> None:
    if frame.opcode & _CONTROL:
        await session.flush()  # a control frame overtakes queued data frames, which would change the order
    if frame.opcode != Opcode.CLOSE:
        await session.send(frame)
        return
    with contextlib.suppress(SessionClosed):  # the close of the peer arrived first
        await session.send(frame)  # as recorded, also with a code that close() refuses
        await session.flush()  # before it is written, close() would send a second close frame
    await session.close()

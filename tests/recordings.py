"""Recordings that tests of replays make: rows of a time, a direction and a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import CloseReason, Frame, Opcode

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


def recording(rows: Sequence[Row], *names: str, request: bytes = b"") -> FrameLog:
    """Return a log with a session of each name, in all of which the same happened after a request."""
    log = FrameLog()
    for name in names or ("feed",):
        number = log.register(Connection(name, request=request))
        for at, direction, frame in rows:
            batch = Batch()
            batch.add(0x80 * frame.fin | frame.opcode, frame.data, Flag.TEXT * (frame.opcode == Opcode.TEXT))
            log.append(batch, number, direction, int(at * 1e9), int(7e9 + at * 1e9))
    return log


def texts(*rows: tuple[Literal["in", "out"], str], step: float = 0.0) -> list[Row]:
    """Return rows of text frames, ``step`` seconds apart."""
    return [(at * step, direction, Frame.text(text)) for at, (direction, text) in enumerate(rows)]

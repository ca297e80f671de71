"""A log fed with the bytes of a server, as a session would feed it."""

from __future__ import annotations

import itertools

from wsnotebook.log.connections import Connection
from wsnotebook.log.rowlog import RowLog
from wsnotebook.wire.frames import Frame
from wsnotebook.wire.serializer import outgoing
from wsnotebook.wire.wire import Wire

SECOND = 1_000_000_000


class Feed:
    """One connection of a log, with a clock that advances a second for each read or write."""

    def __init__(self, log: RowLog, name: str = "a", *, raw: bool = True, attempt: int = 0) -> None:
        self.log = log
        self.wire = Wire(raw=raw, max_frame_size=1 << 24)
        self.number = log.register(Connection(name, attempt))
        self.sent = b""
        self._time = itertools.count(SECOND, SECOND)

    def receive(self, data: bytes) -> None:
        for reading in self.wire.judge.receive(data):
            if reading is not None:
                now = next(self._time)
                self.log.append(reading.batch, self.number, "in", now, now)

    def send(self, *frames: Frame) -> int:
        batch, data = self.wire.serializer.serialize([outgoing(frame) for frame in frames])
        self.sent += data
        now = next(self._time)
        return self.log.append(batch, self.number, "out", now, now)


def server_frame(payload: bytes, head: int = 0x81) -> bytes:
    """Return an unmasked frame of under 64 KiB."""
    size = len(payload)
    header = bytes((head, size)) if size < 126 else bytes((head, 126)) + size.to_bytes(2, "big")
    return header + payload

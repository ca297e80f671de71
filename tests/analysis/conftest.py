"""Conversations for questions: bytes fed through the real wire, at times that a test chooses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from logs import logs

import wsnotebook.analysis  # noqa: F401 - registers df.ws
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import Frame
from wsnotebook.wire.serializer import outgoing
from wsnotebook.wire.wire import Wire

__all__ = ["logs"]

START_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


class Talk:
    """One raw connection in a log; ``at`` is seconds after the start, ``jump`` what the wall clock is wrong by."""

    def __init__(
        self, log: FrameLog, session: str = "s", attempt: int = 0, *, is_reported: bool = False
    ) -> None:
        self.log = log
        self.jump = 0.0
        self._wire = Wire(raw=True, max_frame_size=1 << 24)
        self._number = log.register(Connection(session, attempt, is_reported=is_reported))

    def receive(self, at: float, *frames: tuple[int, bytes]) -> None:
        """Record frames of first byte and payload in one read."""
        data = b"".join(bytes((head, len(payload))) + payload for head, payload in frames)
        for reading in self._wire.judge.receive(data):
            if reading is not None:
                self.log.append(reading.batch, self._number, "in", *self._clock(at))

    def send(self, at: float, *frames: Frame, dropped: bool = False) -> None:
        """Record frames in one write, or as queued and never sent."""
        batch, _ = self._wire.serializer.serialize([outgoing(frame) for frame in frames])
        first = self.log.append(batch, self._number, "out", *self._clock(at))
        if dropped:
            self.log.mark_unsent(first, first + len(batch), "the session ended before it was sent")

    def receive_compressed(self, at: float, payload: bytes, wire_payload: bytes) -> None:
        """Record a text that was smaller on the wire."""
        batch = Batch()
        batch.set_wire(batch.add(0xC1, payload, Flag.TEXT), wire_payload, payload)
        self.log.append(batch, self._number, "in", *self._clock(at))

    def _clock(self, at: float) -> tuple[int, int]:
        return START_NS + round((at + self.jump) * SECOND), round(at * SECOND)


@pytest.fixture
def log() -> FrameLog:
    """An empty log."""
    return FrameLog()


@pytest.fixture
def talk(log: FrameLog) -> Talk:
    """A connection of session ``s`` in the log."""
    return Talk(log)


@pytest.fixture
def elsewhere() -> Callable[[], Talk]:
    """A function that opens a connection of session ``s`` in a log of its own."""
    return lambda: Talk(FrameLog())


@pytest.fixture
def another(log: FrameLog) -> Callable[..., Talk]:
    """A function that opens one more connection in the log: ``another("t")``, ``another("s", attempt=1)``."""
    return partial(Talk, log)

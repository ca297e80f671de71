"""A log that a test writes frame by frame."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import Frame

MIDNIGHT_NS = 1_769_817_600_000_000_000
"""2026-01-31 00:00 UTC."""


class Recorded:
    """A log of two sessions, ``a`` and ``b``, and of a reconnection of ``a``."""

    def __init__(self, **options: Any) -> None:
        self.log = FrameLog(**options)
        for name, attempt in (("a", 0), ("b", 0), ("a", 1)):
            self.log.register(Connection(name, attempt))

    def record(
        self, *frames: Frame, sent: bool = False, flags: int = 0, connection: int = 0, at: float = 0
    ) -> None:
        """Append frames as one read or one write; ``at`` is in seconds since midnight."""
        batch = Batch()
        for frame in frames:
            batch.add(
                (0x80 if frame.fin else 0) | frame.opcode,
                frame.data,
                flags | (Flag.TEXT if frame.opcode == 1 else 0),
            )
        time_ns = MIDNIGHT_NS + round(at * 1_000_000_000)
        self.log.append(batch, connection, "out" if sent else "in", time_ns, 5)


@pytest.fixture
def recorded() -> Recorded:
    """An empty log of two sessions."""
    return Recorded()


@pytest.fixture
def make_recorded() -> type[Recorded]:
    """The class of such logs, for one with options."""
    return Recorded

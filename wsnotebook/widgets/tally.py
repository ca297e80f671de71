"""Tally: frames and bytes of one connection by direction, and the rate of the last second, for the head of the panel."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.wire.batch import Flag

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Tally"]

RATE_SECONDS = 1.0


class Tally:
    """Totals of one connection; an update reads only the rows that are new.

    Args:
        log: the log with its rows; other connections may share it.
        connection: its number in the log.
    """

    def __init__(self, log: FrameLog, connection: int) -> None:
        self._log = log
        self._connection = connection
        self._samples: deque[tuple[float, int]] = deque()
        self.end = 0
        """``seq`` of the first row that is not counted yet."""
        self.frames = {"in": 0, "out": 0}
        """Frames by direction."""
        self.bytes = {"in": 0, "out": 0}
        """Payload bytes by direction, as the application sees them."""
        self.oversized = 0
        """Frames over the size limit."""
        self.latest_ns: int | None = None
        """When the last frame was recorded, on the log's monotonic clock; None before the first."""
        self.rate = 0.0
        """Frames per second, both directions, over the last second."""

    def update(self, now: float) -> None:
        """Count the rows since the last call; ``now`` is in seconds on a monotonic clock."""
        for rows in self._log.rows(self.end, self._log.end):
            # By batches, each of one direction: a panel that is shown late counts ten million rows at once.
            ends = rows.counts.cumsum()
            sizes = rows.offsets[ends] - rows.offsets[ends - rows.counts]
            own, sent = connection_of(rows.codes) == self._connection, is_sent(rows.codes)
            for direction, mine in (("in", own & ~sent), ("out", own & sent)):
                self.frames[direction] += int(rows.counts[mine].sum())
                self.bytes[direction] += int(sizes[mine].sum())
            if own.any():
                self.latest_ns = int(rows.monotonics[own][-1])
                oversized = (rows.flags & Flag.STATUS) == Flag.OVERSIZED
                if oversized.any():
                    self.oversized += int(np.count_nonzero(oversized & own.repeat(rows.counts)))
            self.end = rows.first + len(rows)
        self._measure(now)

    def _measure(self, now: float) -> None:
        total = sum(self.frames.values())
        self._samples.append((now, total))
        while len(self._samples) > 2 and self._samples[1][0] <= now - RATE_SECONDS:
            self._samples.popleft()
        then, before = self._samples[0]
        self.rate = (total - before) / (now - then) if now > then else 0.0

"""Counters: frames and bytes of each direction, and the rate of the last second, for the head of the panel."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wsnotebook.log.code import is_sent

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Counters"]

RATE_SECONDS = 1.0


class Counters:
    """Totals of a log; an update reads only the rows that are new.

    Args:
        log: the log whose rows are counted.
    """

    def __init__(self, log: FrameLog) -> None:
        self._log = log
        self._samples: deque[tuple[float, int]] = deque()
        self.end = 0
        """``seq`` of the first row that is not counted yet."""
        self.frames = {"in": 0, "out": 0}
        """Frames by direction."""
        self.bytes = {"in": 0, "out": 0}
        """Payload bytes by direction, as the application sees them."""
        self.rate = 0.0
        """Frames per second, both directions, over the last second."""

    def update(self, now: float) -> None:
        """Count the rows since the last call; ``now`` is in seconds on a monotonic clock."""
        for rows in self._log.rows(self.end, self._log.end):
            # By batches, each of one direction: a panel that is shown late counts ten million rows at once.
            ends = rows.counts.cumsum()
            sizes = rows.offsets[ends] - rows.offsets[ends - rows.counts]
            sent = is_sent(rows.codes)
            for direction, mine in (("in", ~sent), ("out", sent)):
                self.frames[direction] += int(rows.counts[mine].sum())
                self.bytes[direction] += int(sizes[mine].sum())
            self.end = rows.first + len(rows)
        self._measure(now)

    def _measure(self, now: float) -> None:
        self._samples.append((now, self.end))
        while len(self._samples) > 2 and self._samples[1][0] <= now - RATE_SECONDS:
            self._samples.popleft()
        then, end = self._samples[0]
        self.rate = (self.end - end) / (now - then) if now > then else 0.0

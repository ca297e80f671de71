"""FrameCounts: how many frames each session of a log has, counted as they come."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from wsnotebook.log.code import connection_of

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["FrameCounts"]


class FrameCounts(Counter[str]):
    """Frames by name of the session; an update reads only the rows that are new.

    Args:
        log: rows that it has dropped before the first update do not count.
    """

    def __init__(self, log: FrameLog) -> None:
        super().__init__()
        self._log = log
        self._end = 0  # ``seq`` of the first row that is not counted yet

    def refresh(self) -> None:
        """Count the rows since the last call."""
        for rows in self._log.rows(self._end, self._log.end):
            # By batches, each of one connection: a panel that is shown late counts ten million rows at once.
            frames = np.bincount(connection_of(rows.codes), rows.counts)
            for number in frames.nonzero()[0]:
                self[self._log.connections[number].session] += int(frames[number])
            self._end = rows.first + len(rows)

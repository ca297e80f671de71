"""JsonLines: the rows of a log as lines of JSON, with the keys of a .jsonl file, as they are recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.jsonl import encode, frame_lines
from wsnotebook.files.runningframes import RunningFrames

__all__ = ["JsonLines"]

_CONTROL = {"close", "ping", "pong"}


class JsonLines:
    """Read the rows of a log from the first one on, each once.

    Args:
        log: the log, with all its connections.
        control: also ping, pong and close frames.
    """

    def __init__(self, log: FrameLog, *, control: bool = True) -> None:
        self._log, self._control = log, control
        self._seq = log.first
        self._running = RunningFrames()

    def read(self) -> Iterator[str]:
        """Yield the lines of the rows since the last call."""
        start, self._seq = self._seq, self._log.end
        for rows in self._log.rows(start, self._seq):
            yield from map(
                encode, filter(self._is_wanted, frame_lines(rows, self._log.connections, self._running))
            )

    def write(self) -> None:
        """Write the lines of the rows since the last call to stdout."""
        sys.stdout.writelines(self.read())
        sys.stdout.flush()

    def _is_wanted(self, line: dict[str, Any]) -> bool:
        return self._control or line["opcode"] not in _CONTROL

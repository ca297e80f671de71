"""PartWriter: a log written to a dataset as it grows; a dead kernel loses the rows since the last part."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from wsnotebook.files.header import Header
from wsnotebook.files.logthread import LogThread
from wsnotebook.files.parts import groups, recording_name, recordings, write_part
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.rows import Rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS

__all__ = ["PartWriter"]

_INTERVAL = (
    10.0  # seconds between parts of a quiet recording: a dead kernel loses the rows since the last one
)
_TICK = 0.5  # seconds between steps


class PartWriter:
    """Write a log into a directory as it grows: a part every 65,536 frames or 8 MiB, and every 10 s.

    Args:
        log: the log.
        path: the directory; created where it is missing.

    Raises:
        OSError: the directory cannot be created.
    """

    def __init__(self, log: RowLog, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._log = log
        self._seq = log.first
        self._name = ""
        self._running = RunningFrames()
        self._parts: list[
            tuple[int, int, dict[int, int]]
        ] = []  # first seq, end, and messages open before the first
        self._marks = 0
        self._last = time.monotonic()
        self._is_full = False
        self._thread = LogThread(log, self._step, self._finish, f"parts {path.name}")

    def start(self) -> None:
        """Start the thread, and return at once."""
        self._log.note("journal on", str(self.path))
        self._thread.start()

    def stop(self) -> None:
        """Write the remaining rows."""
        self._thread.stop()

    def remove(self) -> None:
        """Remove the parts, after ``stop``, and the directory if nothing else is in it."""
        for part in recordings(self.path).get(self._name, []):
            part.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def _finish(self) -> None:
        self._log.note("journal off", str(self.path))
        self._write(final=True)
        if not self._is_full and self._parts:
            self._rewrite(
                len(self._parts) - 1, Header.of(self._log)
            )  # the header of the last part has all events

    def _step(self) -> float:
        self._write(final=time.monotonic() - self._last >= _INTERVAL)
        return _TICK

    def _write(self, *, final: bool) -> None:
        """Write each full part; with ``final`` all rows."""
        header = Header.of(self._log)
        try:
            self._rewrite_marked(header)
            for runs in groups(self._log.rows(self._seq, header.first + header.rows)):
                size = sum(int(rows.offsets[-1] - rows.offsets[0]) for rows in runs)
                if final or size >= MAX_PAYLOAD or sum(map(len, runs)) >= MAX_ROWS:
                    self._write_one(runs, header)
        except OSError as error:
            if not self._is_full:
                self._is_full = True
                self._thread.warn(
                    "disk full", f"{self.path} cannot be written ({error}): recording goes on in memory"
                )
            return
        if self._is_full:
            self._is_full = False
            self._log.note("journal on", f"{self.path}: there is space again, the dataset is whole")
        if final:
            self._last = time.monotonic()

    def _write_one(self, runs: list[Rows], header: Header) -> None:
        if not runs and self._parts:
            return  # nothing new; a log without frames has one part, for its events
        self._name = self._name or recording_name(header.connections)
        before = dict(self._running.open)
        header = header._replace(first=self._seq)
        try:
            os.replace(*write_part(self.path, self._name, runs, header, self._running))
        except OSError:
            self._running.open = before
            raise
        first = runs[0].first if runs else self._seq
        self._seq = first + sum(map(len, runs))
        self._parts.append((first, self._seq, before))

    def _rewrite_marked(self, header: Header) -> None:
        """Write the parts again whose rows were marked as unsent since."""
        marks = self._log.marks[self._marks :]
        for number, (first, stop, _) in enumerate(self._parts):
            if any(low < stop and high > first for low, high, _ in marks):
                self._rewrite(number, header)
        self._marks += len(marks)

    def _rewrite(self, number: int, header: Header) -> None:
        """Write a part again, unless the log has dropped its rows."""
        first, stop, before = self._parts[number]
        runs = list(self._log.rows(first, stop))
        if sum(map(len, runs)) == stop - first:
            running = RunningFrames()
            running.open = dict(before)
            header = header._replace(first=first)
            os.replace(*write_part(self.path, self._name, runs, header, running))

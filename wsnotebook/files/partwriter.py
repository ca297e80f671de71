"""PartWriter: a log written to a dataset as it grows; a dead kernel loses the rows since the last part."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from wsnotebook.files.header import Header
from wsnotebook.files.joining import joined, payload_size
from wsnotebook.files.logthread import LogThread
from wsnotebook.files.parts import (
    NO_RECORDING,
    PART_COLUMNS,
    Group,
    former_parts,
    groups,
    recording_of,
    write_part,
)
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.files.storage import StoredFile, storage_at
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS

__all__ = ["PartWriter"]

_INTERVAL = (
    10.0  # seconds between parts of a quiet recording: a dead kernel loses the rows since the last one
)
_TICK = 0.5  # seconds between steps


class _Part(NamedTuple):
    """A part that was written."""

    file: StoredFile
    """The file."""
    date: str
    """Day of its rows."""
    first: int
    """``seq`` of its first row."""
    stop: int
    """``seq`` after its last row."""
    size: int
    """Bytes of payloads."""
    before: dict[int, int]
    """Messages that were open before its first row."""


class PartWriter:
    """Write a log into a directory as it grows: a part every 65,536 frames or 8 MiB, and every 10 s.

    A small part is merged with the one before where that is not far larger, as often as that is so: a quiet recording
    has a few small parts at any time, and each row is written a few times.

    Args:
        log: the log.
        path: the directory; created where it is missing.

    Raises:
        OSError: the directory cannot be created.
    """

    def __init__(self, log: RowLog, path: Path) -> None:
        self._storage = storage_at(path)
        self._storage.make()
        self.path = path
        self.sharers = 0
        self._log = log
        self._recording = NO_RECORDING  # of all parts, also where the log goes on in another one
        self._seq = log.first
        self._open: dict[int, int] = {}
        self._parts: list[_Part] = []
        self._marks = 0
        self._last = time.monotonic()
        self._is_full = False
        self._thread = LogThread(log, self._step, self._finish, f"parts {path.name}")

    def start(self) -> None:
        """Start the thread, and return at once."""
        self._log.note("journal on", self.path.name)
        self._thread.start()

    def stop(self) -> None:
        """Write the remaining rows."""
        self._thread.stop()

    def remove(self) -> None:
        """Remove the parts, after ``stop``, and the directory if nothing else is in it."""
        for part in self._parts:
            part.file.remove()
        self._storage.remove_empty()

    def _finish(self) -> None:
        self._log.note("journal off", self.path.name)
        self._write(final=True)
        if self._is_full:
            left = self._log.end - self._seq
            lacks = f"{self.path} lacks the last {left:,} frame{'' if left == 1 else 's'}"
            self._thread.warn("disk full", f"{lacks}: log.save() elsewhere")
        elif self._parts:  # the header of the last part has all events
            header = Header.of(self._log)
            self._write_one(Group(self._parts[-1].date, []), header, is_end=True)
            self._remove_former(header)

    def _remove_former(self, header: Header) -> None:
        """Remove the parts of the log before it went on in another recording, if these have their rows too."""
        mine = {part.file.path for part in self._parts}
        for file in former_parts(self._storage, header):
            if file.path not in mine:
                file.remove()

    def _step(self) -> float:
        self._write(final=time.monotonic() - self._last >= _INTERVAL)
        return _TICK

    def _write(self, *, final: bool) -> None:
        """Write each full part; with ``final`` all rows."""
        header = Header.of(self._log)
        try:
            self._rewrite_marked(header)
            runs = list(self._log.rows(self._seq, header.first + header.rows))
            if not final and sum(map(len, runs)) < MAX_ROWS and sum(map(payload_size, runs)) < MAX_PAYLOAD:
                return  # as at most steps
            found = list(groups(header, runs))
            for group in found:
                if final or group is not found[-1] or group.rows >= MAX_ROWS or group.size >= MAX_PAYLOAD:
                    self._write_one(group, header)
        except OSError as error:
            if not self._is_full:
                self._is_full = True
                self._thread.warn(
                    "disk full", f"{self.path} cannot be written ({error}): recording goes on in memory"
                )
            return
        if self._is_full:
            self._is_full = False
            self._log.note("journal on", f"{self.path.name}: there is space again, the dataset is whole")
        if final:
            self._last = time.monotonic()

    def _write_one(self, group: Group, header: Header, *, is_end: bool = False) -> None:
        """Write a part, merged with those before it as far as that pays; at the end as far as it can be."""
        first = group.runs[0].first if group.runs else self._seq
        stop = first + group.rows
        merged = self._mergeable(group, is_end=is_end) if group.runs or is_end else []
        if merged:
            rows = self._log.rows(merged[0].first, stop)
            whole = Group(group.date, list(joined(rows)))
            if whole.rows == stop - merged[0].first:
                first, group = merged[0].first, whole
            else:  # the log has dropped some of them: the parts stay as they are
                merged = []
        if not group.runs and self._parts and not merged:
            return  # nothing new; a log without frames has one part, for its events
        running = RunningFrames(PART_COLUMNS)
        running.open = dict(merged[0].before if merged else self._open)
        before = dict(running.open)
        file = self._place(group, header._replace(first=first), running)
        self._seq, self._open = stop, running.open
        part = _Part(file, group.date, first, stop, group.size, before)
        self._parts[len(self._parts) - len(merged) :] = [part]
        for former in merged:
            if former.file != file:
                former.file.remove()

    def _mergeable(self, group: Group, *, is_end: bool) -> list[_Part]:
        """Return the last parts that are better written again with the rows of a group, in order."""
        merged: list[_Part] = []
        rows, size = group.rows, group.size
        for part in reversed(self._parts):
            count = part.stop - part.first
            fits = part.date == group.date and rows + count <= MAX_ROWS and size + part.size <= MAX_PAYLOAD
            if is_end:
                pays = fits or not merged  # the last part is written again in any case, for its header
            else:
                pays = fits and count <= 2 * rows
            if not pays:
                break
            merged.insert(0, part)
            rows, size = rows + count, size + part.size
        return merged

    def _place(self, group: Group, header: Header, running: RunningFrames) -> StoredFile:
        if self._recording == NO_RECORDING:
            self._recording = recording_of(header)
        unfinished, file = write_part(self._storage, header, group, running, self._recording)
        unfinished.move_to(file)
        return file

    def _rewrite_marked(self, header: Header) -> None:
        """Write the parts again whose rows were marked as unsent since, unless the log has dropped them."""
        marks = self._log.marks[self._marks :]
        for part in self._parts:
            if any(low < part.stop and high > part.first for low, high, _ in marks):
                group = Group(part.date, list(joined(self._log.rows(part.first, part.stop))))
                if group.rows == part.stop - part.first:
                    running = RunningFrames(PART_COLUMNS)
                    running.open = dict(part.before)
                    self._place(group, header._replace(first=part.first), running)
        self._marks += len(marks)

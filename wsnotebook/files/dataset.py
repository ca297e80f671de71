"""A dataset: recordings as Parquet parts in one directory, for what outgrows one file or one machine.

A part is a Parquet file as ``log.save`` writes it, named by its recording and its first ``seq``. Reading many of them at
once, with pandas or Dask, is datasetreader.py.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from wsnotebook.errors import FileError
from wsnotebook.files import parquet
from wsnotebook.files.header import Header, RunningFrames
from wsnotebook.files.logthread import LogThread
from wsnotebook.log.connections import Connection
from wsnotebook.log.framelog import FrameLog
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS, Rows

__all__ = ["PartWriter", "load_parts", "parts_of", "recordings", "save_parts"]

_RUNS = 16  # runs of rows in a saved part: about a million frames, or 128 MiB of payload
_INTERVAL = 10.0  # seconds between parts of a quiet recording; what a dead kernel loses
_TICK = 0.5


def recordings(directory: Path) -> dict[str, list[Path]]:
    """Return the parts of each recording in a directory, in order."""
    found: dict[str, list[Path]] = {}
    for path in sorted(directory.glob("*-*.parquet")):
        if not path.name.startswith("."):
            found.setdefault(path.name.rpartition("-")[0], []).append(path)
    return found


def parts_of(path: Path) -> list[Path]:
    """Return the parts of a directory that has one recording.

    Raises:
        FileError: it has none, or several.
    """
    found = recordings(path)
    if len(found) != 1:
        problem = "several recordings" if found else "no parts of a recording"
        raise FileError(path, "", f"{problem} in this directory: wsnotebook.open_dataset() reads several")
    return next(iter(found.values()))


def load_parts(path: Path, parts: list[Path] | None = None) -> FrameLog:
    """Read one recording of a directory as a log.

    Raises:
        FileError: a part is damaged or missing.
    """
    parts = parts or parts_of(path)
    header = parquet.read_header(parts[-1])  # the last one knows all connections and events
    first = parquet.read_header(parts[0]).first
    log = header._replace(first=first).new_log()
    for part in parts:
        for rows in parquet.read_rows(part):
            if rows.first != log.end:
                raise FileError(
                    part, "", f"begins at seq {rows.first} where {log.end} follows: a part is missing"
                )
            log.adopt(rows)
    return log


def save_parts(log: FrameLog, directory: Path) -> Path:
    """Write a log into a directory; parts of the same recording that are there are replaced, others stay."""
    directory.mkdir(parents=True, exist_ok=True)
    header = Header.of(log)
    name = _recording(header.connections)
    running = RunningFrames()
    written = []
    try:
        for runs in _groups(header.runs(log)):
            written.append(_write_part(directory, name, runs, header, running))
        for old in recordings(directory).get(name, []):
            old.unlink()
        for unfinished, part in written:
            os.replace(unfinished, part)
    finally:
        for unfinished, _ in written:
            unfinished.unlink(missing_ok=True)
    return directory


def _groups(runs: Iterator[Rows]) -> Iterator[list[Rows]]:
    """Yield runs by the part; at least one part, also of an empty log."""
    group: list[Rows] = []
    is_first = True
    for rows in runs:
        group.append(rows)
        if len(group) == _RUNS:
            yield group
            group, is_first = [], False
    if group or is_first:
        yield group


def _write_part(
    directory: Path, name: str, runs: list[Rows], header: Header, running: RunningFrames
) -> tuple[Path, Path]:
    """Write a part under a name that nobody reads; return it, and the name that it is to have."""
    first = runs[0].first if runs else header.first
    part = directory / f"{name}-{first:012}.parquet"
    unfinished = part.with_name(f".{part.name}.{os.getpid()}.unfinished")
    header = header._replace(first=first, rows=sum(map(len, runs)))
    parquet.save_rows(unfinished, header, parquet.tables(runs, header, running))
    return unfinished, part


def _recording(connections: list[Connection]) -> str:
    """Return the name of a recording: the same log gets the same, so that saving it again replaces its parts.

    It begins with the time at which the first connection was opened: names in order are recordings in order.
    """
    if not connections:
        return "empty"
    first = connections[0]
    seconds, nanoseconds = divmod(first.opened_ns, 10**9)
    opened = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    words = f"{first.session}|{first.url}|{first.opened_ns}"
    return (
        f"{opened:%Y%m%dT%H%M%S}{nanoseconds:09}-{hashlib.blake2b(words.encode(), digest_size=6).hexdigest()}"
    )


class PartWriter:
    """Writes a log into a directory as it grows: a part every 65,536 frames or 8 MiB, and every 10 s.

    Args:
        log: the log.
        path: the directory; made where it is missing.

    Raises:
        OSError: the directory cannot be made.
    """

    def __init__(self, log: FrameLog, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._log = log
        self._position = log.first
        self._name = ""
        self._running = RunningFrames()
        self._parts: list[
            tuple[int, int, dict[int, int]]
        ] = []  # first seq, end, and the messages open before it
        self._marks = 0
        self._last = time.monotonic()
        self._is_full = False
        self._thread = LogThread(log, self._step, self._finish, f"parts {path.name}")

    def start(self) -> None:
        """Begin; returns at once."""
        self._log.note("journal on", str(self.path))
        self._thread.start()

    def stop(self) -> None:
        """Write what is there."""
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
            self._rewrite(len(self._parts) - 1, Header.of(self._log))  # the last part knows all events

    def _step(self) -> float:
        self._write(final=time.monotonic() - self._last >= _INTERVAL)
        return _TICK

    def _write(self, *, final: bool) -> None:
        """Write the parts that are due; all of them when ``final``."""
        header = Header.of(self._log)
        try:
            self._rewrite_marked(header)
            for runs in _groups(self._log.rows(self._position, header.first + header.rows)):
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
            return  # nothing new; but of a log without frames there is one part, for its events
        self._name = self._name or _recording(header.connections)
        before = dict(self._running.open)
        header = header._replace(first=self._position)
        try:
            os.replace(*_write_part(self.path, self._name, runs, header, self._running))
        except OSError:
            self._running.open = before
            raise
        first = runs[0].first if runs else self._position
        self._position = first + sum(map(len, runs))
        self._parts.append((first, self._position, before))

    def _rewrite_marked(self, header: Header) -> None:
        """Write those parts anew whose rows turned out never to have been sent."""
        marks = self._log.marks[self._marks :]
        for number, (first, stop, _) in enumerate(self._parts):
            if any(low < stop and high > first for low, high, _ in marks):
                self._rewrite(number, header)
        self._marks += len(marks)

    def _rewrite(self, number: int, header: Header) -> None:
        """Write a part anew, unless the log has dropped its rows."""
        first, stop, before = self._parts[number]
        runs = list(self._log.rows(first, stop))
        if sum(map(len, runs)) == stop - first:
            running = RunningFrames()
            running.open = dict(before)
            header = header._replace(first=first)
            os.replace(*_write_part(self.path, self._name, runs, header, running))

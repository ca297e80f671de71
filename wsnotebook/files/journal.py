"""Journal: writes a log to a pcapng file while it grows, so that a dead kernel loses less than a tick.

One write a tick, on a thread that follows the log; fdatasync four times a second on another thread, because a slow disk
may block it for long. recovery.py finds the journals of dead kernels.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from wsnotebook.files.filelock import lock
from wsnotebook.files.logthread import LogThread
from wsnotebook.files.marker import Marker
from wsnotebook.files.pcapng.recording import Recording
from wsnotebook.log.rowlog import RowLog

__all__ = ["Journal"]

_TICK = 0.05  # seconds between writes: a SIGKILL loses the rows since the last one
_SYNC = 0.25  # seconds between calls of fdatasync: a power failure loses the rows since the last one
_RETRY = 0.5  # seconds between tries while the disk is full
_CHUNK = 4 << 20  # bytes encoded at once, where a journal begins after many rows

_fdatasync = getattr(os, "fdatasync", os.fsync)  # macOS has none


class Journal:
    """Write a log to a pcapng file as it grows, beginning with the rows that it already has.

    While the disk is full rows stay in the log, and the file ends with its last good record; both a warning and an
    event report it. When there is space again, the missing rows are written.

    Args:
        log: the log.
        path: a ``.pcapng`` that does not exist yet, or is empty.

    Raises:
        FileExistsError: the file is not empty.
        OSError: the file cannot be created.
    """

    def __init__(self, log: RowLog, path: Path) -> None:
        self.path = path
        self._log = log
        self._file = _open(path)
        self._good = 0  # bytes of the file that are whole records
        self._unwritten = b""  # encoded, and not yet in the file
        self._recording = Recording()
        self._seq = log.first
        self._events = self._marks = 0  # written so far
        self._counts = (-1, -1)
        self._is_full = False
        self._is_dirty = False
        self._marker = Marker.set(path)
        self._thread = LogThread(log, self._step, self._finish, f"journal {path.name}")
        self._closing = threading.Event()
        self._syncing = threading.Thread(target=self._sync, name=f"fdatasync {path.name}", daemon=True)

    def start(self) -> None:
        """Start the threads, and return at once."""
        self._log.note("journal on", str(self.path))
        begin = self._recording.begin(self._seq)
        self._unwritten = b"" if self._write(begin) else begin  # now, so that a kill leaves no empty file
        self._thread.start()
        self._syncing.start()

    def stop(self) -> None:
        """Write the remaining rows and close the file."""
        self._thread.stop()

    def remove(self) -> None:
        """Remove the file, after ``stop``."""
        self.path.unlink(missing_ok=True)

    def _step(self) -> float:
        return _TICK if self._write_all() else _RETRY

    def _finish(self) -> None:
        self._log.note("journal off", str(self.path))
        is_whole = self._write_all() and self._write(self._recording.end())
        self._closing.set()
        self._syncing.join()
        if is_whole:
            _fdatasync(self._file)
        else:
            left = self._log.end - self._seq
            self._thread.warn(
                "disk full", f"{self.path} lacks the last {left} frames or events: log.save() elsewhere"
            )
        os.close(self._file)
        self._marker.clear()

    def _write_all(self) -> bool:
        """Write all rows and events; return False where the disk is full."""
        while True:
            self._unwritten = self._unwritten or self._encode()
            if not self._unwritten:
                return True
            if not self._write(self._unwritten):
                return False
            self._unwritten = b""

    def _encode(self) -> bytes:
        """Return the encoded rows and events since the last call, or the next part of them."""
        log = self._log
        with log.lock:
            end, connections, counts = log.end, list(log.connections), (log.dropped, log.truncated)
            events, marks = log.events_since(self._events), log.marks[self._marks :]
        parts = [self._recording.connections(connections)]
        if events or counts != self._counts:
            parts.append(self._recording.events(events, *counts))
        size = 0
        for rows in log.rows(self._seq, end):
            if rows.first > self._seq:
                parts.append(self._recording.gap(self._seq, rows.first))
            parts.append(self._recording.rows(rows))
            self._seq = rows.first + len(rows)
            size += len(parts[-1])
            if size >= _CHUNK:
                break
        if marks and self._seq >= end:
            parts.append(self._recording.dropped(marks))
            self._marks += len(marks)
        self._events += len(events)
        self._counts = counts
        return b"".join(parts)

    def _write(self, data: bytes) -> bool:
        """Append all of the bytes to the file; return False where the disk is full, and then the file is as before."""
        rest = memoryview(data)
        try:
            while rest:  # once, unless the disk has space for a part
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            os.ftruncate(self._file, self._good)
            if not self._is_full:
                self._is_full = True
                detail = f"{self.path} cannot be written ({error.strerror}): recording goes on in memory"
                self._thread.warn("disk full", detail)
            return False
        self._good += len(data)
        self._is_dirty = True
        if self._is_full:
            self._is_full = False
            self._log.note("journal on", f"{self.path}: there is space again, the file is whole")
        return True

    def _sync(self) -> None:
        while not self._closing.wait(_SYNC):
            if self._is_dirty:
                self._is_dirty = False
                try:
                    _fdatasync(self._file)
                except OSError:
                    self._is_dirty = True  # the next write reports it


def _open(path: Path) -> int:
    """Open a new file, locked."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o666)
    if not lock(descriptor) or os.fstat(descriptor).st_size:
        os.close(descriptor)
        raise FileExistsError(
            f"{path} has a recording in it, and a journal never overwrites one: read it with wsnotebook.load(), then "
            "delete it or record to another name"
        )
    return descriptor

"""Journal: writes a log to a pcapng file while it grows, so that a dead kernel loses less than a tick.

One write a tick, on a thread that follows the log; fdatasync four times a second on another thread, because a slow disk
may block it for long. A file that was deleted, replaced or cut is written anew from the log. recovery.py finds the
journals of dead kernels.
"""

from __future__ import annotations

import itertools
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

_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)  # Windows would write \r\n for each \n
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
        self.sharers = 0
        self._log = log
        self._file = _open(path)
        self._begin()
        self._is_full = self._is_lost = False
        self._is_dirty = False
        self._marker = Marker.set(path)
        self._thread = LogThread(log, self._step, self._finish, f"journal {path.name}")
        self._closing = threading.Event()
        self._syncing = threading.Thread(target=self._sync, name=f"fdatasync {path.name}", daemon=True)

    def _begin(self) -> None:
        """Let an empty file follow: all that the log has is to be written to it."""
        self._good = 0  # bytes of the file that are whole records
        self._recording = Recording()
        self._seq = self._whole = self._log.first  # next row to encode, and the one after those in the file
        self._events = self._marks = 0  # written so far
        self._counts = (-1, -1)
        self._unwritten = self._recording.begin(self._seq)  # encoded, and not yet in the file

    def start(self) -> None:
        """Start the threads, and return at once."""
        self._log.note("journal on", self.path.name)
        self._write_unwritten()  # now, so that a kill leaves no empty file
        self._thread.start()
        self._syncing.start()

    def stop(self) -> None:
        """Write the remaining rows and close the file."""
        self._thread.stop()

    def remove(self) -> None:
        """Remove the file, after ``stop``."""
        self.path.unlink(missing_ok=True)

    def _step(self) -> float:
        return _TICK if self._keep_file() and self._write_all() else _RETRY

    def _finish(self) -> None:
        is_there = self._keep_file()
        self._log.note("journal off", self.path.name)
        is_whole = is_there and self._write_all() and self._write(self._recording.end())
        self._closing.set()
        self._syncing.join()
        if is_whole:
            _fdatasync(self._file)
        else:
            left = self._log.end - (self._whole if is_there else self._log.first)
            what = f"the last {left:,} frame{'' if left == 1 else 's'}" if left else "the last events"
            self._thread.warn("disk full", f"{self.path} lacks {what}: log.save() elsewhere")
        os.close(self._file)
        self._marker.clear()

    def _keep_file(self) -> bool:
        """Begin anew where the file was deleted, replaced or cut; return False where that cannot be done yet."""
        harm = _harm_of(self._file, self.path, self._good)
        if not harm:
            return True
        path = _free_name(self.path) if harm == _REPLACED else self.path
        try:
            self._begin_at(path)
        except OSError as error:
            if not self._is_lost:
                self._is_lost = True
                detail = f"{self.path} {harm}, and {path} cannot be written ({error.strerror}): "
                self._thread.warn("journal lost", detail + "recording goes on in memory")
            return False
        self._is_lost = False
        where = "" if path == self.path else f" to {path}"
        self._thread.warn(
            "journal lost",
            f"{self.path} {harm} while it was recorded to: it is written anew{where} from the log",
        )
        self.path = path
        return True

    def _begin_at(self, path: Path) -> None:
        """Let the descriptor be that of an empty file at ``path``, and write all to it from now on."""
        if _harm_of(self._file, path, 0):  # it is of a file that has no name any more
            path.parent.mkdir(parents=True, exist_ok=True)
            new = _open(path)
            os.dup2(new, self._file, inheritable=False)  # the number stays: another thread syncs it
            os.close(new)
            self._marker.clear()
            self._marker = Marker.set(path)
        else:
            os.ftruncate(self._file, 0)
        self._begin()

    def _write_all(self) -> bool:
        """Write the rows and events that there are now; return False where the disk is full.

        What comes meanwhile is for the next tick: this loop would chase a feed that is as quick as itself, a frame at a time.
        """
        end = self._log.end
        if not self._write_unwritten():
            return False
        while True:
            self._unwritten = self._encode()
            is_last = self._seq >= end or not self._unwritten
            if not self._write_unwritten():
                return False
            if is_last:
                return True

    def _write_unwritten(self) -> bool:
        """Write what is encoded; return False where the disk is full, which keeps it for the next try."""
        if self._unwritten and not self._write(self._unwritten):
            return False
        self._unwritten = b""
        self._whole = self._seq
        return True

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
            self._log.note("journal on", f"{self.path.name}: there is space again, the file is whole")
        return True

    def _sync(self) -> None:
        while not self._closing.wait(_SYNC):
            if self._is_dirty:
                self._is_dirty = False
                try:
                    _fdatasync(self._file)
                except OSError:
                    self._is_dirty = True  # the next write reports it


_REPLACED = "was replaced"


def _harm_of(descriptor: int, path: Path, size: int) -> str:
    """Return what has happened to an open file of at least ``size`` bytes at ``path``; nothing where it is whole."""
    mine = os.fstat(descriptor)
    try:
        there = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "was deleted"
    except OSError:
        return ""  # nobody can say: a network is away, or a directory may not be searched any more
    if not os.path.samestat(mine, there):
        return _REPLACED
    return "was cut" if mine.st_size < size else ""


def _free_name(path: Path) -> Path:
    """Return a name like that of ``path`` which no file has: ``feed-2.pcapng``."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


def _open(path: Path) -> int:
    """Open a new file, locked, for its user alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _FLAGS, 0o600)
    if not lock(descriptor) or os.fstat(descriptor).st_size:
        os.close(descriptor)
        raise FileExistsError(
            f"{path} has a recording in it, and a journal never overwrites one: read it with wsnotebook.load(), then "
            "delete it or record to another name"
        )
    return descriptor

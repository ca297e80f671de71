"""Spill: large sparse files without a name, which the segments that a log moves to disk lie in, one after the other.

A file is as large as its mapping: the descriptors that a log holds are one a GiB, however small its segments are.
"""

from __future__ import annotations

import errno
import mmap
import os
import tempfile
import weakref
from collections.abc import Sequence

__all__ = ["Spill", "describe_failure"]

_FILE_SIZE = 1 << 30  # bytes: a mapping holds a descriptor, so there must be few
_ALIGNMENT = 64  # bytes: Arrow recommends it for its buffers
_NOTHING = memoryview(b"")


class Spill:
    """Appends to files that only this process can read; the operating system frees each with the last view of it.

    The files have no name, so that nothing is left behind however the process ends.
    """

    def __init__(self) -> None:
        self._file = -1  # descriptor of the file that is appended to
        self._view = _NOTHING  # its mapping
        self._end = 0
        self._close: weakref.finalize[[int], Spill] | None = None

    def write(self, parts: Sequence[memoryview]) -> list[memoryview]:
        """Append some bytes; return read-only views of them on disk, each aligned.

        Raises:
            OSError: there is no space, or no descriptor; nothing was appended.
        """
        size = sum(len(part) + -len(part) % _ALIGNMENT for part in parts)
        if size > len(self._view) - self._end:
            self._open(max(size, _FILE_SIZE))
        self._reserve(size)
        views = []
        place = self._end
        for part in parts:
            os.lseek(self._file, place, os.SEEK_SET)
            _write_all(self._file, part)
            views.append(self._view[place : place + len(part)])
            place += len(part) + -len(part) % _ALIGNMENT
        self._end = place
        return views

    def _open(self, size: int) -> None:
        """Continue in a new file."""
        with tempfile.TemporaryFile(buffering=0) as file:
            file.truncate(size)
            mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
            descriptor = os.dup(file.fileno())
        if self._close is not None:
            self._close()
        self._file, self._view, self._end = descriptor, memoryview(mapped), 0
        self._close = weakref.finalize(self, os.close, descriptor)

    def _reserve(self, size: int) -> None:
        """Allocate blocks for the next bytes: a full disk must raise OSError here, and not a bus error later."""
        if not size or not hasattr(os, "posix_fallocate"):  # not on macOS, where the write raises
            return
        try:
            os.posix_fallocate(self._file, self._end, size)
        except OSError:
            # a part may be allocated, which others need on a full disk; the next reservation extends the file again
            os.ftruncate(self._file, self._end)
            raise


def _write_all(descriptor: int, data: memoryview) -> None:
    while len(data):  # the operating system writes at most 2 GiB at once
        data = data[os.write(descriptor, data) :]


def _limit() -> int | None:
    try:
        import resource
    except ImportError:  # on Windows, which does not tell it
        return None
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def describe_failure(error: OSError) -> tuple[str, str]:
    """Return the kind and the detail of the event that tells why rows could not be moved to disk."""
    if error.errno == errno.EMFILE:
        limit = _limit()
        which, remedy = ("all", "") if limit is None else (f"all {limit:,}", "; ulimit -n raises the limit")
        return (
            "too many open files",
            f"rows stay in memory: {which} files are open that this process may open{remedy}",
        )
    if error.errno == errno.ENFILE:
        return (
            "too many open files",
            "rows stay in memory: all processes together have as many files open as the system allows (fs.file-max; "
            "ulimit -n is the limit of one process)",
        )
    return "disk full", f"rows stay in memory: {error}"

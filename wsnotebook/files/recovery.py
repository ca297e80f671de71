"""Recovery: the journals of kernels that died, found by their markers; a file that is locked has a live kernel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wsnotebook.errors import FileError
from wsnotebook.files.filelock import is_locked
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.files.marker import Marker, markers
from wsnotebook.files.pcapng.format import count_frames

__all__ = ["LostJournal", "recover"]

_CHEAP = 16 << 20  # bytes of a journal whose frames are counted at once


@dataclass(frozen=True, slots=True)
class LostJournal:
    """A journal whose kernel died before stop_recording()."""

    path: Path
    """The file."""
    time: datetime
    """Time of its last write."""
    size: int
    """Bytes."""
    frames: int | None
    """Frames in it; None where the file is too large to count them at once."""
    marker: Marker

    def load(self) -> FrameLog:
        """Return the log, up to the last whole record.

        Raises:
            FileError: the file is damaged.
        """
        return load(self.path)

    def forget(self) -> None:
        """Remove the journal from the list; the file stays."""
        self.marker.clear()

    def __repr__(self) -> str:
        frames = "" if self.frames is None else f", {self.frames:,} frames"
        return f"<LostJournal {self.path}, {self.time:%Y-%m-%d %H:%M:%S} UTC, {self.size:,} bytes{frames}; .load() reads it>"


def recover() -> list[LostJournal]:
    """List the journals of kernels that died while recording, newest first; ``.load()`` reads one, ``.forget()`` drops
    it from the list. Journals that a live kernel is writing are not among them.

    Example: ``[journal.path for journal in recover()]``.
    """
    lost = []
    for marker, path, status in markers():
        if not is_locked(path):
            time = datetime.fromtimestamp(status.st_mtime, UTC)
            frames = _count(path) if status.st_size <= _CHEAP else None
            lost.append(LostJournal(path, time, status.st_size, frames, marker))
    return sorted(lost, key=lambda journal: journal.time, reverse=True)


def _count(path: Path) -> int | None:
    try:
        return count_frames(path)
    except (FileError, OSError):
        return None  # load() says what is wrong

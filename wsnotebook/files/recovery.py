"""Recovery: the journals of kernels that died. Each journal has a marker in the user's state directory while it is
written; one that is left over, and whose file nobody locks, is a dead kernel's.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wsnotebook.errors import FileError
from wsnotebook.files.filelock import is_locked

if TYPE_CHECKING:
    from wsnotebook.log.framelog import FrameLog

__all__ = ["LostJournal", "Marker", "recover"]

_CHEAP = 16 << 20  # bytes of a journal whose frames are counted at once


@dataclass(frozen=True, slots=True)
class Marker:
    """A small file that says where a journal is."""

    file: Path | None
    """None where the state directory cannot be written: then recover() does not know the journal, load() does."""

    @classmethod
    def set(cls, path: Path) -> Marker:
        """Say that a journal is written to ``path``."""
        try:
            directory = _directory()
            directory.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(".json", "journal-", directory)
            with os.fdopen(descriptor, "w") as file:
                json.dump({"path": str(path.absolute()), "pid": os.getpid()}, file)
        except OSError:
            return cls(None)
        return cls(Path(name))

    def clear(self) -> None:
        """Say that the journal is complete."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class LostJournal:
    """A journal whose kernel died before stop_recording()."""

    path: Path
    """The file."""
    time: datetime
    """When it was written last."""
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
        from wsnotebook.files import load  # that module may want what save() writes

        return load(self.path)

    def forget(self) -> None:
        """Do not list it any more; the file stays."""
        self.marker.clear()

    def __repr__(self) -> str:
        frames = "" if self.frames is None else f", {self.frames:,} frames"
        return f"<LostJournal {self.path}, {self.time:%Y-%m-%d %H:%M:%S} UTC, {self.size:,} bytes{frames}; .load() reads it>"


def recover() -> list[LostJournal]:
    """List the journals of kernels that died while recording, newest first; ``.load()`` reads one, ``.forget()`` drops
    it from the list. Journals that a live kernel is writing are not among them.
    """
    lost = []
    for file in _directory().glob("journal-*.json"):
        try:
            path = Path(json.loads(file.read_text())["path"])
            status = path.stat()
        except (OSError, ValueError, LookupError, TypeError):
            file.unlink(missing_ok=True)  # the journal is gone, or the marker was never finished
            continue
        if not is_locked(path):
            time = datetime.fromtimestamp(status.st_mtime, UTC)
            frames = _count(path) if status.st_size <= _CHEAP else None
            lost.append(LostJournal(path, time, status.st_size, frames, Marker(file)))
    return sorted(lost, key=lambda journal: journal.time, reverse=True)


def _count(path: Path) -> int | None:
    from wsnotebook.files.pcapng.format import count_frames

    try:
        return count_frames(path)
    except (FileError, OSError):
        return None  # load() says what is wrong


def _directory() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "wsnotebook" / "journals"

"""Recorder: writes a log to disk while it grows; a journal for a .pcapng, a dataset for a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from wsnotebook.files.journal import Journal
from wsnotebook.files.paths import is_directory, is_url
from wsnotebook.log.rowlog import RowLog

__all__ = ["Recorder", "recorder"]


class Recorder(Protocol):
    """Writes a log to disk while it grows."""

    path: Path
    """Absolute, so that it means the same after os.chdir()."""
    sharers: int
    """Sessions with the last of which it ends; 0 for one that only stop_recording() ends."""

    def start(self) -> None:
        """Start to write, and return at once."""

    def stop(self) -> None:
        """Write the remaining rows and close the file."""

    def remove(self) -> None:
        """Remove the files, after ``stop``."""


def recorder(log: RowLog, path: str | Path) -> Recorder:
    """Return the recorder of a log for a path.

    Raises:
        ValueError: no recorder writes to such a path.
        OSError: the file cannot be created.
    """
    if is_url(path):
        raise ValueError(f"{path}: record to a directory on this machine, and save the log to a URL")
    if is_directory(path):
        from wsnotebook.files.partwriter import PartWriter  # it loads pyarrow

        return PartWriter(log, Path(path).absolute())
    if Path(path).suffix.lower() != ".pcapng":
        raise ValueError(
            f"{str(path)!r}: record to a .pcapng, or to a directory as 'name/'; log.save() writes the rest"
        )
    return Journal(log, Path(path).absolute())

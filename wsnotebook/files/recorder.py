"""Which recorder a path asks for: the journal for a .pcapng, a dataset for a directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wsnotebook.log.framelog import FrameLog

__all__ = ["Recorder", "is_directory", "recorder"]


class Recorder(Protocol):
    """Writes a log to disk while it grows."""

    path: Path

    def start(self) -> None:
        """Begin; returns at once."""

    def stop(self) -> None:
        """Write what is there and close."""

    def remove(self) -> None:
        """Remove what was written, after ``stop``."""


def is_directory(path: str | Path) -> bool:
    """Tell whether a path means a directory: it is one, or it ends with a slash."""
    return Path(path).is_dir() or str(path).endswith(("/", os.sep))


def recorder(log: FrameLog, path: str | Path) -> Recorder:
    """Return what records a log to a path.

    Raises:
        ValueError: no recorder is for such a path.
        OSError: the file cannot be made.
    """
    if is_directory(path):
        from wsnotebook.files.dataset import PartWriter  # it loads pyarrow

        return PartWriter(log, Path(path))
    if Path(path).suffix.lower() != ".pcapng":
        raise ValueError(
            f"{str(path)!r}: record to a .pcapng, or to a directory as 'name/'; log.save() writes the rest"
        )
    from wsnotebook.files.journal import Journal

    return Journal(log, Path(path))

"""SpillDirectory: the private, temporary directory of the segments that a log moves to disk."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

__all__ = ["SpillDirectory"]


class SpillDirectory:
    """A directory that only this user can read, created at first use and removed with this object."""

    def __init__(self) -> None:
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The directory.

        Raises:
            OSError: it cannot be created.
        """
        if self._path is None:
            self._path = Path(tempfile.mkdtemp(prefix="wsnotebook-"))
            weakref.finalize(self, shutil.rmtree, self._path, ignore_errors=True)
        return self._path

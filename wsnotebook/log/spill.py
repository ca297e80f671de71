"""SpillDirectory: where sealed segments go when memory is short; private, and gone at the end."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

__all__ = ["SpillDirectory"]


class SpillDirectory:
    """A directory that only this user can read, made when it is first needed and removed with its owner."""

    def __init__(self) -> None:
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The directory.

        Raises:
            OSError: it cannot be made.
        """
        if self._path is None:
            self._path = Path(tempfile.mkdtemp(prefix="wsnotebook-"))
            weakref.finalize(self, shutil.rmtree, self._path, ignore_errors=True)
        return self._path

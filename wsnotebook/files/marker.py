"""Marker: a small file in the user's state directory that says where a journal is written.

The journal removes its marker when it is complete; one that is left over leads recovery.py to the journal of a dead
kernel.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wsnotebook.files.paths import state_path

__all__ = ["Marker", "markers"]

_FOLDER = "journals"


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of one journal."""

    file: Path | None
    """None where the state directory cannot be written: then recover() does not know the journal, load() does."""

    @classmethod
    def set(cls, path: Path) -> Marker:
        """Mark ``path`` as a journal that is being written."""
        try:
            directory = state_path(_FOLDER)
            directory.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(".json", "journal-", directory)
            with os.fdopen(descriptor, "w") as file:
                json.dump({"path": str(path.absolute()), "pid": os.getpid()}, file)
        except OSError:
            return cls(None)
        return cls(Path(name))

    def clear(self) -> None:
        """Remove the marker."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)


def markers() -> Iterator[tuple[Marker, Path, os.stat_result]]:
    """Yield each marker, and the path and status of its journal; a marker without a journal is removed."""
    try:
        directory = state_path(_FOLDER)
    except FileNotFoundError:
        return  # set() has none to write to either
    for file in directory.glob("journal-*.json"):
        marker = Marker(file)
        try:
            path = Path(json.loads(file.read_text())["path"])
            status = path.stat()
        except (OSError, ValueError, LookupError, TypeError):
            marker.clear()  # the journal is gone, or its kernel died while it wrote the marker
            continue
        yield marker, path, status

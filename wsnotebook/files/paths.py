"""Paths: whether one means a file, a directory or a URL, and where what is kept for a user lies.

Nothing is read but whether it is a directory.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["is_directory", "is_url", "state_path"]


def is_url(path: str | Path) -> bool:
    """Return whether a path is the URL of a filesystem, such as ``s3://bucket/feeds/``."""
    return isinstance(path, str) and "://" in path


def is_directory(path: str | Path) -> bool:
    """Return whether a path means a directory: it is one, or it ends with a slash."""
    return Path(path).is_dir() or str(path).endswith(("/", os.sep))


def state_path(name: str) -> Path:
    """Return the path of ``name`` in our part of the user's state directory, which may not exist yet.

    Raises:
        FileNotFoundError: the user has no home directory, as in some containers.
    """
    state = os.environ.get("XDG_STATE_HOME")
    try:
        directory = Path(state) if state else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise FileNotFoundError(
            "this user has no home directory: set XDG_STATE_HOME to one to write to"
        ) from error
    return directory / "wsnotebook" / name

"""Paths: whether one means a file, a directory or a URL, and the names of files that are kept for a user or not finished.

Nothing is read but whether it is a directory.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

__all__ = ["is_directory", "is_url", "state_path", "unfinished_name"]


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


def unfinished_name(name: str) -> str:
    """Return the name of a file until it is whole and gets ``name``: no other process or thread writes to it."""
    return f".{name}.{os.getpid()}-{threading.get_native_id()}.unfinished"

"""Paths: whether one means a file, a directory or a URL; nothing is read but whether it is a directory."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["is_directory", "is_url"]


def is_url(path: str | Path) -> bool:
    """Return whether a path is the URL of a filesystem, such as ``s3://bucket/feeds/``."""
    return isinstance(path, str) and "://" in path


def is_directory(path: str | Path) -> bool:
    """Return whether a path means a directory: it is one, or it ends with a slash."""
    return Path(path).is_dir() or str(path).endswith(("/", os.sep))

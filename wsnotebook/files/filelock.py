"""A lock on a file that ends with its process: it distinguishes the journal of a live kernel from that of a dead one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

fcntl: Any
try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, where an open file cannot be replaced anyway
    fcntl = None

__all__ = ["is_locked", "lock"]


def lock(descriptor: int) -> bool:
    """Lock an open file; return False where another process holds the lock."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_locked(path: Path) -> bool:
    """Return whether a live process holds the lock of a file; False where the file does not exist."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not lock(descriptor)
    finally:
        os.close(descriptor)

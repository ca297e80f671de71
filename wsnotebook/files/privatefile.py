"""make_private: a file that only its owner may read, as a recording may hold secrets in its payloads."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["make_private"]


def make_private(path: Path) -> None:
    """Make an empty file, in place of an older one: its permissions stand before there is anything to read in it."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

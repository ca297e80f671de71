"""paint(): colours of the terminal, by what a line is; none with NO_COLOR, or where stdout is no terminal."""

from __future__ import annotations

import os
import sys
from typing import Literal, TypeAlias

__all__ = ["Style", "paint"]

Style: TypeAlias = Literal["in", "out", "control", "note", "fault"]

_CODES: dict[str, str] = {"in": "36", "out": "32", "control": "35", "note": "2", "fault": "31"}
"""SGR parameter of each style: cyan, green, magenta, faint, red."""


def paint(style: Style, line: str) -> str:
    """Return a line in the colour of its style; ``line`` must be escaped already."""
    # https://no-color.org: present and not empty, whatever its value
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return line
    return f"\x1b[{_CODES[style]}m{line}\x1b[0m"

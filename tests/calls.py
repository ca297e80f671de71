"""Which functions of this package are called: a number that grows with the time they take, whatever the machine."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import wsnotebook

__all__ = ["calls_of_ours"]

PACKAGE = str(Path(wsnotebook.__file__).parent)


@contextlib.contextmanager
def calls_of_ours() -> Iterator[list[str]]:
    """Note each call of a Python function of the package within the block; a coroutine that goes on is called once more."""
    names: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            names.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        yield names
    finally:
        sys.setprofile(None)

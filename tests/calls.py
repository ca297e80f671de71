"""Calls of functions of this package: how many, a number that grows with the time they take, and interrupted ones."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import wsnotebook

__all__ = ["calls_of_ours", "interrupted"]

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


def interrupted(line: int, function: Callable[[], object], *modules: ModuleType) -> bool:
    """Call a function, and interrupt it before it has run another line of some modules; return whether it has so many."""
    files = [module.__file__ for module in modules]
    lines: set[tuple[CodeType, int]] = set()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        lines.add((frame.f_code, frame.f_lineno))
        if len(lines) == line:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False

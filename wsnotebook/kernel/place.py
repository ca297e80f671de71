"""line_of_cell(): the line of the running cell that called a magic, for its errors."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from types import CodeType, FrameType

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["cell_frame", "line_of_cell"]

_RUN_CODE: CodeType = InteractiveShell.run_code.__code__


def cell_frame(shell: InteractiveShell) -> FrameType | None:
    """Return the frame of ``run_code`` in which ``shell`` runs a cell now, or None."""
    # The stack is exact, per thread and also after errors; the events pre_execute and post_execute are not.
    for frame in _stack():
        if frame.f_code is _RUN_CODE and frame.f_locals.get("self") is shell:
            return frame
    return None


def line_of_cell(shell: InteractiveShell) -> int | None:
    """Return the number, from 1, of the line that is running, or None in a cell of one line and outside of a cell.

    In a function of another cell it is the line of the running cell from which the function was called.
    """
    running = cell_frame(shell)
    if running is None:
        return None
    called = [frame for frame in _stack() if frame.f_back is running]
    name = called[0].f_code.co_filename if called else None
    if name is None or len(linecache.getlines(name)) < 2:
        return None
    return next(frame.f_lineno for frame in _stack() if frame.f_code.co_filename == name)


def _stack() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back

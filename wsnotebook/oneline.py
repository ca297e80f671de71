"""on_one_line(): an exception as IPython shows it in a cell, without the page of frames that only we know."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from traceback import walk_tb

from wsnotebook.safetext import safe_text

__all__ = ["on_one_line"]

_RUNS_CELLS = "interactiveshell.py"  # IPython's file that calls the code of a cell
_PACKAGE = str(Path(__file__).parent)


def on_one_line(error: BaseException) -> list[str]:
    """Return the sentence, and the places in the user's code where it went through several.

    A class whose ``_render_traceback_`` it is keeps its traceback for ``%tb`` and ``%debug``.
    """
    sentence = f"{type(error).__name__}: {safe_text(str(error))}"
    places = _places_of(error)
    return [sentence, *(f"  in {place}" for place in places)] if len(places) > 1 else [sentence]


def _places_of(error: BaseException) -> list[str]:
    """Return function, file and line of the frames between IPython's and ours, the cell first."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    shells = [place for place, (code, _) in enumerate(frames) if code.co_filename.endswith(_RUNS_CELLS)]
    below = frames[shells[-1] + 1 :] if shells else frames
    theirs = takewhile(lambda each: not each[0].co_filename.startswith(_PACKAGE), below)
    return [f"{code.co_name}, {code.co_filename}:{line}" for code, line in theirs]

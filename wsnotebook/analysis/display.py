"""How IPython shows frames: a peer's text in them is neither mathematics nor characters that reorder or hide a line.

pandas' own options stay as they are: only DataFrames and Series of frames, which their attrs mark, are shown this way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import pandas as pd

from wsnotebook.safetext import safe_text

__all__ = ["MARK", "mark_frames", "register_display"]

MARK = "wsnotebook"
"""Key in the attrs of a DataFrame of frames; pandas copies it to selections, columns and rows."""

_Printer: TypeAlias = Callable[..., Any]


def mark_frames(answer: Any) -> Any:
    """Mark a DataFrame or Series that contains text of frames, so that IPython shows it escaped; return it."""
    if isinstance(answer, pd.DataFrame | pd.Series):
        answer.attrs.setdefault(MARK, {})
    return answer


def register_display() -> None:
    """Register the display of marked DataFrames and Series in the running IPython shell; without a shell do nothing."""
    # Not imported: where it is not loaded, nothing is shown by it.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    html, plain = (shell.display_formatter.formatters[name] for name in ("text/html", "text/plain"))
    _mark_printer(html, pd.DataFrame, _html, lambda frames: frames._repr_html_())
    for kind in (pd.DataFrame, pd.Series):
        _mark_printer(plain, kind, _plain, lambda frames, printer, cycle: _print_lines(repr(frames), printer))


def _mark_printer(formatter: Any, kind: type, of_frames: _Printer, default: _Printer) -> None:
    """Print marked values with ``of_frames``, others as before."""
    try:
        before = formatter.lookup_by_type(kind)
    except KeyError:
        before = default
    if not isinstance(before, _Marked):
        formatter.for_type(kind, _Marked(of_frames, before))


class _Marked:
    """A printer of IPython for one type.

    Args:
        of_frames: prints the marked values.
        of_others: prints the others.
    """

    def __init__(self, of_frames: _Printer, of_others: _Printer) -> None:
        self.of_frames = of_frames
        self.of_others = of_others

    def __call__(self, value: Any, *printing: Any) -> Any:
        return (self.of_frames if MARK in value.attrs else self.of_others)(value, *printing)


def _html(frames: pd.DataFrame) -> str | None:
    with pd.option_context("display.html.use_mathjax", False):
        markup = frames._repr_html_()  # type: ignore[operator]  # pandas-stubs lack it
    # pandas escapes the markup in cells, and its own has no character that is escaped here.
    return None if markup is None else safe_text(markup, keep="\n")


def _plain(frames: Any, printer: Any, cycle: bool) -> None:
    _print_lines(safe_text(repr(frames), keep="\n"), printer)


def _print_lines(text: str, printer: Any) -> None:
    """Print lines as IPython prints those of any repr: indented, where the value is in a list."""
    with printer.group():
        for number, line in enumerate(text.splitlines()):
            if number:
                printer.break_()
            printer.text(line)

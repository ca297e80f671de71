"""Code in pages and docstrings: cells with ``await`` at their top level are run, and what they print is compared."""

from __future__ import annotations

import ast
import contextlib
import doctest
import inspect
import io
import re
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Fence", "check", "fences", "run_cell"]

_FENCE = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Fence(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str
    line: int
    """Of its first line in the page, from 1."""


def fences(path: Path) -> list[Fence]:
    """Return the fenced blocks of a page that name a language."""
    text = path.read_text()
    return [Fence(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in _FENCE.finditer(text)]


async def run_cell(source: str, names: dict[str, Any], *, where: str = "<cell>", line: int = 1) -> str:
    """Run a cell as a notebook does, in these names; return what it prints.

    Args:
        source: the text of the cell.
        names: its global names, which it may add to.
        where: file of the cell, for tracebacks.
        line: its first line in that file.
    """
    code = compile("\n" * (line - 1) + source, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        done = eval(code, names)
        if inspect.isawaitable(done):
            await done
    return printed.getvalue()


def check(expected: str, printed: str, where: str) -> None:
    """Compare what was printed with what a page says; ``...`` stands for anything, and spaces count as one.

    Raises:
        AssertionError: they differ.
    """
    same = doctest.OutputChecker().check_output(expected, printed, _LENIENT)
    assert same, f"{where} says\n{expected}\nbut it is\n{printed}"

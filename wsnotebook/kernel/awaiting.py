"""The rewriting that lets a cell await %ws: run_line_magic("ws", …) becomes (await run_line_magic("_ws_awaited", …)).

IPython has no magics that are awaited. Where an await cannot stand, in a synchronous def for one, the source stays
as it is and the magic waits by itself (loop.py).
"""

from __future__ import annotations

import ast
import re
import sys
from types import CodeType, FrameType
from typing import TypeAlias

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["AWAITED", "MAGIC", "AwaitingTransformer", "await_magics"]

MAGIC = "ws"
"""Name of the magic that people type, and that waits where nobody awaits it."""

AWAITED = "_ws_awaited"
"""Name of its twin that returns an awaitable; only rewritten source has it."""

_RUNNERS = frozenset({"run_line_magic", "run_cell_magic"})
_NEWLINE = re.compile(rb"\r\n|\r|\n")  # what ast counts as the end of a line; str.splitlines knows eight more
_RUN_CODE: CodeType = InteractiveShell.run_code.__code__

_Edit: TypeAlias = tuple[int, int, bytes]
"""Bytes from … to … of the source, and what to put in their place."""


class AwaitingTransformer:
    """An IPython input transformer, to be put into ``shell.input_transformers_post``.

    Args:
        shell: it leaves the source alone while a cell of this shell runs (%time, %%capture and %run transform theirs
            then, and cannot await), and when the shell does not await with asyncio (%autoawait).
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """Return ``lines`` with the magics awaited that can be."""
        source = "".join(lines)
        if not any(runner in source for runner in _RUNNERS):
            return lines
        if not self._awaits_with_asyncio() or self._runs_a_cell():
            return lines
        return await_magics(source).splitlines(keepends=True)

    def _awaits_with_asyncio(self) -> bool:
        return bool(self._shell.autoawait) and str(self._shell.loop_runner) == "asyncio"

    def _runs_a_cell(self) -> bool:
        # The stack knows it exactly, per thread and also after errors; pre_execute and post_execute do not.
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code is _RUN_CODE and frame.f_locals.get("self") is self._shell:
                return True
            frame = frame.f_back
        return False


def await_magics(source: str) -> str:
    """Return ``source`` with every call of the magic awaited where an await may stand.

    Only calls of ``get_ipython().run_line_magic("ws", …)`` and its cell twin are touched, as IPython writes them for
    ``%ws`` and ``%%ws``; what merely looks like one in a string or comment is not. Source that is not Python is
    returned unchanged: IPython shows the error.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    finder = _Finder()
    finder.visit(tree)
    if not finder.found:
        return source
    data = source.encode()
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(data))]
    edits = sorted((edit for call in finder.found for edit in _edits(call, starts)), reverse=True)
    for start, stop, text in edits:
        data = data[:start] + text + data[stop:]
    return data.decode()


class _Finder(ast.NodeVisitor):
    """Collects the calls of the magic that stand where an await may stand."""

    def __init__(self) -> None:
        self.found: list[ast.Call] = []
        self._may_await = True

    def visit_Call(self, node: ast.Call) -> None:
        if self._may_await and _is_magic(node):
            self.found.append(node)
        self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        # Its decorators and defaults are evaluated outside: they are left to the waiting magic.
        outside, self._may_await = self._may_await, True
        for statement in node.body:
            self.visit(statement)
        self._may_await = outside

    def _visit_synchronous(self, node: ast.AST) -> None:
        outside, self._may_await = self._may_await, False
        self.generic_visit(node)
        self._may_await = outside

    visit_FunctionDef = _visit_synchronous
    visit_Lambda = _visit_synchronous
    visit_ClassDef = _visit_synchronous
    # An await would turn a generator into an asynchronous one; nobody can type %ws into a comprehension anyway.
    visit_GeneratorExp = _visit_synchronous
    visit_ListComp = _visit_synchronous
    visit_SetComp = _visit_synchronous
    visit_DictComp = _visit_synchronous
    # Python 3.11 does not know where in an f-string an expression stands.
    visit_JoinedStr = _visit_synchronous


def _is_magic(node: ast.Call) -> bool:
    function = node.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _RUNNERS
        and isinstance(function.value, ast.Call)
        and isinstance(function.value.func, ast.Name)
        and function.value.func.id == "get_ipython"
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == MAGIC
    )


def _edits(call: ast.Call, starts: list[int]) -> list[_Edit]:
    def span(node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None  # ast.parse gives both
        first = starts[node.lineno - 1] + node.col_offset  # columns of ast are bytes of UTF-8
        return first, starts[node.end_lineno - 1] + node.end_col_offset

    start, stop = span(call)
    return [(start, start, b"(await "), (*span(call.args[0]), repr(AWAITED).encode()), (stop, stop, b")")]

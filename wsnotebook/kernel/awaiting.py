"""Rewrites a cell so that it awaits %ws: run_line_magic("ws", …) becomes (await run_line_magic("ws", …)).

IPython cannot await a magic, so that the syntax tree of such an await calls another method, which returns an awaitable.
Where the syntax allows no await, for example in a synchronous def, the magic waits by itself (loop.py).
"""

from __future__ import annotations

import ast
import copy
import re
from keyword import iskeyword
from typing import TypeAlias

from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.kernel.place import cell_frame

__all__ = ["MAGIC", "AwaitedCalls", "AwaitingTransformer", "await_magics"]

MAGIC = "ws"
"""Name of the magic."""

# In the syntax tree and not in the source, so that history and tracebacks show only what IPython makes of a magic.
_AWAITED = ast.parse("get_ipython().magics_manager.registry['WsMagics'].awaited", mode="eval").body

_RUNNERS = frozenset({"run_line_magic", "run_cell_magic"})
_NAME = re.compile(r"[^\W\d]\w*")
_NEWLINE = re.compile(rb"\r\n|\r|\n")  # the line ends of ast; str.splitlines has eight more

_Edit: TypeAlias = tuple[int, int, bytes]
"""Start and stop of the bytes to replace in the source, and the replacement."""


class AwaitingTransformer:
    """An IPython input transformer, for ``shell.input_transformers_post``.

    Args:
        shell: the source is not changed while a cell of this shell runs, because %time, %%capture and %run then
            transform source that they cannot await, nor when the shell does not await with asyncio (%autoawait).
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """Return ``lines`` with an await before each magic that may have one."""
        source = "".join(lines)
        if not any(runner in source for runner in _RUNNERS):
            return lines
        if not self._awaits_with_asyncio() or cell_frame(self._shell) is not None:
            return lines
        return await_magics(source).splitlines(keepends=True)

    def _awaits_with_asyncio(self) -> bool:
        return bool(self._shell.autoawait) and str(self._shell.loop_runner) == "asyncio"


def await_magics(source: str) -> str:
    """Return ``source`` with every call of the magic awaited where the syntax allows an await.

    Only calls of ``get_ipython().run_line_magic("ws", …)`` and ``run_cell_magic("ws", …)`` are rewritten, which IPython
    generates from ``%ws`` and ``%%ws``; the same text in a string or comment is not. Source that is not Python is
    returned unchanged, so that IPython shows the error.
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
    """Collects the calls of the magic at places where the syntax allows an await."""

    def __init__(self) -> None:
        self.found: list[ast.Call] = []
        self._may_await = True

    def visit_Call(self, node: ast.Call) -> None:
        if self._may_await and _is_magic(node):
            self.found.append(node)
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:
        if _is_magic(node.value):  # source that was rewritten before
            self.generic_visit(node.value)
        else:
            self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        # Its decorators and defaults are evaluated outside, so they are not rewritten.
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
    # An await would make a generator asynchronous; and %ws cannot be typed inside a comprehension.
    visit_GeneratorExp = _visit_synchronous
    visit_ListComp = _visit_synchronous
    visit_SetComp = _visit_synchronous
    visit_DictComp = _visit_synchronous
    # Python 3.11 gives no position for an expression inside an f-string.
    visit_JoinedStr = _visit_synchronous


class AwaitedCalls(ast.NodeTransformer):
    """Makes an awaited call of the magic one of ``WsMagics.awaited``, for ``shell.ast_transformers``.

    Awaited or not, in a nested function a call gets a mention of the variables in its line, which fields may need.
    """

    _depth = 0  # functions around the node

    def _visit_function(self, node: ast.AST) -> ast.AST:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    visit_FunctionDef = _visit_function
    visit_AsyncFunctionDef = _visit_function

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Mention the variables of its line and of its cell."""
        self.generic_visit(node)
        if self._depth > 1 and _is_magic(node):
            node.args[1:] = map(_with_mention, node.args[1:])
        return node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        """Replace the function of the call, and keep its arguments after the magic's name."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and _is_magic(node.value):
            call = node.value
            awaited = ast.Call(copy.deepcopy(_AWAITED), call.args[1:], call.keywords)
            node.value = ast.fix_missing_locations(ast.copy_location(awaited, call))
            for part in ast.walk(node.value.func):
                ast.copy_location(part, call)
        return node


def _with_mention(text: ast.expr) -> ast.expr:
    """Return an expression with the value of ``text`` that mentions the names in it, without looking them up.

    A function has, of the variables of the functions around it, only those that its code mentions; the code of a magic
    is a string. A name too many, such as a word of the text, changes nothing.
    """
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str) or "{" not in text.value:
        return text
    names = [name for name in _NAME.findall(text.value) if name.isidentifier() and not iskeyword(name)]
    mention = ast.parse(f"lambda: [{', '.join(dict.fromkeys(names))}]", mode="eval").body
    pair = ast.Tuple([text, mention], ast.Load())
    mentioned = ast.Subscript(pair, ast.Constant(0), ast.Load())
    for part in ast.walk(mentioned):
        ast.copy_location(part, text)
    return mentioned


def _is_magic(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return (
        isinstance(node, ast.Call)
        and isinstance(function, ast.Attribute)
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
    return [(start, start, b"(await "), (stop, stop, b")")]

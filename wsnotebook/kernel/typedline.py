"""TypedLine: makes a %ws line a call of the magic before IPython looks for a question in it.

IPython treats every line that ends in ``word?`` as a request for help, so that ``%ws send how are you?`` sent nothing.
"""

from __future__ import annotations

import re
from typing import Any, Self

from IPython.core.inputtransformer2 import (
    EscapedCommand,
    HelpEnd,
    MagicAssign,
    TransformerManager,
    assemble_continued_line,
    find_end_of_continued_line,
)

from wsnotebook.kernel.awaiting import MAGIC
from wsnotebook.workbench.verbs import VERBS
from wsnotebook.workbench.words import statement

__all__ = ["TypedAssignment", "TypedLine", "register", "unregister"]

_TYPED = re.compile(rf"%{MAGIC}[ \t]")  # "%ws?" stays a request for help
_WITH_VERB = re.compile(rf"%{MAGIC}[ \t]+(\w+)(.*)", re.DOTALL)
_QUESTION = re.compile(rf"(%{MAGIC}[ \t]+\w+)\?{{1,2}}[ \t]*$")


class _BeforeHelp:
    """Finds only %ws, and is asked before the help syntax of the same line."""

    priority = HelpEnd.priority - 1

    def __init__(self, start: tuple[int, int]) -> None:
        super().__init__(start)  # type: ignore[call-arg]  # of its sibling
        self._column = start[1]
        # IPython sorts by it, and the help syntax of an assignment begins at the name before.
        self.start_col = -1

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> Self | None:
        """Return the transformer of the first %ws line, or None; ``tokens_by_line`` as IPython passes it."""
        found: Self | None = super().find(list(filter(_is_typed, tokens_by_line)))  # type: ignore[misc]  # of its sibling
        return found


def _is_typed(tokens: list[Any]) -> bool:
    return any(token.string == "%" and _TYPED.match(token.line[token.start[1] :]) for token in tokens)


class TypedLine(_BeforeHelp, EscapedCommand):  # type: ignore[misc]  # IPython has no types
    """``%ws …`` as a statement; ``%ws VERB?`` is ``%ws VERB --help``."""

    def transform(self, lines: list[str]) -> list[str]:
        """Return the lines with this one as a call of the magic."""
        self.start_col = self._column
        line = lines[self.start_line]
        asked = _QUESTION.match(line.rstrip("\n")[self.start_col :])
        if asked:
            end = "\n" if line.endswith("\n") else ""
            lines = [*lines]
            lines[self.start_line] = f"{line[: self.start_col]}{asked[1]} --help{end}"
        return _finished(super().transform(lines), lines, self.start_line, self.start_col)


class TypedAssignment(_BeforeHelp, MagicAssign):  # type: ignore[misc]  # as above
    """``name = %ws …``."""

    def transform(self, lines: list[str]) -> list[str]:
        """Return the lines with this one as a call of the magic."""
        self.start_col = self._column
        return _finished(super().transform(lines), lines, self.start_line, self.start_col)


def _finished(transformed: list[str], typed: list[str], line: int, column: int) -> list[str]:
    """Return transformed lines with the semicolon after the call, where IPython looks for it, and as many as typed."""
    end = find_end_of_continued_line(typed, line)
    if _is_silent(assemble_continued_line(typed, (line, column), end)):
        transformed[line] = f"{transformed[line].rstrip()};\n"
    # IPython joins a line that goes on in the next one: the numbers of the lines after it would be wrong.
    return [*transformed[: line + 1], *["\n"] * (end - line), *transformed[line + 1 :]]


def _is_silent(command: str) -> bool:
    found = _WITH_VERB.match(command)
    verb = VERBS.get(found[1]) if found else None
    return found is not None and verb is not None and not verb.takes_text and statement(found[2])[1]


def register(manager: TransformerManager) -> None:
    """Let the transformers of a shell know the typed line."""
    manager.token_transformers[:0] = [TypedLine, TypedAssignment]


def unregister(manager: TransformerManager) -> None:
    """Remove them."""
    manager.token_transformers[:] = [
        each for each in manager.token_transformers if each not in (TypedLine, TypedAssignment)
    ]

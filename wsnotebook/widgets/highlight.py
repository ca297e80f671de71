"""highlight_of(): the texts that a filter looks for, as a regular expression of the browser."""

from __future__ import annotations

import re

from wsnotebook.filtering import Filter
from wsnotebook.filtering.payloads import HasMatch, HasText

__all__ = ["highlight_of"]

_SYNTAX = re.compile(r"[\^$\\.*+?()\[\]{}|/]")
_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


def highlight_of(wanted: Filter) -> str:
    """Return the source of a JavaScript regular expression that matches what the filter looks for; empty for nothing.

    A form that only Python knows makes one that the browser refuses: it then highlights nothing.
    """
    conditions = [clause.condition for clause in wanted.payloads if not clause.is_negated]
    texts = [_any_case(each.text) for each in conditions if isinstance(each, HasText)]
    return "|".join(texts + [_expression(each.pattern) for each in conditions if isinstance(each, HasMatch)])


def _any_case(text: bytes) -> str:
    """Return a pattern for a text whose ASCII letters match in either case, as in the filter."""
    characters = text.decode("utf-8", "replace")
    return "".join(
        f"[{each}{each.upper()}]" if "a" <= each <= "z" else _SYNTAX.sub(r"\\\g<0>", each)
        for each in characters
    )


def _expression(pattern: re.Pattern[str]) -> str:
    letters = "".join(letter for flag, letter in _FLAGS.items() if pattern.flags & flag)
    return f"(?{letters}:{pattern.pattern})"

"""JsonExtent: finds where a value of JSON ends, by quotes and brackets alone, in text that comes piece by piece.

The value is neither built nor checked: damaged JSON has an end too.
"""

from __future__ import annotations

import re

__all__ = ["CLOSING", "JsonExtent", "end_of"]

CLOSING = {"{": "}", "[": "]"}
"""Closing bracket of each opening one."""
# Only single characters are repeated possessively: CPython 3.11.2, which is Debian's, goes on behind where a repeated group
# has failed. A greedy group may be repeated so often that its way back takes little memory; follow() goes on from there.
_IN_STRING = re.compile(r'(?:[^"\\]++|\\.){0,256}', re.DOTALL)
_PLAIN = rf'[^"\[\]{{}}]++|"{_IN_STRING.pattern}"'
_OUT_OF_STRING = re.compile(rf"(?:{_PLAIN}){{0,256}}", re.DOTALL)
_FLAT = rf"[\[{{](?:{_PLAIN}){{0,256}}[\]}}]"  # a list or an object with no other in it
_TO_SKIP = re.compile(rf"(?:{_PLAIN}|{_FLAT}){{0,256}}", re.DOTALL)
_MARKS = frozenset('"[]{}')
_BARE = re.compile(r'[^\s,:"\[\]{}]*+')  # a number or a literal


class JsonExtent:
    """Find the end of a value, whose text is handed over piece by piece.

    Args:
        first: character of the value.
        counts: whether each bracket is counted; it is faster not to.
    """

    def __init__(self, first: str, *, counts: bool) -> None:
        self._between = _OUT_OF_STRING if counts else _TO_SKIP
        self.is_bare = first not in CLOSING and first != '"'
        """Whether it is a number or a literal, which ends where another character stands."""
        self.brackets = 0
        """Brackets so far, where they are counted."""
        self.is_whole = False
        """Whether the end was found."""
        self.depth = 0
        """Brackets that are open."""
        self._in_string = False

    def follow(self, text: str, at: int) -> int:
        """Return the end of the value, or, where the text ends before it, from where to go on with more text."""
        if self.is_bare:
            at = end_of(_BARE, text, at)
            self.is_whole = at < len(text)
            return at
        before = -1
        while before < at < len(text) and not self.is_whole:
            before, at = at, self._step(text, at)  # not at a backslash before the character that it escapes
        return at

    def _step(self, text: str, at: int) -> int:
        """Go on to the next bracket or quote, and behind it."""
        if self._in_string or self.depth:
            at = end_of(_IN_STRING if self._in_string else self._between, text, at)
        mark = text[at : at + 1]
        if mark not in _MARKS or (self._in_string and mark != '"'):
            return at
        if mark == '"':
            self._in_string = not self._in_string
        else:
            self.brackets += 1
            self.depth += 1 if mark in CLOSING else -1
        self.is_whole = not self._in_string and self.depth <= 0
        return at + 1


def end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where a pattern ends that matches anything."""
    found = pattern.match(text, at)
    assert found is not None
    return found.end()

"""laid_out: JSON text with an entry a line, for reading. Its values are found by jsonvalues.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

__all__ = ["laid_out"]

_DEEPEST = 20  # levels that are indented: blanks of nine hundred levels make 200 MB of 240 kB
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def laid_out(text: str) -> str | None:
    """Return an object or array with an entry a line, indented, or None where ``text`` is not one.

    Its tokens are kept as the peer wrote them: parsed and serialized again, 1.10 would lose a digit, a long number
    many, and of two equal keys one would be lost.

    Example: ``laid_out('{"a": [1]}')``.
    """
    if not text.lstrip().startswith(("{", "[")):
        return None  # a bare number or string has nothing to indent
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return "".join(_indented(_TOKEN.findall(text)))


def _indented(tokens: list[str]) -> Iterator[str]:
    depth, opened = 0, False
    for token in tokens:
        closing = token in ("}", "]")
        depth -= closing
        blanks = "  " * min(depth, _DEEPEST)
        if closing != opened:  # a line end inside of brackets, but none in {} and []
            yield "\n" + blanks
        yield {",": ",\n" + blanks, ":": ": "}.get(token, token)
        opened = token in ("{", "[")
        depth += opened

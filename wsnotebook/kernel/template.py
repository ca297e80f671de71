"""Template: the {fields} of a typed text, which are replaced by the values of Python expressions.

The rule is that of an f-string, with two exceptions, which are no templates: a JSON object or array in the text, and
the quantifier of a regular expression, which can be no name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

__all__ = ["MARK", "RULE", "Template"]

MARK = "\0"
"""Stands for a value or a piece of JSON where only the typed words matter; no Python source contains it."""

RULE = """\
{name} is replaced by the variable, {name:05d} with a format, {prices["ACME"]} by the value of
an expression that begins with a name, as in an f-string. {{ and }} are braces. A JSON object or
array stands as it is, and so do $ and the {2}, {2,}, {,3}, {2,5} of a regular expression."""
"""The rule as the help says it."""

_REMEDY = "{name} is replaced by a variable; write {{ and }} for braces that stay"
_BRACKET = re.compile(r"[{}\[]")
_NAME = re.compile(r"[ \t]*[^\W\d]")
_QUANTIFIER = re.compile(r"\{(?:\d+(?:,\d*)?|,\d+)\}")
_END_OF_EXPRESSION = re.compile(r"[:}\n]|!(?!=)")
_CONVERSION = re.compile(r"!([rsa])(?=[:}])")
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"r": repr, "s": str, "a": ascii, "": lambda value: value}
_SHOWN = 24  # characters of the text in an error


class _Json(str):
    """A JSON object or array, which stands as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Field:
    source: str
    code: CodeType
    conversion: str
    format: str

    def value(self, namespace: Mapping[str, Any]) -> str:
        try:
            # A new dict, because eval adds __builtins__; one only, so that inner functions see all of it.
            value = eval(self.code, dict(namespace))  # the expression was typed in the same notebook
            return format(_CONVERSIONS[self.conversion](value), Template(self.format).fill(namespace))
        except Exception as error:  # any: the expression is the user's
            raise ValueError(
                f"{self.source} has no value: {type(error).__name__}: {error}; {_REMEDY}."
            ) from error


class Template:
    """A typed text with its fields.

    Args:
        text: the text, as typed.

    Raises:
        ValueError: a brace that begins neither JSON nor a field; the sentence says what to write.
    """

    def __init__(self, text: str) -> None:
        self._pieces = tuple(_pieces(text))

    @property
    def typed(self) -> str:
        """The text with MARK for each field and each piece of JSON."""
        return "".join(piece if type(piece) is str else MARK for piece in self._pieces)

    def fill(self, namespace: Mapping[str, Any]) -> str:
        """Return the text with the values of its fields, from ``namespace``.

        Raises:
            ValueError: an expression or a format failed.
        """
        return "".join(p.value(namespace) if isinstance(p, _Field) else p for p in self._pieces)

    def mark(self, namespace: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Return the text with MARK for each field, and their values, so that no value is split into words."""
        values = [piece.value(namespace) for piece in self._pieces if isinstance(piece, _Field)]
        return "".join(MARK if isinstance(piece, _Field) else piece for piece in self._pieces), values


def _pieces(text: str) -> Iterator[str | _Field]:
    at = 0
    while bracket := _BRACKET.search(text, at):
        start = bracket.start()
        yield text[at:start]
        piece, at = _piece(text, start)
        yield piece
    yield text[at:]


def _piece(text: str, start: int) -> tuple[str | _Field, int]:
    """Return the piece that begins with the bracket at ``start``, and its end."""
    pair = text[start : start + 2]
    if pair in ("{{", "}}"):
        return pair[0], start + 2
    if quantifier := _QUANTIFIER.match(text, start):
        return quantifier[0], quantifier.end()
    if text[start] == "}":
        raise ValueError(f"the }} at character {start + 1} ends nothing: {_REMEDY}.")
    try:
        end = json.JSONDecoder().raw_decode(text, start)[1]
    except (ValueError, RecursionError) as error:
        problem = getattr(error, "msg", "nested too deep")
    else:
        return _Json(text[start:end]), end
    if text[start] == "[":
        return "[", start + 1
    if _NAME.match(text, start + 1):
        return _field(text, start)
    raise ValueError(f"{_shown(text, start)} is neither JSON ({problem}) nor a variable: {_REMEDY}.")


def _field(text: str, start: int) -> tuple[_Field, int]:
    for end in _END_OF_EXPRESSION.finditer(text, start + 1):
        if end[0] == "\n":
            break
        try:
            code = compile(text[start + 1 : end.start()].strip(), "<field>", "eval")
        except (SyntaxError, ValueError):
            continue  # a colon or brace inside the expression
        at, conversion = end.start(), ""
        if match := _CONVERSION.match(text, at):
            at, conversion = match.end(), match[1]
        stop = _end_of_format(text, at + 1) if text[at] == ":" else at
        if text[stop : stop + 1] != "}":
            break
        return _Field(text[start : stop + 1], code, conversion, text[at + 1 : stop]), stop + 1
    raise ValueError(f"{_shown(text, start)} is no expression in braces: {_REMEDY}.")


def _end_of_format(text: str, at: int) -> int:
    """Return the position of the brace that ends a format, which may contain fields."""
    depth = 0
    while at < len(text) and (depth or text[at] != "}"):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def _shown(text: str, start: int) -> str:
    shown = text[start:].split("\n")[0]
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"

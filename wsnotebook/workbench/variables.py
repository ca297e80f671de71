"""fill_variables(): the values of variables in a text that is clicked and not typed in a cell, such as a named message.

Names only, and nothing is evaluated: a page or a file may be somebody else's. What a cell says is filled by
kernel/template.py, whose fields are expressions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from wsnotebook.payload import PayloadKind

__all__ = ["RULE", "fill_variables"]

RULE = "{name} is replaced by the variable, {name:.2f} with a format; {{name}} stands for {name}"
"""The rule as the help says it."""

_PIECE = re.compile(
    r"\{(?P<kept>\{[^\W\d]\w*[^{}]*\})\}"
    r"|\{(?P<name>[^\W\d]\w*)(?:!(?P<conversion>[rsa]))?(?::(?P<format>[^{}]*))?\}"
    r'|(?P<wrong>\{[^\W\d][^{}"]*\}?)'
)
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CONVERSIONS: dict[str | None, Callable[[Any], Any]] = {
    "r": repr,
    "s": str,
    "a": ascii,
    None: lambda value: value,
}
_SHOWN = 24  # characters of the text in an error


def fill_variables(text: str, kind: PayloadKind, namespace: Mapping[str, Any]) -> str:
    """Return a text with the values of its ``{names}``; other braces stay, so that JSON needs no more of them.

    Args:
        text: as typed.
        kind: with ``"json"`` a value becomes JSON, and inside of a string the characters of one.
        namespace: the variables.

    Raises:
        ValueError: a variable is missing or cannot be written, or braces hold more than a name.
    """
    if kind != "json":
        return _filled(text, namespace, str)
    pieces, end = [], 0
    for string in _JSON_STRING.finditer(text):
        pieces += [_filled(text[end : string.start()], namespace, _as_json)]
        pieces += [_filled(string[0], namespace, _inside_of_string)]
        end = string.end()
    return "".join([*pieces, _filled(text[end:], namespace, _as_json)])


def _filled(text: str, namespace: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    def value_of(piece: re.Match[str]) -> str:
        if piece["kept"] is not None:
            return piece["kept"]
        if piece["wrong"] is not None:
            shown = piece[0] if len(piece[0]) <= _SHOWN else f"{piece[0][:_SHOWN]}…"
            raise ValueError(f"{shown} is no name in braces: {RULE}.")
        if piece["name"] not in namespace:
            raise ValueError(f"there is no variable {piece['name']}: set it in a cell. {RULE}.")
        try:
            value = _CONVERSIONS[piece["conversion"]](namespace[piece["name"]])
            return write(value if piece["format"] is None else format(value, piece["format"]))
        except Exception as error:
            raise ValueError(f"{piece[0]} cannot be written: {type(error).__name__}: {error}.") from error

    return _PIECE.sub(value_of, text)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _inside_of_string(value: Any) -> str:
    return json.dumps(str(value), ensure_ascii=False)[1:-1]

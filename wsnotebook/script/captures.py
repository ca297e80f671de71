"""Names in a script: ``{name}`` is replaced by a value that an earlier line has captured from a message.

In JSON a string that is ``"{name}"`` as a whole stands for the value in its JSON type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from wsnotebook.matching import Capture, WrittenNumber

__all__ = ["NoValue", "captures_in", "fill_json", "fill_regex", "fill_text", "json_pattern"]

_NAME = re.compile(r"\{([A-Za-z_]\w*)\}")
_WHOLE = re.compile(r'"\{([A-Za-z_]\w*)\}"')


class NoValue(LookupError):
    """A name has no value.

    Attributes:
        name: the name, without its braces.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def fill_text(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with its names replaced.

    Raises:
        NoValue: a name has none; here and below.
    """
    return _NAME.sub(lambda match: _as_text(_value(values, match[1])), text)


def fill_regex(text: str, values: Mapping[str, Any]) -> str:
    """Return a regular expression with its names replaced by texts that match themselves."""
    return _NAME.sub(lambda match: re.escape(_as_text(_value(values, match[1]))), text)


def fill_json(text: str, values: Mapping[str, Any]) -> str:
    """Return a JSON document with its names replaced; all else stays as written, numbers to the digit."""
    parts = _WHOLE.split(text)  # text, name, text, …: a replaced value is not searched for names again
    for index, part in enumerate(parts):
        if index % 2:
            parts[index] = _as_json(_value(values, part))
        else:
            parts[index] = _NAME.sub(lambda match: _inside_string(_value(values, match[1])), part)
    return "".join(parts)


def json_pattern(value: Any, values: Mapping[str, Any]) -> Any:
    """Return a JSON value as a pattern: names with a value are replaced, other whole strings become Captures."""
    if isinstance(value, str):
        whole = _NAME.fullmatch(value)
        if whole is not None:
            return values[whole[1]] if whole[1] in values else Capture(whole[1])
        return fill_text(value, values)
    if isinstance(value, dict):
        return {fill_text(key, values): json_pattern(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [json_pattern(inner, values) for inner in value]
    return value


def captures_in(pattern: Any) -> Iterator[str]:
    """Yield the names that a pattern of json_pattern() captures."""
    if isinstance(pattern, Capture):
        if pattern.name != "_":
            yield pattern.name
    elif isinstance(pattern, (dict, list)):
        for inner in pattern.values() if isinstance(pattern, dict) else pattern:
            yield from captures_in(inner)


def _value(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise NoValue(name)
    return values[name]


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else _as_json(value)


def _as_json(value: Any) -> str:
    """Return a value as JSON, with its numbers as the peer has written them."""
    if isinstance(value, WrittenNumber):
        return value.text
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_as_json(key)}: {_as_json(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_json, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _inside_string(value: Any) -> str:
    return json.dumps(_as_text(value), ensure_ascii=False)[1:-1]

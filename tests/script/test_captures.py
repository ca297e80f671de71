"""Captured values in the lines that follow."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.matching import Capture, Pattern
from wsnotebook.script.captures import NoValue, captures_in, fill_json, fill_regex, fill_text, json_pattern

VALUES: dict[str, Any] = {"text": 'a"b.*', "number": 7, "list": [1, "x"], "brace": "{number}"}


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ('{"n": "{number}"}', '{"n": 7}'),
        ('{"n": "no. {number}"}', '{"n": "no. 7"}'),
        ('{"n": "{text}", "l": "{list}"}', '{"n": "a\\"b.*", "l": [1, "x"]}'),
        ('{"n": "<{text}>"}', '{"n": "<a\\"b.*>"}'),
        ('{"n": 1.10, "b": {"c": {}}}', '{"n": 1.10, "b": {"c": {}}}'),
        ('"{brace}"', '"{number}"'),
    ],
)
def test_json_to_send(written: str, filled: str):
    """A whole string becomes the value, a part of one its text; all else, and a value of the peer's, stays."""
    assert fill_json(written, VALUES) == filled


@pytest.mark.parametrize("number", ["1.10", "1E5", "-0", "1e400", "12345678901234567890.5"])
def test_a_captured_number_is_sent_as_it_came(number: str):
    """To the digit, alone, in a text, and within what was captured as a whole."""
    pattern = Pattern(json={"n": Capture("n"), "all": Capture("all")})
    values = pattern.compare(f'{{"n": {number}, "all": [{{"a": {number}}}, 1, null]}}').captures
    assert fill_json('{"n": "{n}", "t": "no. {n}"}', values) == f'{{"n": {number}, "t": "no. {number}"}}'
    assert fill_json('"{all}"', values) == f'[{{"a": {number}}}, 1, null]'
    assert fill_text("price {n}", values) == f"price {number}"
    assert Pattern(f"/{fill_regex('^{n}$', values)}/").compare(number)


def test_texts_and_regular_expressions():
    """A value in a regular expression matches itself and nothing else."""
    assert fill_text("{number}: {text} {3} {}", VALUES) == '7: a"b.* {3} {}'
    pattern = Pattern(f"/{fill_regex('^{text}$', VALUES)}/")
    assert pattern.compare('a"b.*') and not pattern.compare('a"bcc')


def test_json_to_expect():
    """A known name is its value, even one that looks like a name; an unknown whole string is a capture."""
    pattern = json_pattern({"a": ["{number}", "{new}", "{_}"], "{text}": "{brace}"}, VALUES)
    assert pattern == {"a": [7, Capture("new"), Capture("_")], 'a"b.*': "{number}"}
    assert list(captures_in(pattern)) == ["new"]
    with pytest.raises(NoValue, match="new"):
        json_pattern("a {new}", VALUES)

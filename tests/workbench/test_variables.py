"""fill_variables(): values in the place of names, in text and in JSON, and nothing that is evaluated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.workbench.variables import fill_variables

NAMES: dict[str, Any] = {
    "symbol": "ACME",
    "price": 1.2345,
    "n": 7,
    "on": True,
    "nothing": None,
    "quoted": 'a"b\\\n',
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("buy {n} {symbol} at {price:.2f}", "buy 7 ACME at 1.23"),
        ("{symbol!r}{n:03d}", "'ACME'007"),
        ("{{symbol}} is {symbol}", "{symbol} is ACME"),
        ("{{n:03d}}", "{n:03d}"),
        ("{} {1} { } } {", "{} {1} { } } {"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ("{on} {nothing}", "True None"),
    ],
)
def test_names_in_braces_are_replaced_and_other_braces_stay(text: str, filled: str) -> None:
    """As in an f-string where there is a name, and untouched where there is none."""
    assert fill_variables(text, "text", NAMES) == filled


def test_a_value_in_json_is_json() -> None:
    """As a value outside of strings, as characters inside of one: no value breaks out."""
    text = '{"s": "x {quoted} y", "on": {on}, "none": {nothing}, "n": [{n}, "{n}"], "q": {quoted}}'
    expected = {"s": 'x a"b\\\n y', "on": True, "none": None, "n": [7, "7"], "q": 'a"b\\\n'}
    assert json.loads(fill_variables(text, "json", NAMES)) == expected


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{missing}", "there is no variable missing: set it in a cell"),
        ("{n.real}", r"\{n\.real\} is no name in braces"),
        ("{n + 1}", r"\{n \+ 1\} is no name in braces"),
        ("{open('x')}", "is no name in braces"),
        ("{print}", "there is no variable print"),
        ("{__builtins__}", "there is no variable __builtins__"),
        ("{symbol:.2f}", r"\{symbol:\.2f\} cannot be written: ValueError"),
        ("{n", r"\{n is no name in braces"),
    ],
)
def test_what_is_no_variable_is_refused_with_a_sentence(text: str, words: str, kind: Any) -> None:
    """It is not sent as it stands, and not evaluated."""
    with pytest.raises(ValueError, match=words):
        fill_variables(text, kind, NAMES)


def test_a_value_is_not_filled_again() -> None:
    """A variable may hold what a peer has sent."""
    assert fill_variables("{said}", "text", {"said": "{secret}", "secret": "x"}) == "{secret}"


def test_a_value_that_is_no_json_is_refused() -> None:
    """The sentence names the field."""
    with pytest.raises(ValueError, match=r"\{s\} cannot be written: TypeError"):
        fill_variables('{"a": {s}}', "json", {"s": {1}})

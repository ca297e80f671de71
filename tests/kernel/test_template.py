"""Fields of a typed text: as in an f-string, but JSON stands as it is, and a doubtful brace is refused."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from wsnotebook.kernel.template import MARK, Template

NAMES: dict[str, Any] = {
    "price": 42,
    "name": "a b",
    "prices": {"ACME": 1.5, "a:b": 2},
    "rows": [10, 20],
    "when": datetime.datetime(2024, 5, 6, 7, 8),
    "width": 6,
    "braces": "{price}",
}

FILLED = {
    "": "",
    "no braces": "no braces",
    "{price}": "42",
    "{ price }": "42",
    "{price:05d}": "00042",
    "{price:{width}d}|": "    42|",
    "{when:%H:%M}": "07:08",
    "{name!r}": "'a b'",
    "{name!r:>7}": "  'a b'",
    '{prices["ACME"]}': "1.5",
    '{prices["a:b"]}': "2",
    "{rows[-1]}{rows[0:1]}": "20[10]",
    "{when.year}": "2024",
    "{price != 42}": "False",
    "{name.upper()}": "A B",
    "{price if price else 0}": "42",
    "{sum(row + price for row in rows)}": "114",
    "{braces}": "{price}",
    "{{price}}": "{price}",
    "{{}}": "{}",
    "{}": "{}",
    "a $price $5 \\{price}": "a $price $5 \\42",
    '{"price": "{price}"}': '{"price": "{price}"}',
    '{{"price": {price}}}': '{"price": 42}',
    '{{"rows": {rows}, "deep": {{"a": {{}}}}}}': '{"rows": [10, 20], "deep": {"a": {}}}',
    '42["news",{"a":[{}]}] {price}': '42["news",{"a":[{}]}] 42',
    '["{price}"] ["x" {price}]': '["{price}"] ["x" 42]',
    '{"a":1}\n{"b":2}': '{"a":1}\n{"b":2}',
    r"/\d{2}-\d{2,}-\d{,3}-\d{2,5}/": r"/\d{2}-\d{2,}-\d{,3}-\d{2,5}/",
    r"/[a-f]{8}{price}\w{{2}}/": r"/[a-f]{8}42\w{2}/",
}


@pytest.mark.parametrize("text", FILLED)
def test_a_text_is_filled(text: str) -> None:
    """A value is not read again, and whatever begins a JSON object or array stands as it is."""
    assert Template(text).fill(NAMES) == FILLED[text]


REFUSED = {
    "{nosuch}": "{nosuch} has no value: NameError: name 'nosuch' is not defined; {name} is replaced",
    "{json.dumps(price)}": "NameError",
    "{price:x y}": "{price:x y} has no value: ValueError: Invalid format specifier",
    "{1/0}": "{1/0} is neither JSON",
    "{,}": "{,} is neither JSON",
    "{2, 5}": "{2, 5} is neither JSON",
    "{-2}": "{-2} is neither JSON",
    "{price/0}": "ZeroDivisionError",
    '{"p": price}': '{"p": price} is neither JSON (Expecting value) nor a variable',
    "{'a': 1}": "is neither JSON (Expecting property name enclosed in double quotes) nor",
    "{price": "{price is no expression in braces",
    "{price\n}": "no expression in braces",
    "{price + }": "no expression in braces",
    "{price!x}": "no expression in braces",
    "{if}": "no expression in braces",
    "{await price}": "no expression in braces",
    "query { name }}": "the } at character 15 ends nothing",
    "}": "the } at character 1 ends nothing",
    "{{a}": "the } at character 4 ends nothing",
    "{": "is neither JSON",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_brace_that_is_nothing_is_refused(text: str) -> None:
    """With what it was read as, and both remedies."""
    with pytest.raises(
        ValueError, match=r"\{name\} is replaced by a variable; write \{\{ and \}\}"
    ) as raised:
        Template(text).fill(NAMES)
    assert REFUSED[text] in str(raised.value)


def test_a_value_is_marked_and_a_piece_of_json_too() -> None:
    """So that a value is one word, and an option inside of JSON is no option."""
    template = Template('a {name} {"b": "--c"} {{d}}')
    assert template.mark(NAMES) == (f'a {MARK} {{"b": "--c"}} {{d}}', ["a b"])
    assert template.typed == f"a {MARK} {MARK} {{d}}"


def test_the_namespace_stays_as_it_is() -> None:
    """An evaluation adds nothing to it."""
    names = {"x": 1}
    assert Template("{x + (y := 1)}").fill(names) == "2"
    assert names == {"x": 1}

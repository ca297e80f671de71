"""JSON by its values: the same values as the standard library reads, where they stand, and paths to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.jsonvalues import (
    fits,
    json_values,
    parse_keys,
    parse_path,
    parse_single_path,
    replace_spans,
    value_at,
    values_at,
    written_path,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON, st.sampled_from([None, 1]))
def test_every_value_stands_where_it_says(value: Any, indent: int | None) -> None:
    """What is cut out at each place is the value at the path, as json reads it."""
    text = json.dumps(value, indent=indent)
    for each in json_values(text):
        inner = json.loads(text[each.start : each.end])
        assert inner == (value_at(value, each.path) if each.path else value)
        assert each.value == (None if each.is_container(text) else inner)
        key = None if each.key is None else json.loads(text[slice(*each.key)])
        assert key == (each.path[-1] if each.path and isinstance(each.path[-1], str) else None)


@given(st.text(alphabet='{}[]",:1e.-tn\\ ', max_size=12))
def test_what_json_refuses_is_refused(text: str) -> None:
    """And what it reads is read: never another exception."""
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            json_values(text)
    else:
        assert json_values(text)


@pytest.mark.parametrize(
    "text", ["", " ", "[" * 100_000, '{"a":' * 100_000, "[1,]", '{"a" 1}', "{1:2}", "1 2"]
)
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    """Also where the nesting is deeper than the interpreter goes."""
    with pytest.raises(ValueError):
        json_values(text)


def test_a_value_is_replaced_and_nothing_else() -> None:
    """Spaces, the digits of a number and the order of keys stay."""
    text = '{ "b":1e400,"id" :7, "a":[12345678901234567890, "x"] }'
    changes = [
        (each.start, each.end, '"new"') for each in json_values(text) if each.path in (("id",), ("a", 1))
    ]
    assert replace_spans(text, changes) == '{ "b":1e400,"id" :"new", "a":[12345678901234567890, "new"] }'


@pytest.mark.parametrize(
    ("text", "path", "written"),
    [
        ("id", ("id",), "$.id"),
        ("$.payload.id", ("payload", "id"), "$.payload.id"),
        ("params[0].x-y", ("params", 0, "x-y"), '$.params[0]["x-y"]'),
        ("[1]", (1,), "$[1]"),
        ('$["a b"][2]', ("a b", 2), '$["a b"][2]'),
        ("$.*.id", (None, "id"), "$[*].id"),
        ("rows[*]", ("rows", None), "$.rows[*]"),
    ],
)
def test_a_path_is_read_and_written(text: str, path: tuple[Any, ...], written: str) -> None:
    """What was written is read again as the same."""
    assert parse_path(text) == path and written_path(path) == written and parse_path(written) == path


@pytest.mark.parametrize("text", ["", "$", "a b", "a[", "[x]", "a[-1]", "$id", "a*b", "a[0]b", "a..b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    """With examples of what to write."""
    with pytest.raises(ValueError, match="payload.id"):
        parse_path(text)


def test_a_pattern_fits_a_path_step_by_step() -> None:
    """A star stands for one step of any kind; an index is not the key of the same digits."""
    assert fits(("a", 0), ("a", None)) and fits(("a", "b"), ("a", None))
    assert not fits(("a",), ("a", None)) and not fits(("0",), (0,)) and not fits((True,), (1,))


@pytest.mark.parametrize("path", [("b",), ("a", 1), ("a", "0"), (0,), ("a", 0, "x")])
def test_nothing_there_is_a_lookup_error(path: Any) -> None:
    """Whatever the step does not fit."""
    with pytest.raises(LookupError):
        value_at({"a": [1]}, path)


def test_a_path_of_one_value_has_no_star() -> None:
    """An id has one place."""
    assert parse_single_path("$.a[0]") == ("a", 0)
    with pytest.raises(ValueError, match="without"):
        parse_single_path("a[*].id")


def test_keys_alone_have_neither_index_nor_star() -> None:
    """Where the elements of an array are meant all together."""
    assert parse_keys('data["a.b"]') == ("data", "a.b")
    for text, match in (("rows[0].id", "leave out its index"), ("rows[*].id", "without")):
        with pytest.raises(ValueError, match=match):
            parse_keys(text)


@pytest.mark.parametrize(
    ("path", "values"), [("a[*].b", [1, 2]), ("a.*.b", [1, 2]), ("*", [[{"b": 1}, {"b": 2}], 3]), ("a[5]", []), ("c.d", [])]
)  # fmt: skip
def test_a_pattern_finds_its_values(path: str, values: list[Any]) -> None:
    """Those of each element and key that a star stands for; nothing is no error."""
    assert list(values_at({"a": [{"b": 1}, {"b": 2}], "c": 3}, parse_path(path))) == values

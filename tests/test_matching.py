"""Patterns: what matches, what does not, and how the difference is named."""

from __future__ import annotations

import re
from typing import Any

import pytest

from wsnotebook.matching import Capture, Pattern, WrittenNumber, shown


@pytest.mark.parametrize(
    ("what", "yes", "no"),
    [
        (..., "anything", None),
        ("a", "cab", "dog"),
        ("a", "a", b"a"),
        (b"a", b"cab", "a"),
        ("/", "a/b", "ab"),
        ("//", "a//b", "a/b"),
        ("/^b+$/", "bbb", "abb"),
        (str, "a", b"a"),
        (bytes, b"a", "a"),
        (re.compile("b+"), "abbc", "ac"),
        (re.compile("b+"), "abbc", b"abbc"),
        (re.compile(b"b+"), b"abbc", "abbc"),
        (lambda message: len(message) == 3, "abc", "ab"),
        ({"a": [1]}, '{ "a":[1], "b": 2 }', '{"a": [2]}'),
        ({"a": [1]}, '{"a": [1]}', '{"a": [1, 2]}'),
        ({"a": [{"b": 1}]}, '{"a": [{"b": 1, "c": 2}]}', '{"a": [{"c": 1}]}'),
        ({"a": {"b": ...}}, '{"a": {"b": null}}', '{"a": {"c": 1}}'),
        ({"a": None}, '{"a": null}', "{}"),
        ({"a": 1}, '{"a": 1.0}', '{"a": true}'),
        ({"a": 1}, b'{"a": 1}', '{"a": "1"}'),
        ([1, {}], '[1, {"a": 1}]', "[1, []]"),
        ({}, "{}", "[]"),
    ],
)
def test_what_matches(what: Any, yes: str | bytes, no: str | bytes | None):
    """Each kind of pattern accepts one message and refuses another, with a phrase for the difference."""
    assert Pattern(what).compare(yes)
    if no is not None:
        refused = Pattern(what).compare(no)
        assert not refused and all(refused.differences)


@pytest.mark.parametrize(
    ("json", "yes", "no"), [("a", '"a"', '"ab"'), (0, "0", "false"), (None, "null", "0"), ([], "[]", "[1]")]
)
def test_json_of_any_type(json: Any, yes: str, no: str):
    """As json= also a scalar is compared, exactly."""
    assert Pattern(json=json).compare(yes)
    assert not Pattern(json=json).compare(no)


def test_both_have_to_match():
    """A text and JSON are compared with the same message."""
    pattern = Pattern("trade", json={"price": 1})
    assert pattern.compare('{"kind": "trade", "price": 1}')
    assert not pattern.compare('{"kind": "quote", "price": 1}')
    assert not pattern.compare('{"kind": "trade", "price": 2}')
    assert str(pattern) == "'trade' and JSON with {'price': 1}"


def test_the_path_of_a_difference():
    """Each path that differs is named, with both values."""
    expected = {"a": {"b c": [1, {"d": "x"}], "e": {}, "f": [1, 2]}, "g": 1}
    found = Pattern(expected).compare('{"a": {"b c": [1, {"d": "y"}], "e": 3, "f": [1]}}')
    assert found.differences == (
        '$.a["b c"][1].d is "y", expected "x"',
        "$.a.e is 3, expected an object",
        "$.a.f has 1 elements, expected 2",
        "$.g is missing",
    )


def test_differences_are_few_and_short():
    """A message of a megabyte in which all differs does not fill the screen, nor does it move the cursor."""
    found = Pattern(json=["x"] * 1000).compare(
        "[" + ", ".join(['"\\u001b[2J' + "y" * 999 + '"'] * 1000) + "]"
    )
    assert len(found.differences) == 5
    assert len(" ".join(found.differences)) < 2000 and "\x1b" not in " ".join(found.differences)


@pytest.mark.parametrize("message", ["{", "", b"\xff\xfe\xfd", "9" * 5000, "[" * 100_000])
def test_what_is_no_json_is_said(message: str | bytes):
    """Broken, too large and too deep JSON is a difference and no exception."""
    assert Pattern({"a": 1}).compare(message).differences[0].startswith("it is no JSON: ")


def test_captures():
    """Named groups and Captures keep what matched, in its JSON type; a name that is used twice has one value."""
    assert Pattern(r"/id=(?P<id>\d+)(?P<more>x)?/").compare("id=42").captures == {"id": "42", "more": None}
    pattern = Pattern(json={"id": Capture("id"), "of": {"list": [Capture("first"), ...]}})
    assert pattern.compare('{"id": 7, "of": {"list": [null, 2]}}').captures == {"id": 7, "first": None}
    twice = Pattern(json=[Capture("a"), Capture("a")])
    assert twice.compare("[1, 1]").captures == {"a": 1}
    assert twice.compare("[1, true]").differences == ("$[1] is true, but {a} is 1",)


@pytest.mark.parametrize("number", ["1.10", "1E5", "-0", "1e400", "12345678901234567890.5"])
def test_a_captured_number_knows_how_it_was_written(number: str):
    """It is compared by its value, as any number."""
    captured = Pattern(json={"a": [Capture("n")]}).compare(f'{{"a": [{number}]}}').captures["n"]
    assert isinstance(captured, WrittenNumber) and captured.text == number and captured == float(number)
    assert Pattern(json=[captured, ...]).compare(f"[{float(number)!r}, 0]".replace("inf", "1e999"))


@pytest.mark.parametrize(("wrong", "error"), [("/(/", ValueError), (5, TypeError), (None, TypeError)])
def test_a_wrong_pattern_is_refused(wrong: Any, error: type[Exception]):
    """At once, with a sentence that says what to write."""
    with pytest.raises(error, match="slashes|use a str"):
        Pattern(wrong)


def test_what_a_function_raises_is_not_hidden():
    """A fault of the function is no difference of the message."""
    with pytest.raises(ZeroDivisionError):
        Pattern(lambda message: 1 / 0).compare("x")


def test_shown_is_escaped_and_cut():
    """A peer's text in a sentence moves no cursor and is short."""
    assert shown("a\x1b\u202e") == "'a\\x1b\\u202e'"
    assert shown("x" * 10_000).endswith("… (10,002 characters)") and len(shown("x" * 10_000)) < 250

"""Differences of JSON values by path."""

from __future__ import annotations

import math
from typing import Any

import pytest

from wsnotebook.analysis.differences import canonical, differences, parsed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ("NaN", "NaN"),
        ("-0.0", "0"),
        ("1e30", "1" + "0" * 30),
        ("0.50", "5e-1"),
        ("0.1", "0.10"),
        ("1.00e400", "10e399"),
        ("Infinity", "Infinity"),
    ],
)
def test_a_number_is_the_same_in_every_notation(one: str, other: str) -> None:
    """Of whatever type Python makes it, alone and in an object, for differences() and canonical() alike."""
    for written in ("%s", '{"a": [%s]}'):
        values = [parsed(written % each) for each in (one, other)]
        assert not list(differences(*values))
        assert canonical(values[0], ()) == canonical(values[1], ())
        assert hash(canonical(values[0], ())) == hash(canonical(values[1], ()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "true"),
        ("1", '"1"'),
        ("null", "0"),
        ("NaN", '"nan"'),
        ("1e400", "1e500"),
        ("0.1", "0.1000000000000000000001"),
        ("9007199254740992.0", "9007199254740993"),
        ("[]", "{}"),
        ("1e400", "Infinity"),
    ],
)
def test_numbers_that_are_close_are_not_the_same(one: str, other: str) -> None:
    """Nor is what only looks alike."""
    values = [parsed(f'{{"a": {each}}}') for each in (one, other)]
    assert len(list(differences(*values))) == 1
    assert canonical(values[0], ()) != canonical(values[1], ())


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, []),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["a.b[1].c: 2 -> 3"]),
        ({"a": 1}, {"b": None}, ["a: 1 -> absent", "b: absent -> None"]),
        ([1], [1, 2], ["[1]: absent -> 2"]),
        ({"a": 1}, {"a": "1"}, ["a: 1 -> '1'"]),
        ({"a": 1}, {"a": True}, ["a: 1 -> True"]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 0.1}, {"a": 0.2}, ["a: 0.1 -> 0.2"]),
        ({"a": math.nan}, {"a": float("nan")}, []),
        ({"a": math.nan}, {"a": "nan"}, ["a: nan -> 'nan'"]),
        (parsed("[1e400]"), parsed("[1e500]"), ["[0]: Decimal('1E+400') -> Decimal('1E+500')"]),
        ({"": 1, "a": {"": {"b": 2}}}, {"": 3, "a": {"": {}}}, ['[""]: 1 -> 3', 'a[""].b: 2 -> absent']),
        ("x", {"a": 1}, [": 'x' -> {'a': 1}"]),
        (b"\x00", b"\x01", [": b'\\x00' -> b'\\x01'"]),
    ],
)
def test_paths_lead_to_what_differs(before: Any, after: Any, found: list[str]) -> None:
    """The order of keys does not matter, the type of a value does."""
    told = [f"{each.path}: {each.before!r} -> {each.after!r}" for each in differences(before, after)]
    assert told == found


def test_ignored_keys_are_looked_for_at_any_depth() -> None:
    """One that is dotted only where its objects are."""
    before, after = ({"ts": n, "d": {"ts": n, "x": n}, "l": [{"ts": n}]} for n in (1, 2))
    assert [each.path for each in differences(before, after, [("ts",)])] == ["d.x"]
    assert [each.path for each in differences(before, after, [("d", "ts")])] == ["ts", "d.x", "l[0].ts"]
    assert canonical(before, [("ts",), ("x",)]) == canonical(after, [("ts",), ("x",)])
    assert canonical(before, [("ts",)]) != canonical(after, [("ts",)])


def test_a_text_that_is_no_json_is_itself() -> None:
    """So are bytes, unless they are an object or an array; equal texts and bytes are not the same."""
    assert parsed("oops") == "oops" and parsed(b"7") == b"7" and parsed('{"a": 1}') == parsed(b' {"a": 1}')
    assert canonical("x", []) != canonical(b"x", []) and canonical(1, []) != canonical(True, [])

"""Differences of JSON values by path."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.analysis.differences import canonical, differences, parsed


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
    """So are bytes; equal texts and bytes are not the same."""
    assert parsed("oops") == "oops" and parsed(b"{}") == b"{}" and parsed('{"a": 1}') == {"a": 1}
    assert canonical("x", []) != canonical(b"x", []) and canonical(1, []) != canonical(True, [])

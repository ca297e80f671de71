"""Sequences aligned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.analysis.alignment import align


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("abc", "abc", ([(0, 0), (1, 1), (2, 2)], [], [], [], [])),
        ("abc", "ac", ([(0, 0), (2, 1)], [], [], [1], [])),
        ("ac", "abc", ([(0, 0), (1, 2)], [], [], [], [1])),
        ("abc", "axc", ([(0, 0), (2, 2)], [], [(1, 1)], [], [])),
        ("abcd", "bcda", ([(1, 0), (2, 1), (3, 2)], [(0, 3)], [], [], [])),
        ("aab", "ab", ([(0, 0), (2, 1)], [], [], [1], [])),
        ("", "ab", ([], [], [], [], [0, 1])),
    ],
)
def test_pairs_are_found(first: str, second: str, expected: tuple[list[object], ...]) -> None:
    """In order, elsewhere, replaced, missing, extra."""
    assert tuple(align(first, second)) == expected


@given(st.text("abc", max_size=12), st.text("abcd", max_size=12))
def test_every_item_is_in_one_place(first: str, second: str) -> None:
    """Nothing is lost or twice, equal items are equal, and the order is one of both."""
    found = align(first, second)
    pairs = [*found.in_order, *found.reordered, *found.replaced]
    assert sorted([one for one, _ in pairs] + found.missing) == list(range(len(first)))
    assert sorted([other for _, other in pairs] + found.extra) == list(range(len(second)))
    assert all(first[one] == second[other] for one, other in [*found.in_order, *found.reordered])
    assert found.in_order == sorted(found.in_order) and sorted(b for _, b in found.in_order) == [
        b for _, b in found.in_order
    ]
    assert not found.reordered or first != second

"""Numbers that a service counts up: missing, twice, late, and begun again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.conftest import Talk
from wsnotebook.files.framelog import FrameLog


def record(talk: Any, numbers: list[Any], **more: Any) -> Any:
    """Receive a message for each number; return the DataFrame."""
    for at, number in enumerate(numbers):
        talk.receive(at, (0x81, json.dumps({"n": number, **more}).encode()))
    return talk.log.df


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ([1, 2, 3], []),
        ([5, 6, 9, 10], [("missing", 7, 9, 2)]),
        ([1, 2, 2, 3, 1], [("duplicate", 3, 2, 1), ("duplicate", 4, 1, 1)]),
        ([1, 3, 2, 4], [("reordered", 4, 2, 1)]),
        ([1, 5, 3, 6], [("missing", 2, 5, 2), ("reordered", 6, 3, 1)]),
        ([1, 3, 5, 2, 6], [("missing", 4, 5, 1), ("reordered", 6, 2, 1)]),
        ([7, 8, 9, 1, 2, 3], [("reset", 10, 1, 1)]),
        ([1, 2, 3, 1, 2, 4], [("reset", 4, 1, 1), ("missing", 3, 4, 1)]),
        ([7, 8, 6, 9], [("reordered", 9, 6, 1)]),
        ([100, 101, 50, 51, 53], [("reset", 102, 50, 1), ("missing", 52, 53, 1)]),
        ([-2, -1, 0, 1], []),
        ([2**63 - 2, 2**63 - 1], []),
    ],
)  # fmt: skip
def test_irregular_numbers_are_listed(
    talk: Any, numbers: list[int], found: list[tuple[str, int, int, int]]
) -> None:
    """Kind, the number that was expected, the one that came, and how many."""
    table = record(talk, numbers).ws.sequence("n")
    assert list(table[["kind", "expected", "value", "count"]].itertuples(index=False, name=None)) == found


def test_each_key_connection_and_direction_counts_for_itself(talk: Any, another: Callable[..., Any]) -> None:
    """Interleaved in one log."""
    other = another("t")
    for number in (1, 2, 4):
        record(talk, [number], symbol="A")
        record(talk, [number * 10, number * 10 + 1], symbol="B")
        record(other, [number], symbol="A")
    found = talk.log.df.ws.sequence("n", by="symbol")
    assert found[["session", "symbol", "kind", "value", "count", "seq"]].to_numpy().tolist() == [
        ["s", "B", "missing", 20, 8, 5],
        ["s", "A", "missing", 4, 1, 8],
        ["s", "B", "missing", 40, 18, 9],
        ["t", "A", "missing", 4, 1, 11],
    ]
    assert found.attrs["sequence"]["missing"] == 28 and found.attrs["sequence"]["values"] == 12


def test_an_array_has_several_numbers(talk: Any) -> None:
    """Objects of one message are one after the other in the sequence of their connection."""
    for first in (1, 4, 8):
        talk.receive(0, (0x81, json.dumps([{"n": first}, {"n": first + 1}, {"n": first + 2}]).encode()))
    found = talk.log.df.ws.sequence("n")
    assert found[["seq", "kind", "value", "count"]].to_numpy().tolist() == [[2, "missing", 8, 1]]


def test_what_is_no_whole_number_is_counted(talk: Any) -> None:
    """Other strings, fractions, and integers over 64 bits are no part of the sequence."""
    found = record(talk, [1, "x", 2, 2.5, None, 2**64, True, 3]).ws.sequence("n")
    assert not len(found) and found.attrs["sequence"]["not_integer"] == 4
    with pytest.raises(ValueError, match="no message has the key 'm': give one of n"):
        talk.log.df.ws.sequence("m")


@pytest.mark.parametrize(
    "numbers",
    [
        ["100", "101", "105"],
        [None, "100", "101", "105"],
        ["100", 101, 101.5, "105", "10²", "9" * 101],
        [None, 100, 101.0, 105],
        ["9007199254740992", "9007199254740993", "9007199254740997", None, 0.5],
        [9007199254740992, 9007199254740993, 9007199254740997, 0.5],
        [2**63 - 6, 2**63 - 5, str(2**63 - 1), None],
    ],
)
def test_another_value_hides_no_number(talk: Any, numbers: list[Any]) -> None:
    """One in a string is a number, and no row changes the type of another."""
    talk.receive(0, (0x81, b'{"type": "welcome"}'))
    found = record(talk, numbers).ws.sequence("n")
    assert found[["kind", "count"]].to_numpy().tolist() == [["missing", 3]]


def test_keys_of_two_types_are_two(talk: Any) -> None:
    """1 is not true, and not "1"."""
    for number in (1, 2):
        for key in (1, True, "1", [1], None):
            record(talk, [number], k=key)
    assert not len(talk.log.df.ws.sequence("n", by="k"))


@settings(deadline=None)
@given(st.lists(st.integers(2, 30), max_size=30))
def test_missing_numbers_are_those_that_never_came(numbers: list[int]) -> None:
    """In one run, the count is that of a set, whatever came late or twice."""
    numbers = [2, *numbers]  # so that nothing can begin again below it
    totals = record(Talk(FrameLog()), numbers).ws.sequence("n").attrs["sequence"]
    assert totals["reset"] == 0
    assert totals["missing"] == len(set(range(2, max(numbers))) - set(numbers))
    assert totals["duplicate"] == len(numbers) - len(set(numbers))

"""JsonExtent: the end of a value is where a machine that looks at each character finds it, however the text is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wsnotebook.files.jsonextent import JsonExtent


def end_by_hand(text: str) -> int | None:
    """Return where the value at the begin of a text ends; None where the text ends before it."""
    depth, in_string, place = 0, False, 0
    while place < len(text):
        mark = text[place]
        if in_string and mark == "\\":
            place += 1
        elif mark == '"':
            in_string = not in_string
        elif not in_string and mark in "[{":
            depth += 1
        elif not in_string and mark in "]}":
            depth -= 1
        place += 1
        if depth <= 0 and not in_string:
            return place if place <= len(text) else None
    return None


def end_in_pieces(text: str, size: int, *, counts: bool) -> int | None:
    """Return the same as JsonExtent finds it, given ``size`` characters more at a time."""
    extent, at = JsonExtent(text[0], counts=counts), 0
    for stop in range(size, len(text) + size, size):
        at = extent.follow(text[:stop], at)
        if extent.is_whole:
            return at
    return None


TEXTS = st.builds(
    str.__add__, st.sampled_from('{["'), st.text(st.sampled_from('ab"\\[]{},: \n'), max_size=40)
)


@pytest.mark.parametrize("counts", [True, False])
@given(text=TEXTS, size=st.integers(1, 50))
@example(text='{aa{}"\n{', size=50)
@example(text='["][{[,\\}', size=50)
@example(text=json.dumps([[*range(600)], "\\" * 1000, ["x"] * 600, {"deep": [[[]]] * 300}]), size=10_000)
@example(text=json.dumps("[" * 1000 + '"' * 1000), size=10_000)
def test_the_end_of_a_value_is_where_its_brackets_and_quotes_end(
    text: str, size: int, *, counts: bool
) -> None:
    """Also of damaged text, and of more values in a row than are passed over at once."""
    assert end_in_pieces(text, size, counts=counts) == end_by_hand(text)

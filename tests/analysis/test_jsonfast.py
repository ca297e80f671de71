"""Arrow's way through JSON: the same rows as Python's, or the text is handed back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wsnotebook.analysis.jsonexact import ExactParser
from wsnotebook.analysis.jsonfast import parse
from wsnotebook.analysis.jsontable import parts_of, table

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(
    ["", "a", "null", '"', "\\", "2020-01-01", "é", "\ud800", 2**63, 2**53 + 1, 1.0]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcn"), inner, max_size=3), max_leaves=8
)  # fmt: skip
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c", "a.b", ""]), VALUES, max_size=4)


def arrow(texts: list[str]) -> pa.Array:
    return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.large_string())


def rows_of(texts: list[str], path: list[str], *, flatten: bool) -> tuple[Any, ...]:
    """The cells and counts of the fast way together with those of the exact way for what it left."""
    given_texts = arrow(texts)
    found = parse(given_texts, path, flatten=flatten)
    exact = ExactParser(path, flatten=flatten)
    left = np.sort(np.concatenate([parsed.left for parsed in found]))
    pieces = [parsed.piece for parsed in found if len(parsed.piece.sources)]
    pieces.append(exact.parse(given_texts.take(pa.array(left)).to_pylist(), left.tolist()))
    for parsed in found:
        exact.counts["null"] += parsed.nulls
        exact.counts["not_object"] += parsed.not_object
    return cells(pieces), +exact.counts


def cells(pieces: Any) -> Any:
    """Columns by name, with the type of each value; the order of columns may differ between the two ways."""
    sources = np.concatenate([piece.sources for piece in pieces])
    order = np.argsort(sources, kind="stable")
    columns, _ = table(parts_of(pieces, order), len(order))
    shown = {
        name: [(repr(number_as_float(value)), type(value)) for value in list(column)]
        for name, column in columns.items()
    }
    return sources[order].tolist(), dict(sorted(shown.items()))


def number_as_float(value: Any) -> Any:
    """A value within another, of which Arrow makes all numbers floats where one is: 1 is 1.0."""
    if isinstance(value, list):
        return [
            number_as_float(each) if isinstance(each, list | dict) else exact_float(each) for each in value
        ]
    if isinstance(value, dict):
        return {
            key: number_as_float(each) if isinstance(each, list | dict) else exact_float(each)
            for key, each in value.items()
        }
    return value


def exact_float(value: Any) -> Any:
    is_exact = type(value) is int and abs(value) <= 2**53
    return float(value) if is_exact else value


@settings(max_examples=60, deadline=None)
@given(
    st.lists(OBJECTS | st.lists(OBJECTS | SCALARS, max_size=3) | VALUES, max_size=8),
    st.booleans(),
    st.sampled_from([[], ["a"], ["a", "b"]]),
)
@example([{}, {"a": {"a": "2020-01-01"}}], False, [])
@example([{"a": None, "b": None, "c": None, "a.b": None}, {"a": {"b": False}}], True, [])
def test_both_ways_have_the_same_rows(values: list[Any], flatten: bool, path: list[str]) -> None:
    """Whatever the values are: rows, columns, dtypes and counts are those of the exact way for all."""
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    exact = ExactParser(path, flatten=flatten)
    piece = exact.parse(arrow(texts).to_pylist(), range(len(texts)))
    assert rows_of(texts, path, flatten=flatten) == (cells([piece]), +exact.counts)


PIECES = [
    '{"a":1}',
    '{"v":1}',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "1",
    "null",
    "NaN",
    " ",
    "\n",
    "\\",
    '"a"',
    '"w":2',
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=7).map("".join), max_size=4))
def test_no_text_gets_help_from_its_neighbours(texts: list[str]) -> None:
    """Fragments of JSON in any order: only what is JSON by itself is a row."""
    exact = ExactParser([])
    piece = exact.parse(texts, range(len(texts)))
    assert rows_of(texts, [], flatten=True) == (cells([piece]), +exact.counts)


def test_small_messages_are_left_to_nobody() -> None:
    """A thousand trades, one of which is wrong: Arrow has all but those near it."""
    texts = [f'{{"price": {number}.5, "id": {number}, "data": {{"side": "buy"}}}}' for number in range(3000)]
    assert sum(len(parsed.left) for parsed in parse(arrow(texts), [], flatten=True)) == 0
    texts[1000] = "{"
    assert sum(len(parsed.left) for parsed in parse(arrow(texts), [], flatten=True)) < 256


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    ['{"a":' * 100_000 + "1" + "}" * 100_000, '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"],
    ids=["objects", "lists"],
)
def test_a_deep_text_is_not_given_to_arrow(text: str) -> None:
    """Its parser would end the process."""
    code = (
        "import sys, pyarrow as pa; from wsnotebook.analysis.jsonfast import parse; "
        "print(sum(len(found.left) for found in parse(pa.array([sys.stdin.read()], pa.large_string()), [], flatten=True)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"

"""laid_out: JSON text with an entry a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.jsonlayout import laid_out


def _documents(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children) | st.dictionaries(st.text(), children)


def _unfolds(document: Any) -> bool:
    return isinstance(document, list | dict)


@pytest.mark.parametrize("text", ["1", '"a"', "null", "{", "[1,]", "hello", "", "[" * 100_000])
def test_what_is_no_json_document_has_no_layout(text: str) -> None:
    """Bare values have nothing to unfold, broken and too deep documents are shown as text only."""
    assert laid_out(text) is None


@given(
    st.recursive(st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), _documents).filter(
        _unfolds
    )
)
def test_indenting_changes_nothing_but_blanks(document: Any) -> None:
    """The indented text is the same document, whatever stands in its strings."""
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=1)):
        shown = laid_out(text)
        assert shown is not None and json.loads(shown) == document


def test_indenting_keeps_numbers_keys_and_escapes_as_they_were_sent() -> None:
    """Parsed and written again they would be others."""
    text = '{"a": 1.10, "n": 123456789012345678901234567890.5, "a": "\\u00e9", "empty": [{}, []]}'
    assert laid_out(text) == (
        '{\n  "a": 1.10,\n  "n": 123456789012345678901234567890.5,\n  "a": "\\u00e9",\n'
        '  "empty": [\n    {},\n    []\n  ]\n}'
    )


def test_blanks_of_deep_levels_do_not_outgrow_the_text() -> None:
    """Of 900 levels around a list of 100,000 they would be 180 MB; its lines stay lines."""
    text = "[" * 900 + ",".join("1" * 100_000) + "]" * 900
    shown = laid_out(text)
    assert shown is not None and len(shown) < 50 * len(text) and shown.count("\n") > 100_000

"""safe_text(): what a peer sent cannot move a cursor or reorder a line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.safetext import safe_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, <b>markup</b> & \\back", "plain, <b>markup</b> & \\back"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("\u2066isolate\u2069 \u200bzero\ufeff", "\\u2066isolate\\u2069 \\u200bzero\\ufeff"),
        ("line\u2028separator", "line\\u2028separator"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("日本\u3000語 é 😀 \xa0", "日本\u3000語 é 😀 \xa0"),
        ("", ""),
    ],
)
def test_controls_bidi_and_invisible_characters_become_escapes(text: str, shown: str) -> None:
    """Each kind of dangerous character is escaped; letters, spaces and markup stay as they are."""
    assert safe_text(text) == shown


def test_kept_characters_stay() -> None:
    """A block of several lines keeps its line ends, and nothing else."""
    assert safe_text("a\n\tb\r\x1b", keep="\n\t") == "a\n\tb\\r\\x1b"


@given(st.text())
def test_no_text_leaves_a_control_or_format_character(text: str) -> None:
    """Whatever comes in, no character of a category that steers comes out, and a second pass changes nothing."""
    shown = safe_text(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert safe_text(shown) == shown

"""The meanings of close codes."""

from __future__ import annotations

import pytest

from wsnotebook.widgets.closemeaning import meaning_of
from wsnotebook.wire.frames import CloseCode


@pytest.mark.parametrize("code", [*CloseCode, 1004])
def test_every_registered_code_has_a_meaning_and_a_source(code: int) -> None:
    """The RFC, or the registry."""
    assert "not defined" not in meaning_of(code) and (
        "§7.4.1" in meaning_of(code) or "IANA" in meaning_of(code)
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "not used"), (999, "not used"), (1016, "not defined"), (3000, "libraries"), (4999, "application's own"), (5000, "no close code")],
)  # fmt: skip
def test_other_codes_have_the_meaning_of_their_range(code: int, words: str) -> None:
    """RFC 6455 §7.4.2."""
    assert words in meaning_of(code) and "§7.4.2" in meaning_of(code)

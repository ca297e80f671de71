"""Retry-After: seconds or a date, in every form that a server may send."""

from __future__ import annotations

import pytest

from wsnotebook.session.retryafter import retry_after

MOMENT = 784_111_777.0
"""Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110 §5.6.7."""


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("9" * 400, 86_400.0),
        ("Sun, 06 Nov 2994 08:49:37 GMT", 86_400.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 37.0),
        ("Sun Nov  6 08:49:37 1994", 37.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        (None, 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("1e9", 0.0),
        ("\u0663", 0.0),
        ("Sun, 99 Nov 1994 08:49:37 GMT", 0.0),
    ],
)
def test_the_seconds_of_a_field(value: str | None, seconds: float) -> None:
    """A date is held against the clock; one that has passed, or that is none, asks for nothing."""
    assert retry_after(value, MOMENT - 37.0) == seconds

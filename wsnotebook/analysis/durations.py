"""How a question is told a length of time."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

__all__ = ["Duration", "nanoseconds"]

Duration = str | float | timedelta
"""Seconds as a number, ``"100ms"`` or ``"1min"`` as pandas reads it, or a timedelta."""


def nanoseconds(duration: Duration, name: str) -> int:
    """Return a duration in whole nanoseconds.

    Args:
        duration: what the caller gave.
        name: of the argument, for the sentence.

    Raises:
        ValueError: it is none, or not over zero.
    """
    try:
        span = _timedelta(duration)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(
            f"{name} is a duration such as '1s', '100ms' or 0.5 (seconds), not {duration!r}"
        ) from error
    count = 0 if pd.isna(span) else span.as_unit("ns").value
    if count <= 0:
        raise ValueError(
            f"{name} is a duration over zero, such as '1s', '100ms' or 0.5 (seconds), not {duration!r}"
        )
    return count


def _timedelta(duration: Duration) -> pd.Timedelta:
    if isinstance(duration, timedelta):
        return pd.Timedelta(duration)
    try:
        seconds = float(duration)  # also "5", which pandas alone would read as nanoseconds
    except ValueError:
        return pd.Timedelta(duration)
    return pd.Timedelta(round(seconds * 1e9), unit="ns")

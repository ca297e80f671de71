"""Durations as arguments of questions, and their conversion to nanoseconds."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

__all__ = ["Duration", "nanoseconds"]

Duration = str | float | timedelta
"""Seconds as a number, a text such as ``"100ms"`` or ``"1min"`` in the syntax of pandas.Timedelta, or a timedelta."""


def nanoseconds(duration: Duration, name: str) -> int:
    """Return a duration in whole nanoseconds; ``nanoseconds("100ms", "every")`` is 100,000,000.

    Args:
        duration: the argument of the caller.
        name: name of the argument, for the message.

    Raises:
        ValueError: ``duration`` is not a duration, or is not over zero.
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
        seconds = float(duration)  # also "5", which pandas.Timedelta would read as nanoseconds
    except ValueError:
        return pd.Timedelta(duration)
    return pd.Timedelta(round(seconds * 1e9), unit="ns")

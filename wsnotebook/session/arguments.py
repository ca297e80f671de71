"""Checks of the numbers that a user may set: sizes and times."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["check_frame_size", "seconds"]


def check_frame_size(limit: int | None) -> int | None:
    """Return a size limit.

    Raises:
        ValueError: not over 0.
    """
    if limit is not None and limit <= 0:
        raise ValueError(f"max_frame_size is a number of bytes over 0, or None for no limit; not {limit}")
    return limit


def seconds(value: float | timedelta, name: str) -> float:
    """Return a time in seconds.

    Raises:
        ValueError: not over 0.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not number > 0:
        raise ValueError(f"{name} is a number of seconds over 0, not {value!r}; None turns it off")
    return number

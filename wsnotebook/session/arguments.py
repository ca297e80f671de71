"""Checks of numeric arguments: sizes in bytes, times in seconds. Checks of the handshake are in address.py."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["check_frame_size", "seconds"]


def check_frame_size(limit: int | None) -> int | None:
    """Return a size limit in bytes, None for no limit.

    Raises:
        ValueError: ``limit`` is not over 0.
    """
    if limit is not None and limit <= 0:
        raise ValueError(f"max_frame_size is a number of bytes over 0, or None for no limit; not {limit}")
    return limit


def seconds(value: float | timedelta, name: str) -> float:
    """Return a number or a timedelta in seconds.

    Args:
        value: seconds, or a timedelta.
        name: name of the argument, for the message.

    Raises:
        ValueError: ``value`` is not over 0.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not number > 0:
        raise ValueError(f"{name} is a number of seconds over 0, not {value!r}; None turns it off")
    return number

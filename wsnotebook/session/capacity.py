"""Capacity and Channels: how many frames the two channels of a session hold, and what happens beyond."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["Capacity", "Channels", "Overflow", "bounded", "unlimited"]

DEFAULT_OUTGOING = 256  # frames: the size of one write of small ones; more would only hide a slow peer

Overflow: TypeAlias = Literal["suspend", "close"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much a channel holds, and what happens beyond."""

    size: int | None
    """Frames; None for no limit."""
    overflow: Overflow = "suspend"
    """"suspend" makes the sending side wait; "close" ends the session with ChannelOverflow."""


def unlimited() -> Capacity:
    """Return a capacity without a limit: received frames are in the log anyway.

    Example: ``Channels(outgoing=unlimited())``.
    """
    return Capacity(None)


def bounded(n: int, overflow: Overflow = "suspend") -> Capacity:
    """Return a capacity of ``n`` frames.

    Example: ``Channels(incoming=bounded(100, overflow="close"))``.

    Args:
        n: at least 1. For ``incoming`` with "suspend", reading from the socket pauses while ``n`` or more wait, which
            also leaves pings unanswered; the read that passed ``n`` is kept whole.
        overflow: "suspend" or "close".

    Raises:
        ValueError: ``n`` under 1, or another word for overflow.
    """
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"a bounded channel holds at least 1 frame, not {n!r}; unlimited() has no limit")
    if overflow not in ("suspend", "close"):
        raise ValueError(f"overflow is 'suspend' or 'close', not {overflow!r}")
    return Capacity(n, overflow)


@dataclass(frozen=True, slots=True)
class Channels:
    """Capacities of a session's two channels.

    Example: ``connect(url, channels=Channels(incoming=bounded(100), outgoing=unlimited()))``.
    """

    incoming: Capacity = field(default_factory=unlimited)
    """Of received frames that nobody has dequeued."""
    outgoing: Capacity = field(default_factory=lambda: bounded(DEFAULT_OUTGOING))
    """Of data frames that wait to be written."""

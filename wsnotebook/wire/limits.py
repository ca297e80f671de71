"""Limits: what a receiver accepts beyond the rules of the RFC, which leaves it to the endpoint (RFC 6455 §10.4)."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MIN_FRAGMENTS", "NO_LIMITS", "Limits", "fits", "fragments_in"]

MIN_FRAGMENTS = 65_536
"""Frames that a message may have whatever its size."""
_BYTES_A_FRAGMENT = (
    64  # senders that cut smaller pieces are rare; a frame costs us about that much, if it is empty too
)


class Limits(NamedTuple):
    """Bytes and frames that are accepted; None for no limit."""

    frame: int | None = None
    """Payload bytes that a frame may declare; the body of a longer one is not kept."""
    message: int | None = None
    """Payload bytes of all frames of a message."""
    inflated: int | None = None
    """Payload bytes of a message that extensions have decoded; not more than ``message``."""
    fragments: int | None = None
    """Frames of a message."""


NO_LIMITS = Limits()
"""Everything is accepted."""


def fragments_in(size: int | None) -> int | None:
    """Return how many frames a message of at most ``size`` bytes may have: a peer sends a million empty ones in 2 MB."""
    return None if size is None else max(MIN_FRAGMENTS, size // _BYTES_A_FRAGMENT)


def fits(before: int, more: int, limit: int | None) -> bool:
    """Tell whether no message goes over a limit by some more bytes or frames.

    An open message that is over it already does not count: the frame that went over was marked, and no other one of
    its message is.
    """
    return limit is None or before + more <= limit or before > limit >= more

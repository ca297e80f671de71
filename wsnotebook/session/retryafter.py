"""retry_after: how long a server that refuses asks to be left alone."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["retry_after"]

_LONGEST = 86_400.0  # seconds: who asks for more means never, and a person who waits may look every day


def retry_after(value: str | None, now: float) -> float:
    """Return the seconds that a Retry-After field asks for (RFC 9110 §10.2.3); 0 where there is none, or none can be read; a day at most.

    Args:
        value: a number of seconds, or a date.
        now: wall clock, seconds since the epoch.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(_LONGEST, float(text))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    return min(_LONGEST, max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now))

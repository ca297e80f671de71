"""Pace: how soon what is shown is brought up to date: at once for a person, later while more comes than anyone could read."""

from __future__ import annotations

__all__ = ["RUSH", "TICK", "Pace"]

TICK = 0.1  # seconds: looks live, and bounds the messages on the comm at any rate of frames
RUSH = 0.25  # seconds between two pictures of a flood, each of which costs the browser some 50 ms
READABLE = 100  # rows since the last picture; with more, some were in no picture of a table anyway


class Pace:
    """The pauses between the pictures of a log.

    Args:
        end: of the log, when it is shown first.
    """

    def __init__(self, end: int) -> None:
        self._end = end

    def pause(self, end: int) -> float:
        """Return the seconds until the next picture, where one of the log up to ``end`` was just shown."""
        rows, self._end = end - self._end, end
        return RUSH if rows > READABLE else TICK

"""Clock: when a recorded frame is due, by the recorded times, by the pause after the replies, or by both."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeAlias

__all__ = ["Clock", "Wait"]

Wait: TypeAlias = Literal["reply", "time", "both"]
"""What a request waits for; see replay()."""


class Clock:
    """The clock of one replay.

    Args:
        speed: 1.0 as recorded, 2.0 twice as fast, None without pauses.
        wait: what a request waits for.

    Raises:
        ValueError: a speed that is not positive, or another ``wait``.
    """

    def __init__(self, speed: float | None, wait: Wait) -> None:
        if wait not in ("reply", "time", "both"):
            raise ValueError(f"wait is 'reply', 'time' or 'both', not {wait!r}")
        if speed is not None and not speed > 0:
            raise ValueError(
                f"speed is a factor over 0, 1.0 as recorded, not {speed!r}; None is without pauses"
            )
        self.waits_for_replies = wait != "time"
        """Whether a request waits for the replies before it."""
        self._speed = speed
        self._wait = wait
        self._origin = 0.0  # loop time of the recorded 0 s
        self._noted = (0.0, 0.0)  # loop time and recorded time of what happened last

    def start(self) -> None:
        """Begin now."""
        self._origin = asyncio.get_running_loop().time()
        self._noted = (self._origin, 0.0)

    def scaled(self, at: float) -> float:
        """Return a recorded time at the speed of the replay."""
        return at / self._speed if self._speed else 0.0

    def note(self, at: float) -> None:
        """Note that what was recorded at a time has happened now: pauses count from it."""
        if at >= self._noted[1]:
            self._noted = (asyncio.get_running_loop().time(), at)

    def pause(self, at: float) -> float:
        """Return the seconds until what was recorded at a time is due, not over 0 if it is."""
        if self._speed is None:
            return 0.0
        live, noted = self._noted
        by_time, by_reply = self._origin + self.scaled(at), live + self.scaled(at - noted)
        due = {"time": by_time, "reply": by_reply, "both": max(by_time, by_reply)}[self._wait]
        return due - asyncio.get_running_loop().time()

"""Replayed: the result of a replay: what did not come, and the live conversation beside the recorded one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wsnotebook.analysis.compare import Comparison, compare
from wsnotebook.files.framelog import FrameLog
from wsnotebook.matching import shown
from wsnotebook.replaying.replies import Expected

__all__ = ["Replayed"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay. ``print(done)`` says what did not come, ``done.compare()`` what was different."""

    sent: int
    """Frames sent."""
    unanswered: tuple[Expected, ...]
    """Recorded replies that did not come in time: ``seq`` of the recording, ``at``, ``message``."""
    recorded: FrameLog
    """The recording."""
    log: FrameLog
    """The log of the live conversation."""
    session: str
    """Name of the live session in it."""
    live: int
    """Number of its connection there."""
    first: int
    """``seq`` of the first row since the replay began."""
    name: str | None = None
    """Name of the recorded session; None for the only one."""
    connection: int | None = None
    """Number of its connection; None for the only one."""
    is_client: bool = True
    """Whether a client recorded it: what a server received is what was sent again."""

    def compare(self, *, key: str | Sequence[str] | None = None, ignore: Sequence[str] = ()) -> Comparison:
        """Compare the recorded conversation with the live one, as ``wsnotebook.compare`` does.

        Args:
            key: keys of JSON messages that say which messages belong together.
            ignore: keys whose values may differ, such as ids and times.
        """
        recorded, live = self.recorded.df, self.log.df
        if self.name is not None:
            recorded = recorded[recorded["session"] == self.name]
        if self.connection is not None:
            recorded = recorded[recorded["connection"] == self.connection]
        if not self.is_client:
            recorded = recorded.assign(direction=recorded["direction"].map({"in": "out", "out": "in"}))
        live = live[(live["connection"] == self.live) & (live.index >= self.first)]
        return compare(recorded, live, key=key, ignore=ignore)

    def __str__(self) -> str:
        sentence = f"sent {self.sent:,} frames"
        if not self.unanswered:
            return f"{sentence}; every recorded reply came"
        first = self.unanswered[0]
        return (
            f"{sentence}; {len(self.unanswered):,} recorded replies did not come, the first at {first.at:g} s: "
            f"{shown(first.message)}"
        )

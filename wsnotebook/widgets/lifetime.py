"""Lifetime: when a connection was opened and closed, and how often its own event loop was too busy to receive meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.events import Event

__all__ = ["Lifetime"]


class Lifetime:
    """What the events of a log say of one connection; an update reads only the new ones.

    Args:
        log: the log; other connections may share it.
        connection: its number in the log.
    """

    def __init__(self, log: FrameLog, connection: int) -> None:
        self._log = log
        self._session = log.connections[connection].session
        # Connections of one name follow each other: the open events of the earlier ones come first.
        self._earlier = sum(each.session == self._session for each in log.connections[:connection])
        self._read = 0
        self.opened_ns: int | None = None
        """When it was opened, on the log's monotonic clock; None before."""
        self.closed_ns: int | None = None
        """When it ended; None before."""
        self.stalls = 0
        """Stalls between the two, as ``Event.is_stall`` tells."""

        self.stalled = 0.0
        """Seconds of them all."""

    def update(self) -> None:
        """Read the events since the last call."""
        for event in self._log.events_since(self._read):
            self._read += 1
            if event.session == self._session and self.closed_ns is None:
                self._read_own(event)

    def _read_own(self, event: Event) -> None:
        if event.kind == "open":
            if self._earlier:
                self._earlier -= 1
            elif self.opened_ns is None:
                self.opened_ns = event.monotonic_ns
        elif self.opened_ns is not None:
            if event.kind == "closed":
                self.closed_ns = event.monotonic_ns
            elif event.is_stall:
                self.stalls += 1
                self.stalled += event.seconds or 0.0

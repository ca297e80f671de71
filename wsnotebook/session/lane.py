"""Lane: frames that wait to be sent one after the other, and the count of those that have gone."""

from __future__ import annotations

from collections import deque

from wsnotebook.wire.serializer import Outgoing

__all__ = ["Lane"]


class Lane(deque[Outgoing]):
    """A queue that one thread fills and one empties. Flushing needs a count a lane: one overtakes the other."""

    def __init__(self) -> None:
        super().__init__()
        self.enqueued = 0
        """Frames put in so far; who appends one counts it."""
        self.handed = 0
        """Of those, handed to the operating system or given up."""

    def take_all(self) -> list[Outgoing]:
        """Return all frames and keep none; frame by frame, as the other thread may add one meanwhile."""
        items = []
        while self:
            items.append(self.popleft())
        return items

    def settle(self) -> None:
        """Count all that was taken so far as handed over."""
        self.handed = self.enqueued - len(self)

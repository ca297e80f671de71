"""Outbox: frames that wait to be sent, in two lanes, of which control frames take the faster."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from wsnotebook.session.channels import Capacity
from wsnotebook.wire.batch import OPCODE
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.serializer import Outgoing

__all__ = ["Lane", "Marks", "Outbox"]

_WRITE_BYTES = 256 * 1024  # queued bytes serialised in one go
_WRITE_FRAMES = 256
_NO_LIMIT = 1 << 60
_CLOSE = int(Opcode.CLOSE)  # an attribute of an enum is a slow thing to look up for each frame

Marks: TypeAlias = tuple[int, int]
"""Where the two lanes end at a moment."""


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


class Outbox:
    """The queue between the user's verbs and the socket.

    Args:
        capacity: of the data lane; control frames are few and always have room.
    """

    def __init__(self, capacity: Capacity) -> None:
        self.control = Lane()
        """Pings, pongs, and the close frames of this side's own accord."""
        self.data = Lane()
        """Data, and the user's close, which keeps its place behind it."""
        self.has_close = False
        """Whether a close frame of the user was put in."""
        self._most = _NO_LIMIT if capacity.size is None else capacity.size

    def __bool__(self) -> bool:
        return bool(self.control or self.data)

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait."""
        return len(self.data) >= self._most

    @property
    def room(self) -> int:
        """Data frames that go in before it is full."""
        return max(0, self._most - len(self.data))

    @property
    def marks(self) -> Marks:
        """Where the lanes end now: what ``has_handed`` takes."""
        return self.control.enqueued, self.data.enqueued

    def has_handed(self, marks: Marks) -> bool:
        """Tell whether what was queued before is with the operating system, or was given up."""
        return self.control.handed >= marks[0] and self.data.handed >= marks[1]

    def put(self, item: Outgoing) -> None:
        """Put a frame in, whether there is room or not; any thread."""
        opcode = item[0] & OPCODE
        lane = self.data if opcode <= _CLOSE else self.control
        if opcode == _CLOSE:
            self.has_close = True
        lane.append(item)
        lane.enqueued += 1

    def put_own_close(self, payload: bytes) -> None:
        """Put in a close frame of this side's own accord, before all data."""
        self.control.append((0x88, payload, 0, None))
        self.control.enqueued += 1

    def next_items(self, *, with_data: bool) -> list[Outgoing]:
        """Take what is written next: control frames, then data up to a close frame or the size of one write."""
        items: list[Outgoing] = []
        while self.control:
            items.append(self.control.popleft())
            if items[-1][0] & OPCODE == _CLOSE:
                return items
        size = 0
        data = self.data
        while data and with_data and len(items) < _WRITE_FRAMES and size < _WRITE_BYTES:
            item = data.popleft()
            items.append(item)
            size += len(item[1])
            if item[0] & OPCODE == _CLOSE:
                break
        return items

    def take_stale_pongs(self) -> list[Outgoing]:
        """Take the pongs that wait, to be replaced by a newer one."""
        waiting = self.control.take_all()
        self.control.extend(item for item in waiting if item[0] & OPCODE != Opcode.PONG)
        return [item for item in waiting if item[0] & OPCODE == Opcode.PONG]

    def take_all(self) -> list[Outgoing]:
        """Take everything, control frames first."""
        return [*self.control.take_all(), *self.data.take_all()]

    def settle(self) -> None:
        """Count all that was taken so far as handed over, or given up."""
        self.control.settle()
        self.data.settle()

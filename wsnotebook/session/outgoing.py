"""``outgoing``: one state, the frames that wait to be written, and the user's end of it, SendChannel.

The pump's end is writer.py. Control frames have a queue of their own, which is written first.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Protocol, TypeAlias

from wsnotebook.errors import ChannelOverflow, FragmentError
from wsnotebook.session.capacity import Capacity
from wsnotebook.session.channelend import ChannelEnd
from wsnotebook.session.letgo import GONE
from wsnotebook.session.state import Lifecycle
from wsnotebook.session.threadcheck import require_loop
from wsnotebook.session.unmaskedwarning import warn_unmasked
from wsnotebook.wire.batch import OPCODE, Flag
from wsnotebook.wire.frames import BytesLike, Frame, Opcode
from wsnotebook.wire.serializer import Outgoing, outgoing

__all__ = ["FrameQueue", "Item", "Marks", "OutgoingState", "SendChannel"]

_WRITE_BYTES = 256 * 1024  # queued bytes serialised in one go
_WRITE_FRAMES = 256
_NO_LIMIT = 1 << 60
_CLOSE = int(Opcode.CLOSE)  # an attribute of an enum is a slow thing to look up for each frame

Item: TypeAlias = str | BytesLike | Frame
"""What a user sends: a text, a binary, or a frame as it is."""

Marks: TypeAlias = tuple[int, int]
"""How many frames both queues had been given at a moment: control, data."""


class FrameQueue(deque[Outgoing]):
    """Frames that one thread enqueues and another dequeues. Each queue counts for itself, as one overtakes the other."""

    __slots__ = ("enqueued", "handed")

    def __init__(self) -> None:
        super().__init__()
        self.enqueued = 0
        """Frames enqueued so far; counted by the code that appends."""
        self.handed = 0
        """Of those, handed to the operating system, or recorded as unsent."""

    def drain(self) -> list[Outgoing]:
        """Dequeue every frame; one by one, as another thread may enqueue one meanwhile."""
        items = []
        while self:
            items.append(self.popleft())
        return items


class Sink(Protocol):
    """Where the frames go: the pump."""

    def wake(self) -> None:
        """A frame was enqueued; any thread."""

    def overflowed(self, fault: ChannelOverflow, /) -> None:
        """The queue was full and its overflow is "close"; called on the user's thread."""


class Writer(Protocol):
    """The pump's end."""

    def write_single(self, item: Outgoing, /) -> bool:
        """Write a frame at once; see FrameWriter.write_single."""


class OutgoingState:
    """Frames between the user's verbs and the socket.

    Args:
        capacity: of the data queue; control frames are few and always have room.
        life: where the connection is.
        name: of the session, for the warning about unmasked frames.
        masking: frames are masked when they are written.
        sink: is told of what is enqueued.
    """

    def __init__(self, capacity: Capacity, life: Lifecycle, name: str, *, masking: bool, sink: Sink) -> None:
        self.capacity = capacity
        self.life = life
        self.control = FrameQueue()
        """Pings, pongs, and close frames of this side's own accord."""
        self.data = FrameQueue()
        """Data, and the user's close, which keeps its place behind the data."""
        self.has_close = False
        """Whether a close frame of the user was enqueued."""
        self.masking = masking
        """Whether frames are masked when they are written."""
        self.waiting = 0
        """Coroutines of the user that wait for a change of the queues."""
        self.open_opcode: int | None = None
        """Opcode of the message that the user has begun and not finished."""
        self.sink = sink
        self.writer: Writer | None = None
        """The pump's end, where it lives on the user's loop and may be called for a frame alone."""
        self.is_new_turn = False
        """Whether the loop has come round since the last frame was enqueued, where the pump lives on the user's: then who
        sends holds nobody up, and a data frame may be written at once."""
        self._name = name
        self._most = _NO_LIMIT if capacity.size is None else capacity.size
        self._is_warned = False

    def __bool__(self) -> bool:
        return bool(self.control or self.data)

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait."""
        return len(self.data) >= self._most

    @property
    def is_blocked(self) -> bool:
        """Whether a sender cannot enqueue at once: the queue is full, others wait for it, or the session has ended."""
        data = self.data  # mostly empty
        return bool(data and len(data) >= self._most) or self.waiting > 0 or self.life.end.outgoing_ended

    @property
    def room(self) -> int:
        """Data frames that can be enqueued before the queue is full."""
        return max(0, self._most - len(self.data))

    # Enqueueing

    def enqueue(self, item: Item, mask_key: bytes | None = None, *, verbatim: bool = False) -> None:
        """Enqueue what the user sends, whether there is room or not: a frame of an open message as a continuation.

        Args:
            item: what to send.
            mask_key: four bytes, or None for random ones.
            verbatim: a frame keeps its opcode, whatever message is open.

        Raises:
            FragmentError: a message of another type is open.
            TypeError: not an item.
        """
        if not self.masking:
            self.warn_if_unmasked()
        entry: Outgoing
        if type(item) is str and self.open_opcode is None:
            entry = 0x81, item.encode(), Flag.TEXT, mask_key
        else:
            frame = _frame_of(item)
            entry = outgoing(frame if verbatim else self._continued(frame), mask_key)
            opcode = entry[0] & OPCODE
            if opcode > _CLOSE:
                self.enqueue_control(entry)
                return
            self.has_close |= opcode == _CLOSE
        # A data frame, or the user's close. Alone it leaves a turn of the loop earlier, and a burst still shares a write.
        is_alone = self.is_new_turn and not (self.data or self.control or self.waiting)
        self.is_new_turn = False
        if is_alone and self.writer is not None and self.writer.write_single(entry):
            return
        self.data.append(entry)
        self.data.enqueued += 1
        self.sink.wake()

    def _continued(self, frame: Frame) -> Frame:
        """Return a data frame as a continuation where its message is open."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            open_opcode = self.open_opcode
            if open_opcode is not None and frame.opcode != open_opcode:
                raise FragmentError(open_opcode, frame.opcode)
            self.open_opcode = None if frame.fin else frame.opcode
            if open_opcode is not None:
                return frame.copy(opcode=Opcode.CONTINUATION)
        elif frame.opcode == Opcode.CONTINUATION and frame.fin:
            self.open_opcode = None
        return frame

    def enqueue_control(self, entry: Outgoing) -> None:
        """Enqueue a ping or a pong in the form in which it waits; any thread."""
        self.is_new_turn = False
        self.control.append(entry)
        self.control.enqueued += 1
        self.sink.wake()

    def enqueue_own_close(self, payload: bytes) -> None:
        """Enqueue a close frame of this side's own accord, ahead of all data; the caller writes it."""
        self.control.append((0x88, payload, 0, None))
        self.control.enqueued += 1

    def warn_if_unmasked(self) -> None:
        """Warn once, when the first unmasked frame is about to be sent."""
        if not self.masking and not self._is_warned:
            self._is_warned = True
            warn_unmasked(self._name)

    # Dequeueing, by the pump's end

    def dequeue(self, *, with_data: bool) -> list[Outgoing]:
        """Dequeue the frames of one write: control frames, then data up to a close frame or the size of one write."""
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

    def dequeue_pongs(self) -> list[Outgoing]:
        """Dequeue the pongs that wait, to be replaced by a newer one."""
        waiting = self.control.drain()
        self.control.extend(item for item in waiting if item[0] & OPCODE != Opcode.PONG)
        return [item for item in waiting if item[0] & OPCODE == Opcode.PONG]

    def drain(self) -> list[Outgoing]:
        """Dequeue every frame, control frames first."""
        return [*self.control.drain(), *self.data.drain()]

    def mark_handed(self) -> None:
        """Mark the dequeued frames as handed to the operating system, so that flush() can return."""
        for queue in (self.control, self.data):
            queue.handed = queue.enqueued - len(queue)

    def let_go(self) -> None:
        """Call nobody any more: the connection has ended, and nothing can be enqueued."""
        self.sink = GONE
        self.writer = None

    # Waiting for the queues

    @property
    def marks(self) -> Marks:
        """How many frames both queues have been given: the argument of ``has_handed``."""
        return self.control.enqueued, self.data.enqueued

    def has_handed(self, marks: Marks) -> bool:
        """Tell whether the frames enqueued before are handed to the operating system, or recorded as unsent."""
        return self.control.handed >= marks[0] and self.data.handed >= marks[1]

    @contextlib.contextmanager
    def expecting(self) -> Iterator[None]:
        """Count a coroutine of the user that waits for the queues, so that the pump notifies it."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1


class SendChannel(ChannelEnd):
    """The frames to be sent, in order; control frames but close overtake data."""

    def __init__(self, state: OutgoingState) -> None:
        super().__init__(state.life)
        self._state = state

    @property
    def is_closed(self) -> bool:
        """Whether no frame can be sent any more."""
        return self._life.end.outgoing_ended

    async def send(self, frame: Frame) -> None:
        """Enqueue a frame; waits while the queue is full. Cancelling a waiting send sends nothing.

        Raises:
            SessionClosed: the session has ended, or a close frame was sent.
            FragmentError: another message is open.
            ChannelOverflow: the queue was full and its overflow is "close"; the session was failed.
            WrongThread: called from another thread or loop than the session's.
        """
        require_loop(self._loop, "send")
        await self.ready()
        self._state.enqueue(frame)

    def try_send(self, frame: Frame) -> bool:
        """Enqueue a frame if there is room; return whether it was enqueued.

        Raises:
            SessionClosed, FragmentError, ChannelOverflow, WrongThread: as send().
        """
        require_loop(self._loop, "send")
        self.check()
        if self._waiters.count or self._state.is_full:
            self._overflow()
            return False
        self._state.enqueue(frame)
        return True

    async def ready(self) -> None:
        """Wait until there is room in the queue, and every 10 ms until the loop has come round.

        Raises:
            SessionClosed, ChannelOverflow: as send().
        """
        state = self._state
        self.check()
        if state.is_full:
            self._overflow()
        is_due = monotonic() >= self.turn_ends and self._holds_up_loop()
        while is_due or self._waiters.count or state.is_full:
            is_due = False
            with state.expecting():
                await self._waiters.wait()
            self.check()
            if not state.is_full:
                return

    def _overflow(self) -> None:
        """Fail the session if that is how a full queue behaves."""
        capacity = self._state.capacity
        if capacity.overflow == "close" and capacity.size is not None:
            fault = ChannelOverflow(capacity.size, "outgoing")
            self._state.sink.overflowed(fault)
            raise fault

    def check(self) -> None:
        """Raise SessionClosed where no frame can be sent any more."""
        end = self._life.end
        if end.outgoing_ended:
            raise end.closed() from end.fault

    def wake(self) -> None:
        """Let waiting senders look again: there is room, or the connection has ended."""
        if self._life.end.outgoing_ended:
            if self._waiters.count:
                self._waiters.wake_all()
            if not self._is_announced:
                self._announce()
        elif self._waiters.count:
            self._waiters.wake_up_to(self._state.room)


def _frame_of(item: Item) -> Frame:
    if isinstance(item, Frame):
        return item
    if isinstance(item, str):
        return Frame.text(item)
    if isinstance(item, (bytes, bytearray, memoryview)):
        return Frame.binary(item)
    raise TypeError(
        f"send() takes a str, bytes-like or Frame, not {type(item).__name__}; send_json() takes any JSON value"
    )

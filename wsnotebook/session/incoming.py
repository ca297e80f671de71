"""``incoming``: one state, the received frames that nobody has dequeued, and the user's end of it, ReceiveChannel.

The pump's end is intake.py. The frames themselves are in the log: the state is a cursor over it, and two counts.
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Iterator
from itertools import repeat
from time import monotonic
from typing import Any, Protocol, Self

from wsnotebook.errors import ChannelOverflow, SessionClosed, WrongThread
from wsnotebook.log.cursor import Cursor
from wsnotebook.session.capacity import Capacity
from wsnotebook.session.channelend import ChannelEnd
from wsnotebook.session.letgo import GONE
from wsnotebook.session.state import Lifecycle
from wsnotebook.session.threadcheck import require_loop
from wsnotebook.wire.batch import FIN, OPCODE, Batch, Single, to_frame
from wsnotebook.wire.frames import OPCODES, Frame

__all__ = ["IncomingState", "ReceiveChannel"]

_LOOK_AHEAD = 256  # frames read from the log at once; their bytes are the log's until then
_CLAIM_NOTHING = bytes(range(256))
_NOTHING: Any = ()
"""The frames of a channel that has handed out none, or has none to join: an empty deque takes 0.7 KiB, and many sessions are
only watched."""


@functools.cache  # a table costs as much as the rest of a session
def _clearing(bits: int) -> bytes:
    """Return the table that translates a first byte to one without these bits."""
    return bytes(head & ~bits for head in range(256))


class Source(Protocol):
    """Where the frames come from: the pump."""

    def make_room(self) -> None:
        """Frames have been dequeued; called on the user's thread when reading is held."""


class IncomingState:
    """Received frames on their way to the user.

    Args:
        capacity: frames (raw) or messages (default) that may wait, and what happens beyond.
        life: where the connection is.
        source: is told when there is room again.
    """

    def __init__(self, capacity: Capacity, life: Lifecycle, source: Source) -> None:
        self.capacity = capacity
        self.life = life
        self.source = source
        self.cursor: Cursor | None = None
        """Where the user reads in the log; None before the handshake is done."""
        self.clear_claimed = _CLAIM_NOTHING
        """Translates a first byte to one without the RSV bits that an extension has used up."""
        self.delivered = 0
        """Frames (raw) or messages (default) received for the application; counted by the pump's thread."""
        self.dequeued = 0
        """Of those, dequeued by the user; counted by the user's thread."""
        self.channel: ReceiveChannel | None = None
        """The user's end, where it lives on the pump's loop and can be handed what was received."""
        self.bound = capacity.size
        """Waiting frames that are enough; None for no limit."""
        self.is_held = False
        """Whether reading pauses until the user has dequeued some."""

    def open(self, cursor: Cursor, claimed: int) -> None:
        """Begin to receive.

        Args:
            cursor: at the first frame of the connection.
            claimed: RSV bits of the negotiated extensions, as bits of the first byte.
        """
        self.clear_claimed = _clearing(claimed)
        self.cursor = cursor

    @property
    def waiting(self) -> int:
        """Frames or messages that the user has not dequeued."""
        return self.delivered - self.dequeued

    @property
    def is_full(self) -> bool:
        """Whether as many wait as may."""
        bound = self.bound  # read once: the user's thread may lift it meanwhile
        return bound is not None and self.waiting >= bound

    def stop_at(self, seq: int) -> None:
        """Let nothing from row ``seq`` on reach the user; the first call decides."""
        if self.cursor is not None and self.cursor.stop is None:
            self.cursor.stop = seq

    def unbind(self) -> None:
        """Lift the limit: nobody dequeues any more, or the session ends."""
        self.bound = None
        self.source.make_room()

    def let_go(self) -> None:
        """Call nobody any more: the connection has ended."""
        self.source = GONE
        self.channel = None


class ReceiveChannel(ChannelEnd):
    """The frames received, in order; each goes to one receiver. It reads them from the log and holds no other copy.

    ``async for`` ends at a close or a plain end of stream, and raises what failed the session after a fault.
    """

    def __init__(self, state: IncomingState) -> None:
        super().__init__(state.life)
        self._state = state
        self._ready: deque[Frame] = _NOTHING
        self._parts: list[tuple[int, bytes]] = _NOTHING  # frames of the message that is open
        self._cancelled = False
        self._lost = (
            0  # frames or messages that the log dropped before those in _ready, and nobody was told of
        )

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is received; frames that were received before stay readable."""
        return self._cancelled or self._life.end.incoming_ended

    async def receive(self) -> Frame:
        """Return the next frame (raw session) or whole message (default session). Cancelling loses nothing.

        While frames are there it does not wait, but every 10 ms it lets the loop come round.

        Raises:
            SessionClosed: the session has ended and every frame was dequeued.
            SessionFault: the session was failed; every frame before was dequeued.
            ChannelOverflow: a log with spill=False dropped ``lost`` frames or messages before they were read; the next
                call goes on behind them.
            WrongThread: called from another thread or loop than the session's.
        """
        if asyncio.get_running_loop() is not self._loop:  # not by a call of ours: this line runs per frame
            raise WrongThread("receive", self._loop.is_closed())
        state, end = self._state, self._life.end
        if self._ready or state.delivered > state.dequeued or end.incoming_ended or self._cancelled:
            # else it waits, and the loop comes round
            is_due = monotonic() >= self.turn_ends and self._holds_up_loop()
            if not is_due and not self._waiters.count:
                frame = self._next()
                if frame is not None:
                    return frame
        while True:
            await self._waiters.wait()
            frame = self._next()
            if frame is not None:
                if self._waiters.count and (self._ready or self._refill()):
                    self._waiters.wake_up_to(len(self._ready))
                return frame

    def try_receive(self) -> Frame | None:
        """Return the next frame, or None when none is there. Never waits.

        Raises:
            SessionClosed, SessionFault, WrongThread: as receive().
        """
        require_loop(self._loop, "receive")
        return self._next()

    def _next(self) -> Frame | None:
        state = self._state
        if not self._ready:
            # read before the counts and the log, which have all that came before the end
            is_closed = self._life.end.incoming_ended or self._cancelled
            if (state.delivered <= state.dequeued or not self._refill()) and not self._lost:
                if is_closed:
                    self._raise_end()
                return None
        if self._lost:
            lost, self._lost = self._lost, 0
            raise ChannelOverflow(state.capacity.size, "incoming", lost)
        state.dequeued += 1
        if state.is_held:
            state.source.make_room()
        return self._ready.popleft()

    def _raise_end(self) -> None:
        end = self._life.end
        # one exception for all who ask: without the traceback of those before
        raise end.closed() if end.fault is None else end.fault.with_traceback(None)

    def cancel(self) -> None:
        """Drop the frames that wait and close this end; the session goes on and the log keeps everything."""
        self._cancelled = True
        self._state.unbind()
        self._ready, self._lost = _NOTHING, 0
        self._waiters.wake_all()
        self._announce()

    def __aiter__(self) -> Self:
        require_loop(self._loop, "receive")
        return self

    async def __anext__(self) -> Frame:
        state, waiters = self._state, self._waiters
        if (
            not waiters.count
            and (self._ready or (state.delivered > state.dequeued and self._refill()))
            and monotonic() < self.turn_ends
        ):
            state.dequeued += 1
            if state.is_held:
                state.source.make_room()
            return self._ready.popleft()
        try:
            return await self.receive()
        except SessionClosed:
            raise StopAsyncIteration from None

    def hand_over(self, seq: int, single: Single) -> bool:
        """Hand a frame that was received alone to the coroutine that waits for it; return whether no one has to look again.

        It saves reading the frame back from the log, and looking at everything else that a coroutine can wait for. Only
        on the loop of this end.
        """
        waiters, state, cursor = self._waiters, self._state, self._state.cursor
        if not waiters.count:
            return True
        if (
            state.delivered - state.dequeued != 1
            or self._cancelled
            or cursor is None
            or cursor.stop is not None
        ):
            return False
        cursor.seq = seq + 1
        head, _, payload, _ = single
        if self._ready is _NOTHING:
            self._ready = deque()
        self._ready.append(_make_frame((OPCODES[head & OPCODE], payload, True, False, False, False)))
        waiters.wake()
        return True

    def hand_over_run(self, seq: int, batch: Batch) -> None:
        """Hand the first messages of a batch to the coroutine that waits for them; the caller wakes it.

        It saves reading them back from the log, which costs a copy. Only on the loop of this end.

        Args:
            seq: of the first row of the batch.
            batch: every frame of it is a whole message for the user.
        """
        state, cursor = self._state, self._state.cursor
        if not self._waiters.count or batch.is_lone or state.delivered - state.dequeued != len(batch):
            return
        if self._cancelled or cursor is None or cursor.stop is not None:
            return
        payloads = list(
            map(bytes, batch.payloads[:_LOOK_AHEAD])
        )  # which they are, as the batch is not a lone frame
        cursor.seq = seq + len(payloads)
        if self._ready is _NOTHING:
            self._ready = deque()
        self._ready.extend(self._frames(bytes(batch.heads[:_LOOK_AHEAD]), payloads))

    def wake(self) -> None:
        """Let waiting receivers look again: frames were received, or the connection has ended."""
        is_closed, waiters = self._cancelled or self._life.end.incoming_ended, self._waiters
        if waiters.count:
            if not self._ready:
                self._refill()
            waiters.wake_up_to(len(self._ready))
            if is_closed:
                waiters.wake_all()
        if is_closed and not self._is_announced:
            if self._life.end.fault is not None:
                self._drop_overflow()
            self._announce()

    def _drop_overflow(self) -> None:
        """After an overflow only the newest frames that the channel holds stay readable."""
        state = self._state
        size = state.capacity.size
        if size is not None and state.capacity.overflow == "close":
            while state.waiting > size and (self._ready or self._refill()):
                self._ready.popleft()
                state.dequeued += 1

    def _refill(self) -> bool:
        """Read the next frames from the log; return whether there are any."""
        cursor = self._state.cursor
        if self._cancelled or cursor is None:
            return False
        while True:
            delivered = self._state.delivered  # read before the log, which has all of them
            read = cursor.take(_LOOK_AHEAD)
            if cursor.missed:
                self._count_lost(cursor, delivered, read.heads)
            if not read.heads:
                return False
            if self._ready is _NOTHING:
                self._ready = deque()
            self._ready.extend(self._frames(*read))
            if self._ready:
                return True

    def _count_lost(self, cursor: Cursor, delivered: int, heads: bytes) -> None:
        """Count what the log dropped before it was read as dequeued, and have the user told of it.

        Rows that were dropped need not be any of this channel's: what is left tells.
        """
        cursor.missed, self._parts = 0, _NOTHING
        left = heads + cursor.heads_left()
        lost = delivered - self._state.dequeued - (len(left) if self._life.raw else _whole_messages(left))
        if lost > 0:
            self._lost += lost
            self._state.dequeued += lost
            self.turn_ends = 0.0  # so that __anext__() comes by
            if self._state.is_held:
                self._state.source.make_room()

    def _frames(self, heads: bytes, payloads: list[bytes]) -> Iterator[Frame]:
        if self._life.raw:
            return map(to_frame, heads, payloads)
        heads = heads.translate(self._state.clear_claimed)
        if not self._parts and not heads.translate(None, b"\x81\x82"):
            opcodes = map(OPCODES.__getitem__, heads.translate(_OPCODE_OF))
            return map(
                _make_frame, zip(opcodes, payloads, repeat(True), repeat(False), repeat(False), repeat(False))
            )
        return self._messages(heads, payloads)

    def _messages(self, heads: bytes, payloads: list[bytes]) -> Iterator[Frame]:
        """Yield the whole messages that some frames complete."""
        for head, payload in zip(heads, payloads, strict=True):
            if head & 0x08 or not (self._parts or head & OPCODE):  # its first frame was dropped from the log
                continue
            if self._parts is _NOTHING:
                self._parts = []
            self._parts.append((head, payload))
            if head & FIN:
                parts, self._parts = self._parts, _NOTHING
                yield to_frame(parts[0][0] | FIN, b"".join(data for _, data in parts))


def _whole_messages(heads: bytes) -> int:
    """Return how many messages begin and end in some frames, by their first bytes."""
    count, is_open = 0, False
    for head in heads:
        if not head & 0x08 and (is_open or head & OPCODE):
            count += head >= FIN
            is_open = head < FIN
    return count


_make_frame = functools.partial(tuple.__new__, Frame)
_OPCODE_OF = bytes(head & OPCODE for head in range(256))

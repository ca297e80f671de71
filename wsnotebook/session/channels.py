"""The two ends that a user holds: ReceiveChannel, a cursor over the log, and SendChannel, the way into the queue."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from wsnotebook.errors import ChannelOverflow, SessionClosed, WrongThread
from wsnotebook.session.threadcheck import require_loop
from wsnotebook.wire.batch import FIN, OPCODE, to_frame
from wsnotebook.wire.frames import OPCODES, CloseReason, Frame

if TYPE_CHECKING:
    from wsnotebook.session.pump import Pump

__all__ = ["Capacity", "Channels", "ReceiveChannel", "SendChannel", "bounded", "unlimited"]

DEFAULT_OUTGOING = 256  # frames: the size of one write of small ones; more would only hide a slow peer
_LOOK_AHEAD = 256  # frames made ready at once; their bytes are the log's until then

Overflow: TypeAlias = Literal["suspend", "close"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much a channel holds, and what happens beyond."""

    size: int | None
    """Frames; None for no limit."""
    overflow: Overflow = "suspend"
    """"suspend" makes the sending side wait; "close" ends the session with ChannelOverflow."""


def unlimited() -> Capacity:
    """Return a capacity without a limit: received frames are in the log anyway."""
    return Capacity(None)


def bounded(n: int, overflow: Overflow = "suspend") -> Capacity:
    """Return a capacity of ``n`` frames.

    Args:
        n: at least 1. For ``incoming`` with "suspend", reading from the socket pauses while ``n`` or more wait, which
            also leaves pings unanswered; the read that passed ``n`` is kept whole.
        overflow: "suspend" or "close".

    Raises:
        ValueError: ``n`` under 1, or another word for overflow.
    """
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"a bounded channel holds at least 1 frame, not {n!r}; unlimited() has no limit")
    if overflow not in ("suspend", "close"):
        raise ValueError(f"overflow is 'suspend' or 'close', not {overflow!r}")
    return Capacity(n, overflow)


@dataclass(frozen=True, slots=True)
class Channels:
    """Capacities of a session's two channels."""

    incoming: Capacity = field(default_factory=unlimited)
    """Of received frames that nobody has read."""
    outgoing: Capacity = field(default_factory=lambda: bounded(DEFAULT_OUTGOING))
    """Of frames that wait to be sent."""


class _Waiters:
    """Those who wait for a turn, first come first served; a turn that is not taken goes to the next."""

    def __init__(self) -> None:
        self._queue: deque[asyncio.Future[None]] = deque()
        self._granted = 0

    def __bool__(self) -> bool:
        return bool(self._queue) or self._granted > 0

    async def wait(self) -> None:
        """Wait for a turn. Cancelling passes it on."""
        waiter = asyncio.get_running_loop().create_future()
        self._queue.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._granted -= 1
                self.wake()
            elif waiter in self._queue:  # a wake may have passed over it since it was cancelled
                self._queue.remove(waiter)
            raise
        self._granted -= 1

    def wake(self, count: int = 1) -> None:
        """Give a turn to the next ``count``."""
        while self._queue and count > 0:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._granted += 1
                count -= 1

    def wake_up_to(self, count: int) -> None:
        """Let ``count`` turns be given and not yet taken."""
        self.wake(count - self._granted)

    def wake_all(self) -> None:
        """Give a turn to everybody."""
        self.wake(len(self._queue))


class _Channel:
    """What both ends share: the loop they are for, and the callbacks for the end."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._loop = asyncio.get_running_loop()
        self._waiters = _Waiters()
        self._on_close: list[tuple[Callable[[CloseReason | None], object], contextvars.Context]] = []
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing more goes through."""
        return self._is_closed

    def on_close(self, callback: Callable[[CloseReason | None], object]) -> None:
        """Call ``callback(reason)`` once when the channel is closed; at once where it is."""
        if self._is_closed:
            callback(self._pump.ending.reason)
        else:
            self._on_close.append((callback, contextvars.copy_context()))

    def _close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        callbacks, self._on_close = self._on_close, []
        for callback, context in callbacks:
            # as a loop callback, so that its error goes to the loop's handler and not into the session
            self._loop.call_soon(callback, self._pump.ending.reason, context=context)


class ReceiveChannel(_Channel):
    """The frames received, in order; each goes to one receiver. It reads them from the log and holds no other copy.

    ``async for`` ends at a close or a plain end of stream, and raises what failed the session after a fault.
    """

    def __init__(self, pump: Pump) -> None:
        super().__init__(pump)
        self._ready: deque[Frame] = deque()
        self._parts: list[tuple[int, bytes]] = []  # frames of the message that is open
        self._cancelled = False

    async def receive(self) -> Frame:
        """Return the next frame (raw session) or whole message (default session). Cancelling loses nothing.

        Raises:
            SessionClosed: the session has ended and all that came was read.
            SessionFault: the session was failed; what came before was read.
            WrongThread: called from another thread or loop than the session's.
        """
        if asyncio.get_running_loop() is not self._loop:  # not by a call of ours: this line runs per frame
            raise WrongThread("receive")
        if not self._waiters:
            frame = self._next()
            if frame is not None:
                return frame
        while True:
            await self._waiters.wait()
            frame = self._next()
            if frame is not None:
                if self._ready or self._refill():
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
        if not self._ready and not self._refill():
            if self._is_closed or self._cancelled:
                fault = self._pump.ending.fault
                # one exception for all who ask: without the traceback of those before
                raise SessionClosed(self._pump.ending.reason) if fault is None else fault.with_traceback(None)
            return None
        self._count(1)
        return self._ready.popleft()

    def cancel(self) -> None:
        """Drop what is buffered and close this end; the session goes on and the log keeps everything."""
        self._cancelled = True
        self._pump.unbind_incoming()
        self._ready.clear()
        self._waiters.wake_all()
        self._close()

    def __aiter__(self) -> Self:
        require_loop(self._loop, "receive")
        return self

    async def __anext__(self) -> Frame:
        if not self._ready and self._refill():
            await asyncio.sleep(0)  # a reader with a long backlog must not hold up the loop
        if self._ready and not self._waiters:
            self._count(1)
            return self._ready.popleft()
        try:
            return await self.receive()
        except SessionClosed:
            raise StopAsyncIteration from None

    def wake(self) -> None:
        """Let waiting receivers look again: something came, or the end."""
        if self._waiters:
            if not self._ready:
                self._refill()
            self._waiters.wake_up_to(len(self._ready))
        if self._pump.incoming_ended and not self._is_closed:
            if self._pump.ending.fault is not None:
                self._drop_overflow()
            self._close()
        if self._is_closed:
            self._waiters.wake_all()

    def _count(self, frames: int) -> None:
        pump = self._pump
        pump.intake.read_by_user += frames
        if pump.intake.is_held:
            pump.make_room()

    def _drop_overflow(self) -> None:
        """After an overflow only the newest frames that the channel holds stay readable."""
        size = self._pump.channels.incoming.size
        if size is not None and self._pump.channels.incoming.overflow == "close":
            while self._pump.intake.unread > size and (self._ready or self._refill()):
                self._ready.popleft()
                self._pump.intake.read_by_user += 1

    def _refill(self) -> bool:
        """Make the next frames ready; return whether there are any."""
        if self._cancelled:
            return False
        cursor = self._pump.cursor
        if cursor is None:
            return False
        while True:
            read = cursor.take(_LOOK_AHEAD)
            if not read.heads:
                return False
            self._ready.extend(self._frames(*read))
            if self._ready:
                return True

    def _frames(self, heads: bytes, payloads: list[bytes]) -> Iterator[Frame]:
        if self._pump.raw:
            return map(to_frame, heads, payloads)
        heads = heads.translate(self._pump.clear_claimed)
        if not self._parts and not heads.translate(None, b"\x81\x82"):
            opcodes = map(OPCODES.__getitem__, heads.translate(_OPCODE_OF))
            return map(
                _make_frame, zip(opcodes, payloads, repeat(True), repeat(False), repeat(False), repeat(False))
            )
        return self._messages(heads, payloads)

    def _messages(self, heads: bytes, payloads: list[bytes]) -> Iterator[Frame]:
        """Yield the whole messages that some frames complete."""
        for head, payload in zip(heads, payloads, strict=True):
            if head & 0x08:
                continue
            self._parts.append((head, payload))
            if head & FIN:
                parts, self._parts = self._parts, []
                yield to_frame(parts[0][0] | FIN, b"".join(data for _, data in parts))


_make_frame = partial(tuple.__new__, Frame)
_OPCODE_OF = bytes(head & OPCODE for head in range(256))


class SendChannel(_Channel):
    """The frames to be sent, in order; control frames but close overtake data."""

    def __init__(self, pump: Pump, enqueue: Callable[[Frame], None]) -> None:
        super().__init__(pump)
        self._enqueue = enqueue

    async def send(self, frame: Frame) -> None:
        """Take a frame to be sent; waits while the queue is full. Cancelling a waiting send sends nothing.

        Raises:
            SessionClosed: the session has ended, or a close frame was taken.
            FragmentError: another message is open.
            ChannelOverflow: the queue was full and its overflow is "close"; the session was failed.
            WrongThread: called from another thread or loop than the session's.
        """
        require_loop(self._loop, "send")
        await self.ready()
        self._enqueue(frame)

    def try_send(self, frame: Frame) -> bool:
        """Take a frame if there is room; return whether it was taken.

        Raises:
            SessionClosed, FragmentError, ChannelOverflow, WrongThread: as send().
        """
        require_loop(self._loop, "send")
        self.check()
        if self._waiters or self._pump.outbox.is_full:
            self._overflow()
            return False
        self._enqueue(frame)
        return True

    async def ready(self) -> None:
        """Wait until there is room in the queue."""
        self.check()
        if self._pump.outbox.is_full:
            self._overflow()
        while self._waiters or self._pump.outbox.is_full:
            with self._pump.sending():
                await self._waiters.wait()
            self.check()
            if not self._pump.outbox.is_full:
                return

    def _overflow(self) -> None:
        """Fail the session if that is what a full queue does."""
        capacity = self._pump.channels.outgoing
        if capacity.overflow == "close" and capacity.size is not None:
            fault = ChannelOverflow(capacity.size, "outgoing")
            self._pump.overflow_outgoing(fault)
            raise fault

    def check(self) -> None:
        """Raise SessionClosed where nothing can be sent any more."""
        if self._pump.outgoing_ended:
            raise SessionClosed(self._pump.ending.reason) from self._pump.ending.fault

    def wake(self) -> None:
        """Let waiting senders look again: there is room, or the end."""
        if self._pump.outgoing_ended:
            self._waiters.wake_all()
            self._close()
        elif self._waiters:
            self._waiters.wake_up_to(self._pump.outbox.room)

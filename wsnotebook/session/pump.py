"""Pump: moves bytes between one socket, the wire and the log, all the time, whoever reads or does not.

It lives on one event loop: the kernel's, or that of an I/O thread. Session and channels look at what it holds and are
told when that changes; they hand it frames through two queues. Nothing else is shared.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from wsnotebook.errors import ChannelOverflow, FrameTooBig, SessionClosed, SessionFault
from wsnotebook.log.connections import Connection
from wsnotebook.log.cursor import Cursor
from wsnotebook.log.framelog import FrameLog
from wsnotebook.session.channels import Channels
from wsnotebook.session.lane import Lane
from wsnotebook.session.state import Initiator, SessionState
from wsnotebook.wire.batch import OPCODE, Batch, Flag, minimal_header
from wsnotebook.wire.frames import CloseCode, CloseReason, Frame, Opcode, truncate_utf8
from wsnotebook.wire.protocol import Reading, WireProtocol
from wsnotebook.wire.serializer import Outgoing, outgoing

__all__ = ["Pump"]

Answer: TypeAlias = Callable[[float | Exception], None]
"""Called with the seconds to a pong, or with what ended the session before."""

_WRITE_BYTES = 256 * 1024  # queued bytes serialised in one go
_WRITE_FRAMES = 256
_NO_LIMIT = 1 << 60
_CLOSE = int(Opcode.CLOSE)  # an attribute of an enum is a slow thing to look up for each frame
_TURN = 0.005  # seconds for which received frames may hold the loop before the others get their turn
_LINGER = 1.0  # seconds that the peer has to close TCP after both close frames; a server does so at once
_PONGS_WAITING = 64  # pongs that wait for a peer that reads nothing; then only the newest is kept
_LAST_WORDS = 64 << 20  # bytes read at most from a socket whose write failed


class Pump:
    """The traffic of one connection.

    Args:
        log: where every frame goes.
        raw: hand frames over as they come and answer nothing.
        channels: capacities.
        close_timeout: seconds that the peer has to answer our close frame before the connection is aborted.
        notify: called on this loop when something changed that somebody may wait for.
        on_own_thread: this loop is not the user's, so that ``call`` has to cross threads.
    """

    def __init__(
        self,
        log: FrameLog,
        name: str,
        *,
        raw: bool,
        channels: Channels,
        close_timeout: float | None,
        notify: Callable[[], None],
        on_own_thread: bool = False,
        attempt: int = 0,
    ) -> None:
        self.log = log
        self.name = name
        self.attempt = attempt
        self.raw = raw
        self.channels = channels
        self.close_timeout = close_timeout
        self.state = SessionState.CONNECTING
        self.loop: asyncio.AbstractEventLoop | None = None
        self._on_own_thread = on_own_thread
        self.wire: WireProtocol | None = None
        # What is known of the end
        self.close_reason: CloseReason | None = None
        self.close_sent: CloseReason | None = None
        self.close_received: CloseReason | None = None
        self.close_initiator: Initiator | None = None
        self.fault: SessionFault | None = None
        self.incoming_ended = False
        self.outgoing_ended = False
        # Receiving
        self.cursor: Cursor | None = None
        self.clear_claimed = bytes(range(256))
        self.delivered = 0  # frames or messages that came for the application
        self.read_by_user = 0  # of those, taken from the channel
        self.reading_paused = False
        self._pause_at = channels.incoming.size
        self._reading: Iterator[Reading | None] | None = None
        # Sending
        self._control = Lane()
        self._data = Lane()
        self._most_queued = _NO_LIMIT if channels.outgoing.size is None else channels.outgoing.size
        self.close_is_queued = False
        self._is_scheduled = False
        self._writing_paused = False
        self._unsent: tuple[int, list[int], int] | None = (
            None  # first seq, frame lengths, bytes not yet handed over
        )
        self._skipped = 0
        self._eof = False
        # Waiting
        self.waiters = 0  # coroutines of the user that wait for something of this pump
        self.senders = 0
        self._pings: dict[bytes, list[tuple[int, Answer]]] = {}  # when each was sent, and who waits
        self.answers_pings = not raw
        self._notify = notify
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._connection = -1

    # Opening; called by connection.py on this loop

    def open(self, transport: asyncio.Transport, wire: WireProtocol, connection: Connection) -> None:
        """Take over a connection whose handshake is done."""
        self.loop = asyncio.get_running_loop()
        self._transport = transport
        self.wire = wire
        claimed = 0
        for extension in wire.wire_extensions:
            claimed |= extension.factory.rsv
        self.clear_claimed = bytes(head & ~claimed for head in range(256))
        self._connection = self.log.register(connection)
        self.cursor = self.log.cursor(self._connection)
        # Pause as soon as the operating system takes no more: see flush. asyncio's TLS pauses at its limit, not over it.
        transport.set_write_buffer_limits(0 if self._is_plain_tcp() else 1, 0)
        self.state = SessionState.OPEN
        self.log.note("open", connection.url, self.name)

    # Receiving

    def bytes_received(self, data: bytes) -> None:
        """Take the bytes of one read."""
        assert self.wire is not None
        self._reading = self.wire.receive(data)
        self._read_on()

    def _read_on(self) -> None:
        """Take the readings of the bytes in hand; where they are many, let the loop take turns."""
        assert self._transport is not None and self.loop is not None
        if self._reading is None:
            return
        began = self.loop.time()
        for reading in self._reading:
            if reading is not None:
                self._take(reading)
            if reading is None or self.loop.time() - began > _TURN:
                self._pause_reading(self._transport)
                self.loop.call_soon(self._read_on)
                return
        self._reading = None
        self._resume_reading()

    def _take(self, reading: Reading) -> None:
        """Record one batch and do what an endpoint has to do about it."""
        assert self.cursor is not None
        first = self.log.append(reading.batch, self._connection, "in", self.log.clock(), self.log.monotonic())
        if not self.incoming_ended:
            self.delivered += reading.deliverable
        if reading.pongs or reading.pings:
            self._take_pings(reading)
        if reading.end is not None and self.cursor.stop is None:
            self.cursor.stop = first + reading.end
            self.incoming_ended = True
        if reading.fault is not None:
            self.fail(reading.fault.exception, reading.fault.code)
        if reading.closes:
            self._peer_closes(reading.closes[0])
        size = self._pause_at
        if size is not None and self.delivered - self.read_by_user >= size:
            self._hold_incoming(size)
        self._notify()

    def _hold_incoming(self, size: int) -> None:
        """The reader of ``incoming`` is behind by its whole capacity."""
        if self.channels.incoming.overflow == "suspend":
            if not self.reading_paused and self.state is SessionState.OPEN:
                self.reading_paused = True
                self.log.note("backpressure on", f"incoming holds {size} frames: reading pauses", self.name)
                if self._transport is not None:
                    self._pause_reading(self._transport)
                self.make_room()  # the reader, on another thread, may have been quicker than this pause
        elif self.delivered - self.read_by_user > size:
            self._pause_at = None
            self.fail(ChannelOverflow(size, "incoming"), CloseCode.INTERNAL_ERROR)

    def unbind_incoming(self) -> None:
        """Nobody reads ``incoming`` any more, or the session ends: its capacity holds nothing up."""
        self._pause_at = None
        self.make_room()

    def make_room(self) -> None:
        """Read on if the reader of ``incoming`` has taken enough; any thread."""
        size = self._pause_at
        if self.reading_paused and (size is None or self.delivered - self.read_by_user < size):
            self.reading_paused = False
            self.log.note("backpressure off", "incoming has room again", self.name)
            self.call(self._resume_reading)

    def _end_incoming(self) -> None:
        """Let nothing that comes from now on reach the application; the log still has it."""
        self.incoming_ended = True
        if self.cursor is not None and self.cursor.stop is None:
            self.cursor.stop = self.log.end

    @staticmethod
    def _pause_reading(transport: asyncio.Transport) -> None:
        if transport.is_reading():
            transport.pause_reading()

    def _resume_reading(self) -> None:
        transport = self._transport
        if transport is None or self.reading_paused or self._reading is not None:
            return
        if not transport.is_closing() and not transport.is_reading():
            transport.resume_reading()

    def _take_pings(self, reading: Reading) -> None:
        for payload in reading.pongs:
            waiting = self._pings.pop(payload, None)
            if waiting is not None:
                (sent_ns, answer), *others = waiting
                if others:
                    self._pings[payload] = others
                answer((self.log.monotonic() - sent_ns) / 1e9)
        if reading.pings and self.answers_pings and self.close_received is None and not self.outgoing_ended:
            self._answer(reading.pings)

    def _answer(self, pings: list[bytes]) -> None:
        """Send pongs in order; to a peer that takes none, only the newest (RFC 6455 §5.5.3)."""
        if self._writing_paused and len(self._control) > _PONGS_WAITING:
            waiting = self._control.take_all()
            self._control.extend(item for item in waiting if item[0] & OPCODE != Opcode.PONG)
            stale = [item for item in waiting if item[0] & OPCODE == Opcode.PONG]
            self._record_dropped(stale, "a newer ping was answered instead (RFC 6455 §5.5.3)")
            pings = pings[-1:]
        for payload in pings:
            self.enqueue((0x8A, payload, 0, None))

    def _peer_closes(self, payload: bytes) -> None:
        """A close frame came: echo it on a default session, and end what it ends."""
        if self.close_received is not None:
            return
        reason = Frame.nonstandard(Opcode.CLOSE, payload).read_reason() or CloseReason(
            CloseCode.NO_STATUS_RCVD
        )
        self.close_received = reason
        self._settle(reason, "peer")
        self.state = SessionState.CLOSING
        if self.close_sent is None and self.fault is None and not self.raw:
            self.outgoing_ended = True
            if self._control and self._is_writable():  # pongs to the pings before its close (RFC 6455 §5.5.2)
                self._write(self._control.take_all())
            self._drop_queue("the peer had closed")
            self._write_close(payload)
            self._await_answer()  # a peer that reads nothing takes no echo either
        self.log.note("closing", f"by the peer: {reason}", self.name)
        self._await_eof_if_both_closed()

    # Sending

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait."""
        return len(self._data) >= self._most_queued

    @property
    def is_waiting_to_send(self) -> bool:
        """Whether frames wait to be serialised."""
        return bool(self._control or self._data)

    @property
    def room(self) -> int:
        """Frames that the queue takes before it is full."""
        return max(0, self._most_queued - len(self._data))

    def enqueue(self, item: Outgoing) -> None:
        """Put a frame into the queue, whether there is room or not; any thread.

        Pings and pongs overtake data; a close keeps its place behind it.
        """
        opcode = item[0] & OPCODE
        lane = self._data if opcode <= _CLOSE else self._control
        if opcode == _CLOSE:
            self.close_is_queued = True
        lane.append(item)
        lane.enqueued += 1
        if not self._is_scheduled:
            self.wake()

    def wake(self) -> None:
        """See to it that the queue is looked at soon; any thread."""
        if not self._is_scheduled:
            self._is_scheduled = True
            self.call(self._write_queued)

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function on this pump's loop soon; from this loop or, of a pump on its own thread, from any."""
        if self.loop is None:
            return
        soon = self.loop.call_soon_threadsafe if self._on_own_thread else self.loop.call_soon
        with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the connection
            soon(function, *arguments)

    @property
    def marks(self) -> tuple[int, int]:
        """Where the queues end now: what ``has_handed`` takes."""
        return self._control.enqueued, self._data.enqueued

    def has_handed(self, marks: tuple[int, int]) -> bool:
        """Tell whether what was queued before is with the operating system, or was given up."""
        return self._control.handed >= marks[0] and self._data.handed >= marks[1]

    def overflow_outgoing(self, fault: ChannelOverflow) -> None:
        """The queue ran over, and its overflow is "close"; any thread."""
        self.outgoing_ended = True
        self.call(self.fail, fault, CloseCode.INTERNAL_ERROR)

    def _write_queued(self) -> None:
        """Write what is queued, control frames first, as far as the operating system takes it."""
        self._is_scheduled = False
        if self.state is SessionState.CLOSED:  # another thread was about to send when the connection was lost
            self._drop_queue("the connection was lost")
        while (self._control or self._data) and not self._writing_paused and self._transport is not None:
            if self._transport.is_closing() or (self.close_sent is not None and not self._control):
                break
            self._write(self._next_items())
            if self.close_sent is not None:
                break
            if self._data:  # another turn, so that receiving is not held up by a long queue
                self.wake()
                break
        if self.senders:
            self._notify()

    def _is_writable(self) -> bool:
        return not self._writing_paused and self._transport is not None and not self._transport.is_closing()

    def _next_items(self) -> list[Outgoing]:
        """Take from the queues what is written next: pongs and pings, then data up to a close frame."""
        items: list[Outgoing] = []
        while self._control:
            items.append(self._control.popleft())
            if items[-1][0] & OPCODE == Opcode.CLOSE:
                return items
        size = 0
        data = self._data
        while data and len(items) < _WRITE_FRAMES and size < _WRITE_BYTES and self.close_sent is None:
            item = data.popleft()
            items.append(item)
            size += len(item[1])
            if item[0] & OPCODE == _CLOSE:
                break
        return items

    def _write(self, items: list[Outgoing]) -> None:
        """Record frames, then write them: a row before a write."""
        assert self.wire is not None and self._transport is not None
        try:
            batch, data = self.wire.serialize(items)
        except Exception as error:  # noqa: BLE001 - an extension or a compress_if may be the user's
            self._give_up_sending(items, error)
            return
        first = self.log.append(batch, self._connection, "out", self.log.clock(), self.log.monotonic())
        self._transport.write(data)
        left = self._transport.get_write_buffer_size()
        if left:
            self._unsent = (first, _frame_lengths(batch), left)
        else:
            self._handed_over()
        if items[-1][0] & OPCODE == Opcode.CLOSE:
            self._own_close(items[-1][1])

    def _own_close(self, payload: bytes) -> None:
        """A close frame of ours was taken from the queue."""
        if self.close_sent is not None:
            return
        reason = Frame.nonstandard(Opcode.CLOSE, payload).read_reason() or CloseReason(
            CloseCode.NO_STATUS_RCVD
        )
        self.close_sent = reason
        self.outgoing_ended = True
        self._settle(reason, "local")
        self.unbind_incoming()  # or the peer's answer would wait behind what nobody reads
        self._drop_queue("a close frame was sent before it")
        if self.state is SessionState.OPEN:
            self.state = SessionState.CLOSING
            self.log.note("closing", f"by us: {reason}", self.name)
        if self.close_received is None:
            self._await_answer()
        self._await_eof_if_both_closed()
        self._notify()

    def _give_up_sending(self, items: list[Outgoing], error: Exception) -> None:
        """Frames could not be serialised: end the session, as after the failure of one of its tasks."""
        self.log.note("error", f"a frame could not be sent: {type(error).__name__}: {error}", self.name)
        self.outgoing_ended = True
        self._record_dropped(items, f"an extension failed: {type(error).__name__}")
        self._drop_queue("an extension failed before it")
        reason = CloseReason(CloseCode.INTERNAL_ERROR, truncate_utf8(type(error).__name__, 123))
        self._write_close(reason.to_payload())

    def _drop_queue(self, why: str) -> None:
        """Record what is still queued as never sent."""
        self._record_dropped([*self._control.take_all(), *self._data.take_all()], why)
        if self._unsent is None:  # or what was written last, our close perhaps, is still to be handed over
            self._handed_over()

    def _record_dropped(self, items: list[Outgoing], why: str) -> None:
        if items:
            batch = Batch()
            for head, payload, flags, _ in items:
                batch.add(head, payload, flags)
            first = self.log.append(batch, self._connection, "out", self.log.clock(), self.log.monotonic())
            self.log.mark_dropped(first, first + len(items), f"never sent: {why}")

    def _write_close(self, payload: bytes) -> None:
        """Write a close frame of this side's own accord."""
        self._control.append((0x88, payload, 0, None))
        self._control.enqueued += 1
        self._write_queued()

    def _handed_over(self) -> None:
        """What was taken from the queues is with the operating system, or given up."""
        self._control.settle()
        self._data.settle()

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """The operating system has taken all."""
        self._writing_paused = False
        self._unsent = None
        self._handed_over()
        self._write_queued()
        self._notify()

    # Pings

    def ping(self, payload: bytes, answer: Answer) -> None:
        """Send a ping; ``answer`` is called on this loop with the latency in seconds, or what ended the session."""
        if self.outgoing_ended:
            answer(SessionClosed(self.close_reason))
            return
        self._pings.setdefault(payload, []).append((self.log.monotonic(), answer))
        self.enqueue(outgoing(Frame.ping(payload)))

    def forget_ping(self, payload: bytes, answer: Answer) -> None:
        """Do not wait for this pong any more."""
        waiting = [entry for entry in self._pings.pop(payload, ()) if entry[1] != answer]
        if waiting:
            self._pings[payload] = waiting

    # Ending

    def _settle(self, reason: CloseReason, initiator: Initiator) -> None:
        """Fix the close reason: the first one stays."""
        if self.close_reason is None:
            self.close_reason = reason
            self.close_initiator = initiator

    def fail(
        self,
        fault: SessionFault,
        code: int,
        message: str = "",
        *,
        initiator: Initiator = "local",
        wait: bool = True,
    ) -> None:
        """Fail the connection (RFC 6455 §7.1.7): say why with a close frame, hand over nothing more.

        Args:
            wait: leave the peer ``close_timeout`` to answer; False ends the connection as soon as that is written.
        """
        if self.fault is not None or self.state is SessionState.CLOSED:
            return
        self.fault = fault
        reason = CloseReason(code, truncate_utf8(message or _close_message(fault), 123))
        self._settle(reason, initiator)
        self._end_incoming()
        if self.close_sent is None:
            self._drop_queue(f"the session was failed: {type(fault).__name__}")
            self._write_close(reason.to_payload())
        self.outgoing_ended = True
        if self._timer is None:  # a peer that reads nothing takes no close either
            self._await_answer()
        if not wait and self._transport is not None:
            self._transport.close()
            self._set_timer(_LINGER, self.abort)
        self._notify()

    def _await_answer(self) -> None:
        """Leave the peer ``close_timeout`` for its part of the closing handshake."""
        if self.close_timeout is not None:
            self._set_timer(self.close_timeout, self._close_unanswered)

    def _close_unanswered(self) -> None:
        self.log.note(
            "closed", f"the peer did not answer our close within {self.close_timeout:g} s", self.name
        )
        self.abort()

    def _await_eof_if_both_closed(self) -> None:
        """After both close frames the server ends TCP; if it does not, we do."""
        if self.close_sent is not None and self._eof:
            self._hang_up()
        elif self.close_sent is not None and self.close_received is not None:
            self._set_timer(_LINGER, self._hang_up)

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._set_timer(_LINGER, self.abort)

    def _set_timer(self, delay: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.loop is not None and self.state is not SessionState.CLOSED:
            self._timer = self.loop.call_later(delay, callback)

    def terminate(self) -> None:
        """Abort now, without a close frame; any thread."""
        self._settle(CloseReason(CloseCode.ABNORMAL_CLOSURE), "local")
        self._end_incoming()
        self.outgoing_ended = True
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the connection
                self.loop.call_soon_threadsafe(self.abort)

    def abort(self) -> None:
        """Abort the transport; what is queued is recorded as never sent when the connection is lost."""
        if self._transport is not None:
            if self._unsent is not None:
                first, lengths, _ = self._unsent
                self._unsent = (first, lengths, self._transport.get_write_buffer_size())
            self._transport.abort()

    def eof_received(self) -> bool:
        """The peer sends no more; return whether the connection stays open for writing."""
        self._eof = True
        self._take_end()
        half_open = self.raw and self.close_sent is None and self._is_plain_tcp()
        if self.close_received is None:
            self._settle(CloseReason(CloseCode.ABNORMAL_CLOSURE), "network")
        self.incoming_ended = True
        self._notify()
        return half_open

    def _finish_reading(self) -> None:
        """Take all the readings of the bytes in hand, at the end, when there is no other turn."""
        reading, self._reading = self._reading, None
        for one in reading or ():
            if one is not None:
                self._take(one)

    def _is_plain_tcp(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    def _take_end(self) -> None:
        """Record a frame that the end of the stream cut off."""
        self._finish_reading()
        assert self.wire is not None
        reading = self.wire.receive_end()
        if reading is not None:
            self._take(reading)
        if self.wire.skipped > self._skipped:
            count = self.wire.skipped - self._skipped
            self._skipped = self.wire.skipped
            self.log.truncated += count
            self.log.note("truncated", f"{count} bytes of frames over the limit belong to no row", self.name)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone: take its last words, settle everything, tell everybody."""
        if self.state is SessionState.CLOSED:
            return
        if error is not None:
            self._take_last_words()
        self._take_end()
        self._end_incoming()
        self.outgoing_ended = True
        if self._unsent is not None:
            self._mark_unsent(*self._unsent)
        self._drop_queue("the connection was lost")
        self._settle(CloseReason(CloseCode.ABNORMAL_CLOSURE), "network")
        self.state = SessionState.CLOSED
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        pings, self._pings = self._pings, {}
        for _, answer in itertools.chain(*pings.values()):
            answer(self.fault or SessionClosed(self.close_reason))
        why = f"; {error}" if error is not None else ""
        self.log.note("closed", f"{self.close_reason}, by {self.close_initiator}{why}", self.name)
        self._notify()

    def _take_last_words(self) -> None:
        """Read what the operating system had received when a write failed: asyncio throws that away."""
        assert self._transport is not None and self.wire is not None
        sock = self._transport.get_extra_info("socket")
        if sock is None or not self._is_plain_tcp():
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as twin:
            twin.setblocking(False)
            left = _LAST_WORDS
            while left > 0:
                data = twin.recv(256 * 1024)
                if not data:
                    return
                left -= len(data)
                self._finish_reading()
                self._reading = self.wire.receive(data)

    def _mark_unsent(self, first: int, lengths: list[int], left: int) -> None:
        """Mark the rows whose bytes did not all go to the operating system."""
        count = 0
        for length in reversed(lengths):
            if left <= 0:
                break
            left -= length
            count += 1
        stop = first + len(lengths)
        self.log.mark_dropped(
            stop - count,
            stop,
            "not, or not wholly, handed to the operating system when the connection was lost",
        )

    # Waiting

    @contextlib.contextmanager
    def waiting(self, *, sending: bool = False) -> Iterator[None]:
        """Count a coroutine of the user that waits for this pump."""
        self.waiters += 1
        self.senders += sending
        try:
            yield
        finally:
            self.waiters -= 1
            self.senders -= sending


def _frame_lengths(batch: Batch) -> list[int]:
    """Return the bytes on the wire of each frame."""
    lengths = []
    for place, (head, flags, payload) in enumerate(
        zip(batch.heads, batch.flags, batch.payloads, strict=True)
    ):
        length = len(batch.wire.get(place, payload))
        lengths.append(length + len(minimal_header(head, length, b"key!" if flags & Flag.MASKED else None)))
    return lengths


def _close_message(fault: SessionFault) -> str:
    """Return what the peer is told."""
    if isinstance(fault, FrameTooBig):
        return f"frame of {fault.frame_size} bytes, limit {fault.limit}"
    return str(getattr(fault, "rule", type(fault).__name__))

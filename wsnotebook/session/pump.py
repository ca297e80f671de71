"""Pump: moves bytes between one socket, the wire and the log, all the time, whoever reads or does not.

It lives on one event loop: the kernel's, or that of an I/O thread. Session and channels look at what it holds and are
told when that changes; they hand it frames through two queues. Nothing else is shared.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from wsnotebook.errors import ChannelOverflow, SessionClosed, SessionFault
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.log.cursor import Cursor
from wsnotebook.session.channels import Channels
from wsnotebook.session.ending import Ending, close_message
from wsnotebook.session.intake import Intake
from wsnotebook.session.lastwords import last_words
from wsnotebook.session.outbox import Outbox
from wsnotebook.session.pings import Answer, Pings
from wsnotebook.session.state import Initiator, SessionState
from wsnotebook.session.unsent import Unsent
from wsnotebook.wire.batch import OPCODE, Batch
from wsnotebook.wire.frames import CloseCode, CloseReason, Frame, Opcode, truncate_utf8
from wsnotebook.wire.protocol import Reading, WireProtocol
from wsnotebook.wire.serializer import Outgoing, outgoing

__all__ = ["Pump"]

_LINGER = 1.0  # seconds that the peer has to close TCP after both close frames; a server does so at once
_PATIENCE = 1.0  # seconds for which the peer may take nothing before that is worth an event
_PONGS_WAITING = 64  # pongs that wait for a peer that reads nothing; then only the newest is kept


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
        self.ending = Ending()
        """What is known of the end."""
        self.incoming_ended = False
        self.outgoing_ended = False
        # Receiving
        self.cursor: Cursor | None = None
        self.clear_claimed = bytes(range(256))
        self.intake = Intake(channels.incoming, self._take, gives_way=on_own_thread)
        """The way in, up to the wire."""
        # Sending
        self.outbox = Outbox(channels.outgoing)
        self._is_scheduled = False
        self._writing_paused = False
        self._patience: asyncio.TimerHandle | None = None  # while the operating system takes nothing
        self._is_peer_slow = False
        self._unsent: Unsent | None = None
        self._skipped = 0
        self._eof = False
        # Waiting
        self.senders = 0  # coroutines of the user that wait for the outbox
        self._pings = Pings()
        self.answers_pings = not raw
        self._notify = notify
        self._transport: asyncio.Transport | None = None
        self._connection = -1

    # Opening; called by connection.py on this loop

    def open(self, transport: asyncio.Transport, wire: WireProtocol, connection: Connection) -> None:
        """Take over a connection whose handshake is done."""
        self.loop = asyncio.get_running_loop()
        self._transport = transport
        self.wire = wire
        self.intake.open(transport, wire)
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

    def _take(self, reading: Reading) -> None:
        """Record one batch and do what an endpoint has to do about it."""
        assert self.cursor is not None
        first = self.log.append(reading.batch, self._connection, "in", self.log.clock(), self.log.monotonic())
        if not self.incoming_ended:
            self.intake.delivered += reading.deliverable
        if reading.pongs or reading.pings:
            self._take_pings(reading)
        if reading.end is not None and self.cursor.stop is None:
            self.cursor.stop = first + reading.end
            self.incoming_ended = True
        if reading.fault is not None:
            self.fail(reading.fault.exception, reading.fault.code)
        if reading.closes:
            self._peer_closes(reading.closes[0])
        if self.intake.is_full:
            self._hold_incoming()
        self._notify()

    def _hold_incoming(self) -> None:
        """The reader of ``incoming`` is behind by its whole capacity."""
        intake, size = self.intake, self.channels.incoming.size or 0
        if self.channels.incoming.overflow == "suspend":
            if not intake.is_held and self.state is SessionState.OPEN:
                intake.is_held = True
                self.log.note("backpressure on", f"incoming holds {size} frames: reading pauses", self.name)
                intake.pause()
                self.make_room()  # the reader, on another thread, may have been quicker than this pause
        elif intake.unread > size:
            intake.bound = None
            self.fail(ChannelOverflow(size, "incoming"), CloseCode.INTERNAL_ERROR)

    def unbind_incoming(self) -> None:
        """Nobody reads ``incoming`` any more, or the session ends: its capacity holds nothing up."""
        self.intake.bound = None
        self.make_room()

    def make_room(self) -> None:
        """Read on if the reader of ``incoming`` has taken enough; any thread."""
        if self.intake.is_held and not self.intake.is_full:
            self.intake.is_held = False
            self.log.note("backpressure off", "incoming has room again", self.name)
            self.call(self.intake.resume)

    def _end_incoming(self) -> None:
        """Let nothing that comes from now on reach the application; the log still has it."""
        self.incoming_ended = True
        if self.cursor is not None and self.cursor.stop is None:
            self.cursor.stop = self.log.end

    def _take_pings(self, reading: Reading) -> None:
        for payload in reading.pongs:
            self._pings.answered(payload, self.log.monotonic())
        if reading.pings and self.answers_pings and self.ending.received is None and not self.outgoing_ended:
            self._answer(reading.pings)

    def _answer(self, pings: list[bytes]) -> None:
        """Send pongs in order; to a peer that takes none, only the newest (RFC 6455 §5.5.3)."""
        if self._writing_paused and len(self.outbox.control) > _PONGS_WAITING:
            stale = self.outbox.take_stale_pongs()
            self._record_unsent(stale, "a newer ping was answered instead (RFC 6455 §5.5.3)")
            pings = pings[-1:]
        for payload in pings:
            self.enqueue((0x8A, payload, 0, None))

    def _peer_closes(self, payload: bytes) -> None:
        """A close frame came: echo it on a default session, and end what it ends."""
        if self.ending.received is not None:
            return
        reason = Frame.nonstandard(Opcode.CLOSE, payload).read_reason() or CloseReason(
            CloseCode.NO_STATUS_RCVD
        )
        self.ending.received = reason
        self.ending.settle(reason, "peer")
        self.state = SessionState.CLOSING
        if self.ending.sent is None and self.ending.fault is None and not self.raw:
            self.outgoing_ended = True
            if (
                self.outbox.control and self._is_writable()
            ):  # pongs to pings before its close (RFC 6455 §5.5.2)
                self._write(self.outbox.control.take_all())
            self._drop_queue("the peer had closed")
            self._write_close(payload)
            self._await_answer()  # a peer that reads nothing takes no echo either
        self.log.note("closing", f"by the peer: {reason}", self.name)
        self._await_eof_if_both_closed()

    # Sending

    def enqueue(self, item: Outgoing) -> None:
        """Put a frame into the outbox, whether there is room or not; any thread."""
        self.outbox.put(item)
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

    def overflow_outgoing(self, fault: ChannelOverflow) -> None:
        """The queue ran over, and its overflow is "close"; any thread."""
        self.outgoing_ended = True
        self.call(self.fail, fault, CloseCode.INTERNAL_ERROR)

    def _write_queued(self) -> None:
        """Write what is queued, control frames first, as far as the operating system takes it."""
        self._is_scheduled = False
        if self.state is SessionState.CLOSED:  # another thread was about to send when the connection was lost
            self._drop_queue("the connection was lost")
        while self.outbox and not self._writing_paused and self._transport is not None:
            if self._transport.is_closing() or (self.ending.sent is not None and not self.outbox.control):
                break
            self._write(self.outbox.next_items(with_data=self.ending.sent is None))
            if self.ending.sent is not None:
                break
            if self.outbox.data:  # another turn, so that receiving is not held up by a long queue
                self.wake()
                break
        if self.senders:
            self._notify()

    def _is_writable(self) -> bool:
        return not self._writing_paused and self._transport is not None and not self._transport.is_closing()

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
            self._unsent = Unsent.of(first, batch, left)
        else:
            self.outbox.settle()
        if items[-1][0] & OPCODE == Opcode.CLOSE:
            self._own_close(items[-1][1])

    def _own_close(self, payload: bytes) -> None:
        """A close frame of ours was taken from the queue."""
        if self.ending.sent is not None:
            return
        reason = Frame.nonstandard(Opcode.CLOSE, payload).read_reason() or CloseReason(
            CloseCode.NO_STATUS_RCVD
        )
        self.ending.sent = reason
        self.outgoing_ended = True
        self.ending.settle(reason, "local")
        self.unbind_incoming()  # or the peer's answer would wait behind what nobody reads
        self._drop_queue("a close frame was sent before it")
        if self.state is SessionState.OPEN:
            self.state = SessionState.CLOSING
            self.log.note("closing", f"by us: {reason}", self.name)
        if self.ending.received is None:
            self._await_answer()
        self._await_eof_if_both_closed()
        self._notify()

    def _give_up_sending(self, items: list[Outgoing], error: Exception) -> None:
        """Frames could not be serialised: end the session, as after the failure of one of its tasks."""
        self.log.note("error", f"a frame could not be sent: {type(error).__name__}: {error}", self.name)
        self.outgoing_ended = True
        self._record_unsent(items, f"an extension failed: {type(error).__name__}")
        self._drop_queue("an extension failed before it")
        reason = CloseReason(CloseCode.INTERNAL_ERROR, truncate_utf8(type(error).__name__, 123))
        self._write_close(reason.to_payload())

    def _drop_queue(self, why: str) -> None:
        """Record what is still queued as never sent."""
        self._record_unsent(self.outbox.take_all(), why)
        if self._unsent is None:  # or what was written last, our close perhaps, is still to be handed over
            self.outbox.settle()

    def _record_unsent(self, items: list[Outgoing], why: str) -> None:
        if items:
            batch = Batch()
            for head, payload, flags, _ in items:
                batch.add(head, payload, flags)
            first = self.log.append(batch, self._connection, "out", self.log.clock(), self.log.monotonic())
            self.log.mark_unsent(first, first + len(items), f"never sent: {why}")

    def _write_close(self, payload: bytes) -> None:
        """Write a close frame of this side's own accord."""
        self.outbox.put_own_close(payload)
        self._write_queued()

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""
        self._writing_paused = True
        if self.loop is not None:
            self._patience = self.loop.call_later(_PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        self._is_peer_slow = True
        waiting = len(self.outbox.control) + len(self.outbox.data)
        self.log.note(
            "backpressure on",
            f"the peer takes nothing since {_PATIENCE:g} s: {waiting} frames wait",
            self.name,
        )

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience, self._is_peer_slow = None, False

    def resume_writing(self) -> None:
        """The operating system has taken all."""
        self._writing_paused = False
        if self._is_peer_slow:
            self.log.note("backpressure off", "the peer takes what is sent again", self.name)
        self._forget_patience()
        self._unsent = None
        self.outbox.settle()
        self._write_queued()
        self._notify()

    # Pings

    def ping(self, payload: bytes, answer: Answer) -> None:
        """Send a ping; ``answer`` is called on this loop with the latency in seconds, or what ended the session."""
        if self.outgoing_ended:
            answer(SessionClosed(self.ending.reason))
            return
        self._pings.sent(payload, self.log.monotonic(), answer)
        self.enqueue(outgoing(Frame.ping(payload)))

    def forget_ping(self, payload: bytes, answer: Answer) -> None:
        """Do not wait for this pong any more."""
        self._pings.forget(payload, answer)

    # Ending

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
        if self.ending.fault is not None or self.state is SessionState.CLOSED:
            return
        self.ending.fault = fault
        reason = CloseReason(code, truncate_utf8(message or close_message(fault), 123))
        self.ending.settle(reason, initiator)
        self._end_incoming()
        if self.ending.sent is None:
            self._drop_queue(f"the session was failed: {type(fault).__name__}")
            self._write_close(reason.to_payload())
        self.outgoing_ended = True
        if not self.ending.has_deadline:  # a peer that reads nothing takes no close either
            self._await_answer()
        if not wait and self._transport is not None:
            self._transport.close()
            self.ending.set_deadline(_LINGER, self.abort)
        self._notify()

    def _await_answer(self) -> None:
        """Leave the peer ``close_timeout`` for its part of the closing handshake."""
        if self.close_timeout is not None:
            self.ending.set_deadline(self.close_timeout, self._close_unanswered)

    def _close_unanswered(self) -> None:
        self.log.note(
            "closed", f"the peer did not answer our close within {self.close_timeout:g} s", self.name
        )
        self.abort()

    def _await_eof_if_both_closed(self) -> None:
        """After both close frames the server ends TCP; if it does not, we do."""
        if self.ending.sent is not None and self._eof:
            self._hang_up()
        elif self.ending.sent is not None and self.ending.received is not None:
            self.ending.set_deadline(_LINGER, self._hang_up)

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self.ending.set_deadline(_LINGER, self.abort)

    def terminate(self) -> None:
        """Abort now, without a close frame; any thread."""
        self.ending.settle(CloseReason(CloseCode.ABNORMAL_CLOSURE), "local")
        self._end_incoming()
        self.outgoing_ended = True
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the connection
                self.loop.call_soon_threadsafe(self.abort)

    def abort(self) -> None:
        """Abort the transport; what is queued is recorded as never sent when the connection is lost."""
        if self._transport is not None:
            if self._unsent is not None:
                self._unsent = self._unsent._replace(left=self._transport.get_write_buffer_size())
            self._transport.abort()

    def eof_received(self) -> bool:
        """The peer sends no more; return whether the connection stays open for writing."""
        self._eof = True
        self._take_end()
        half_open = self.raw and self.ending.sent is None and self._is_plain_tcp()
        if self.ending.received is None:
            self.ending.settle(CloseReason(CloseCode.ABNORMAL_CLOSURE), "network")
        self.incoming_ended = True
        self._notify()
        return half_open

    def _is_plain_tcp(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    def _take_end(self) -> None:
        """Record a frame that the end of the stream cut off."""
        self.intake.finish()
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
        if error is not None and self._transport is not None:
            self.intake.finish(last_words(self._transport))
        self._take_end()
        self._end_incoming()
        self.outgoing_ended = True
        if self._unsent is not None:
            self._unsent.mark_unsent(self.log)
        self._drop_queue("the connection was lost")
        self.ending.settle(CloseReason(CloseCode.ABNORMAL_CLOSURE), "network")
        self.state = SessionState.CLOSED
        self._transport = None
        self.ending.clear_deadline()
        self._forget_patience()
        self._pings.end(self.ending.fault or SessionClosed(self.ending.reason))
        why = f"; {error}" if error is not None else ""
        self.log.note("closed", f"{self.ending.reason}, by {self.ending.initiator}{why}", self.name)
        self._notify()

    # Waiting

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Count a coroutine of the user that waits for the outbox, so that it is told."""
        self.senders += 1
        try:
            yield
        finally:
            self.senders -= 1

"""Pump: moves bytes between one socket, the wire and the log, all the time, whoever reads or does not.

It lives on one event loop: the kernel's, or that of an I/O thread. How a connection ends is the table in
wire/closing.py: the pump turns what happens into its events, and performs its actions.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from wsnotebook.errors import ChannelOverflow, SessionClosed, SessionFault
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.session.capacity import Channels
from wsnotebook.session.closereasons import close_message
from wsnotebook.session.deadline import Deadline
from wsnotebook.session.incoming import IncomingState
from wsnotebook.session.intake import Intake
from wsnotebook.session.lastwords import last_words
from wsnotebook.session.outgoing import OutgoingState
from wsnotebook.session.pings import Answer, Pings
from wsnotebook.session.state import Lifecycle, SessionState
from wsnotebook.session.writer import FrameWriter
from wsnotebook.wire.closing import Action, Do, Event, Initiator, Kind, Phase
from wsnotebook.wire.frames import CloseCode, CloseReason, Frame, Opcode, truncate_utf8
from wsnotebook.wire.protocol import Reading, WireProtocol
from wsnotebook.wire.serializer import outgoing

__all__ = ["Pump"]

_LINGER = 1.0  # seconds that the peer has to close TCP after both close frames; a server does so at once
_MAX_REASON = 123  # UTF-8 bytes of a close message (RFC 6455 §5.5)


class Pump:
    """The traffic of one connection.

    Args:
        log: every frame is recorded here.
        name: of the session.
        raw: hand frames over as they are received, and answer nothing.
        channels: capacities.
        close_timeout: seconds that the peer has to answer our close frame before the connection is aborted.
        masking: frames are masked when they are written.
        notify: called on this loop when something has changed that a coroutine of the user may wait for.
        on_own_thread: this loop is not the user's, so that ``call`` has to cross threads.
        attempt: number of the connection in its session.
    """

    def __init__(
        self,
        log: FrameLog,
        name: str,
        *,
        raw: bool,
        channels: Channels,
        close_timeout: float | None,
        masking: bool,
        notify: Callable[[], None],
        on_own_thread: bool = False,
        attempt: int = 0,
    ) -> None:
        self.log = log
        self.name = name
        self.attempt = attempt
        self.raw = raw
        self.answers_pings = not raw
        """Whether the peer's pings are answered."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.wire: WireProtocol | None = None
        self.life = Lifecycle(raw=raw)
        """Where the connection is, and all that is known of its end."""
        self.incoming = IncomingState(channels.incoming, self.life, self._make_room)
        """Received frames that nobody has dequeued."""
        self.outgoing = OutgoingState(
            channels.outgoing, self.life, name, masking=masking, enqueued=self.wake, overflowed=self._overflow
        )
        """Frames that wait to be written."""
        self.intake = Intake(self.incoming, self._take, gives_way=on_own_thread)
        """The way in, up to the wire."""
        self._writer = FrameWriter(
            log,
            name,
            self.outgoing,
            self.life,
            wake=self.wake,
            notify=notify,
            close_written=self._close_written,
            failed=self._give_up,
        )
        self._pings = Pings()
        self._close_timeout = close_timeout
        self._deadline = Deadline(self._deadline_passed)
        self._on_own_thread = on_own_thread
        self._is_scheduled = False
        self._notify = notify
        self._transport: asyncio.Transport | None = None
        self._connection = -1
        self._skipped = 0

    # Opening; called by connection.py on this loop

    def open(self, transport: asyncio.Transport, wire: WireProtocol, connection: Connection) -> None:
        """Begin to pump: the handshake is done."""
        self.loop = asyncio.get_running_loop()
        self._transport = transport
        self.wire = wire
        self._connection = self.log.register(connection)
        claimed = 0
        for extension in wire.wire_extensions:
            claimed |= extension.factory.rsv
        self.incoming.open(self.log.cursor(self._connection), claimed)
        self.intake.open(transport, wire)
        self._writer.open(transport, wire, self._connection)
        # Pause as soon as the operating system takes no more: see flush. asyncio's TLS pauses at its limit, not over it.
        transport.set_write_buffer_limits(0 if self._is_plain_tcp() else 1, 0)
        self.step(Event(Kind.OPENED))
        self.log.note("open", connection.url, self.name)

    def _is_plain_tcp(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    # The end, by the table of wire/closing.py

    @property
    def state(self) -> SessionState:
        """Where the session is; any thread."""
        return self.life.state

    def step(self, event: Event) -> None:
        """Apply an event to the state of the end, and perform the actions that follow; on this loop."""
        self._perform(self.life.step(event))

    def _step_from_any_thread(self, event: Event) -> None:
        """Apply an event at once; the actions are performed on this loop, soon."""
        actions = self.life.step(event)
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the connection
                self.loop.call_soon_threadsafe(self._perform, actions)

    def _perform(self, actions: tuple[Action, ...]) -> None:
        for do, words, payload in actions:
            match do:
                case Do.WRITE_PONGS:
                    self._writer.write_control()
                case Do.WRITE_CLOSE:
                    self._writer.write_close(payload)
                case Do.DROP:
                    self._writer.drop(words)
                case Do.NOTE_CLOSING:
                    self.log.note("closing", words, self.name)
                case Do.NOTE_CLOSED:
                    self.log.note("closed", words, self.name)
                case Do.AWAIT_ANSWER:
                    self._deadline.set(self._close_timeout)
                case Do.AWAIT_EOF:
                    self._deadline.set(_LINGER)
                case Do.CLOSE_TCP:
                    self._close_tcp()
                case Do.HANG_UP:
                    self._close_tcp()
                    self._deadline.set(_LINGER)
                case Do.ABORT:
                    self._abort()
        if self.life.end.outgoing_ended:
            self.incoming.unbind()  # or the peer's close would wait behind frames that nobody dequeues
        self._notify()

    def _close_tcp(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _abort(self) -> None:
        """Abort the transport; queued frames are recorded as unsent when the connection is lost."""
        if self._transport is not None:
            self._writer.about_to_abort()
            self._transport.abort()

    def _deadline_passed(self, seconds: float) -> None:
        self.step(Event(Kind.DEADLINE, words=f"{seconds:g}"))

    # Receiving

    def _take(self, reading: Reading) -> None:
        """Record one batch and do what an endpoint has to do about it."""
        first = self.log.append(reading.batch, self._connection, "in", self.log.clock(), self.log.monotonic())
        if not self.life.end.incoming_ended:
            self.incoming.delivered += reading.deliverable
        if reading.pongs or reading.pings:
            self._take_pings(reading)
        if reading.end is not None:
            self.incoming.stop_at(first + reading.end)
        if reading.fault is not None:
            self.fail(reading.fault.exception, reading.fault.code)
        if reading.closes:
            self._peer_closed(reading.closes[0])
        if self.incoming.is_full:
            self._hold_incoming()
        self._notify()

    def _take_pings(self, reading: Reading) -> None:
        for payload in reading.pongs:
            self._pings.answered(payload, self.log.monotonic())
        end = self.life.end
        if reading.pings and self.answers_pings and end.received is None and not end.outgoing_ended:
            self._writer.answer(reading.pings)

    def _peer_closed(self, payload: bytes) -> None:
        self.step(Event(Kind.PEER_CLOSE, _reason_in(payload), payload))

    def _hold_incoming(self) -> None:
        """The user has not dequeued as many frames as ``incoming`` holds: pause reading, or fail the session."""
        incoming, size = self.incoming, self.incoming.capacity.size or 0
        if incoming.capacity.overflow == "suspend":
            if not incoming.is_held and self.life.end.phase is Phase.OPEN:
                incoming.is_held = True
                self.log.note("backpressure on", f"incoming holds {size} frames: reading pauses", self.name)
                self.intake.pause()
                self._make_room()  # the user, on another thread, may have been quicker than this pause
        elif incoming.waiting > size:
            incoming.bound = None
            self.fail(ChannelOverflow(size, "incoming"), CloseCode.INTERNAL_ERROR)

    def _make_room(self) -> None:
        """Read on if the user has dequeued enough; any thread."""
        if self.incoming.is_held and not self.incoming.is_full:
            self.incoming.is_held = False
            self.log.note("backpressure off", "incoming has room again", self.name)
            self.call(self.intake.resume)

    # Sending

    def wake(self) -> None:
        """Let the queued frames be written soon; any thread."""
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

    def _write_queued(self) -> None:
        self._is_scheduled = False
        if (
            self.life.end.phase is Phase.CLOSED
        ):  # another thread was about to send when the connection was lost
            self._writer.drop("the connection was lost")
        self._writer.write_queued()

    def _close_written(self, payload: bytes) -> None:
        self.step(Event(Kind.CLOSE_WRITTEN, _reason_in(payload)))

    def _give_up(self, error: Exception) -> None:
        """Frames could not be serialised: end the session, as after the failure of one of its tasks."""
        self.log.note("error", f"a frame could not be sent: {type(error).__name__}: {error}", self.name)
        reason = CloseReason(CloseCode.INTERNAL_ERROR, truncate_utf8(type(error).__name__, _MAX_REASON))
        self.step(Event(Kind.GIVE_UP, reason, reason.to_payload()))

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""
        self._writer.pause()

    def resume_writing(self) -> None:
        """The operating system has taken all."""
        self._writer.resume()

    # Pings

    def ping(self, payload: bytes, answer: Answer) -> None:
        """Send a ping; ``answer`` is called on this loop with the latency in seconds, or with the exception that ended
        the session."""
        end = self.life.end
        if end.outgoing_ended:
            answer(SessionClosed(end.reason))
            return
        self._pings.sent(payload, self.log.monotonic(), answer)
        self.outgoing.enqueue_entry(outgoing(Frame.ping(payload)))

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
        """Fail the connection (RFC 6455 §7.1.7): say why with a close frame, hand over nothing more; on this loop.

        Args:
            wait: leave the peer ``close_timeout`` to answer; False ends the connection as soon as that is written.
        """
        self.step(_failure(fault, code, message, initiator, Kind.FAIL if wait else Kind.FAIL_NOW))
        if self.life.end.fault is fault:
            self.incoming.stop_at(self.log.end)

    def _overflow(self, fault: ChannelOverflow) -> None:
        """Fail the connection from the user's thread: ``outgoing`` has overflowed."""
        self._step_from_any_thread(_failure(fault, CloseCode.INTERNAL_ERROR, "", "local", Kind.FAIL))
        self.incoming.stop_at(self.log.end)

    def terminate(self) -> None:
        """Abort now, without a close frame; any thread."""
        self._step_from_any_thread(Event(Kind.TERMINATE))
        self.incoming.stop_at(self.log.end)

    def eof_received(self) -> bool:
        """The peer's stream has ended; return whether the connection stays open for writing."""
        self._take_end()
        can_write = self.raw and self._is_plain_tcp()
        self.step(Event(Kind.HALF_EOF if can_write else Kind.EOF))
        return self.life.end.phase is Phase.HALF_CLOSED

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
        """The connection is gone: record the last words of the peer and the frames that were never sent."""
        if self._transport is None:
            return
        if error is not None:
            self.intake.finish(last_words(self._transport))
        self._take_end()
        self.incoming.stop_at(self.log.end)
        self._transport = None
        self._deadline.clear()
        self._writer.lost()
        self.step(Event(Kind.LOST))
        end = self.life.end
        self._pings.end(end.fault or SessionClosed(end.reason))
        self.step(Event(Kind.FINISHED, words=f"; {error}" if error is not None else ""))


def _reason_in(payload: bytes) -> CloseReason:
    """Return the reason in the payload of a close frame; 1005 where it is empty (RFC 6455 §7.1.5)."""
    reason = Frame.nonstandard(Opcode.CLOSE, payload).read_reason()
    return reason or CloseReason(CloseCode.NO_STATUS_RCVD)


def _failure(fault: SessionFault, code: int, message: str, initiator: Initiator, kind: Kind) -> Event:
    """Return the event of a connection that has to be failed."""
    reason = CloseReason(code, truncate_utf8(message or close_message(fault), _MAX_REASON))
    return Event(kind, reason, reason.to_payload(), fault, initiator)

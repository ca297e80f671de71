"""Pump: moves bytes between one socket, the wire and the log, all the time, whoever reads or does not.

It lives on one event loop: the kernel's, or that of an I/O thread. How a connection ends is closer.py, how frames
become bytes writer.py, and how bytes become batches intake.py: the pump joins them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from wsnotebook.errors import ChannelOverflow, SessionFault
from wsnotebook.log.code import pack_code
from wsnotebook.log.connections import Connection
from wsnotebook.log.rowlog import RowLog
from wsnotebook.session.capacity import Channels
from wsnotebook.session.closer import Closer
from wsnotebook.session.incoming import IncomingState
from wsnotebook.session.intake import Intake
from wsnotebook.session.lastwords import last_words
from wsnotebook.session.letgo import ignore
from wsnotebook.session.outgoing import OutgoingState
from wsnotebook.session.pings import Answer, Pings
from wsnotebook.session.state import Lifecycle, SessionState
from wsnotebook.session.writer import FrameWriter
from wsnotebook.wire.batch import FIN, Single
from wsnotebook.wire.closing import Event, Initiator, Kind, Phase
from wsnotebook.wire.frames import CloseCode, Frame, Opcode
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.serializer import outgoing
from wsnotebook.wire.wire import Wire

__all__ = ["Pump"]

_CLOSE = FIN | int(Opcode.CLOSE)
_EOF, _HALF_EOF = Event(Kind.EOF), Event(Kind.HALF_EOF)


class Pump:
    """The traffic of one connection.

    Args:
        log: every frame is recorded here.
        name: of the session.
        raw: hand frames over as they are received, and answer nothing.
        channels: capacities.
        close_timeout: seconds that the peer has to answer our close frame before the connection is aborted.
        masking: frames are masked when they are written.
        answers_pings: the peer's pings are answered.
        notify: called on this loop when something has changed that a coroutine of the user may wait for.
        on_own_thread: this loop is not the user's.
        attempt: number of the connection in its session.
    """

    def __init__(
        self,
        log: RowLog,
        name: str,
        *,
        raw: bool,
        channels: Channels,
        close_timeout: float | None,
        masking: bool,
        answers_pings: bool,
        notify: Callable[[], None],
        on_own_thread: bool = False,
        attempt: int = 0,
    ) -> None:
        self.log = log
        self.name = name
        self.attempt = attempt
        self.raw = raw
        self.answers_pings = answers_pings
        """Whether the peer's pings are answered."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.wire: Wire | None = None
        self.life = Lifecycle(raw=raw)
        """Where the connection is, and all that is known of its end."""
        self.incoming = IncomingState(channels.incoming, self.life, self)
        """Received frames that nobody has dequeued."""
        self.outgoing = OutgoingState(channels.outgoing, self.life, name, masking=masking, sink=self)
        """Frames that wait to be written."""
        self.intake = Intake(self, gives_way=on_own_thread)
        """The way in, up to the wire."""
        self.notify = notify
        """Called when something has changed that a coroutine of the user may wait for."""
        self._writer = FrameWriter(log, name, self.outgoing, self.life, self)
        self._is_on_users_loop = not on_own_thread
        if self._is_on_users_loop:
            self.outgoing.writer = self._writer
            self.outgoing.is_new_turn = True
        self.closer = Closer(
            log, name, self.life, self.incoming, self._writer, close_timeout=close_timeout, owner=self
        )
        """What ends the connection."""
        self._pings: Pings | None = None  # made with the first ping, or pong
        self._thread = -1  # of the loop
        self._is_scheduled = False
        self._transport: asyncio.Transport | None = None
        self.connection = -1
        """Number of the connection in the log; -1 before the handshake is done."""
        self._code = -1  # of the frames received
        self._is_end_recorded = False

    # Opening; called by connection.py on this loop

    def open(self, transport: asyncio.Transport, wire: Wire, connection: Connection) -> None:
        """Begin to pump: the handshake is done."""
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._transport = transport
        self.wire = wire
        self.connection = self.log.register(connection)
        self._code = pack_code(self.connection, False)
        self.incoming.open(self.log.cursor(self.connection), wire.claimed)
        self.intake.open(transport, wire)
        self._writer.open(transport, wire, self.connection)
        # Pause as soon as the operating system takes no more: see flush. asyncio's TLS pauses at its limit, not over it.
        transport.set_write_buffer_limits(0 if self._is_plain_tcp() else 1, 0)
        self.closer.open(transport)
        self.log.note("open", connection.url, self.name)

    def _is_plain_tcp(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    @property
    def state(self) -> SessionState:
        """Where the session is; any thread."""
        return self.life.state

    # Receiving

    @property
    def is_held(self) -> bool:
        """Whether reading pauses, because the user has not dequeued enough."""
        return self.incoming.is_held

    def process(self, reading: Reading) -> None:
        """Record one batch and do what an endpoint has to do about it."""
        first = self.log.append(reading.batch, self.connection, "in", self.log.clock(), self.log.monotonic())
        incoming = self.incoming
        if not self.life.end.incoming_ended:
            incoming.delivered += reading.deliverable
            is_run = 0 < reading.deliverable == len(reading.batch) and not reading.batch.odd
            if is_run and incoming.channel is not None:
                incoming.channel.hand_over_run(first, reading.batch)
        if reading.pongs or reading.pings:
            self._process_pings(reading)
        if reading.end is not None:
            incoming.stop_at(first + reading.end)
        if reading.fault is not None:
            self.fail(reading.fault.exception, reading.fault.code)
        for number, payload in enumerate(reading.closes, 1):
            # A raw session hands over a close that breaks a rule and goes on; one that breaks none ends the reading.
            is_broken = number < len(reading.closes) or reading.end is None
            self.closer.peer_closed(payload, is_broken=is_broken)
        if incoming.is_full:
            self._hold_incoming()
        self.outgoing.is_new_turn = self._is_on_users_loop
        if not reading.closes:  # the closer has notified of each
            self.notify()

    def process_single(self, single: Single) -> None:
        """Record a frame that was read alone, and hand it to who waits for it: process() of the most frequent reading."""
        if single[0] == _CLOSE:
            self._process_close(single)
            return
        seq = self.log.append_single(single, None, self._code)
        incoming = self.incoming
        self.outgoing.is_new_turn = self._is_on_users_loop
        if not self.life.end.incoming_ended:
            incoming.delivered += 1
            if incoming.bound is not None and incoming.is_full:
                self._hold_incoming()
            if incoming.channel is not None and incoming.channel.hand_over(seq, single):
                return
        self.notify()

    def _process_close(self, single: Single) -> None:
        """Record a close frame that was read alone and breaks no rule, and follow it: process() of most last readings."""
        first = self.log.append_single(single, None, self._code)
        incoming = self.incoming
        end = int(self.raw)  # a raw session hands the close frame over, and nothing after it
        if not self.life.end.incoming_ended:
            incoming.delivered += end
        incoming.stop_at(first + end)
        self.closer.peer_closed(single[2], is_broken=False)
        if incoming.is_full:
            self._hold_incoming()
        self.outgoing.is_new_turn = self._is_on_users_loop

    def _process_pings(self, reading: Reading) -> None:
        for payload in reading.pongs:
            self._made_pings().answered(payload, self.log.monotonic())
        end = self.life.end
        if reading.pings and self.answers_pings and end.received is None and not end.outgoing_ended:
            self._writer.answer(reading.pings)

    def _hold_incoming(self) -> None:
        """The user has not dequeued as many frames as ``incoming`` holds: pause reading, or fail the session."""
        incoming, size = self.incoming, self.incoming.capacity.size or 0
        if incoming.capacity.overflow == "suspend":
            if not incoming.is_held and self.life.end.phase is Phase.OPEN:
                incoming.is_held = True
                self.log.note("backpressure on", f"incoming holds {size} frames: reading pauses", self.name)
                self.intake.pause()
                self.make_room()  # the user, on another thread, may have been quicker than this pause
        elif incoming.waiting > size:
            incoming.bound = None
            self.fail(ChannelOverflow(size, "incoming"), CloseCode.INTERNAL_ERROR)

    def make_room(self) -> None:
        """Read on if the user has dequeued enough; any thread."""
        if self.incoming.is_held and not self.incoming.is_full:
            self.incoming.is_held = False
            self.log.note("backpressure off", "incoming has room again", self.name)
            self.call(self.intake.resume)

    # Sending

    def wake(self) -> None:
        """Let the queued frames be written soon; any thread."""
        if not self._is_scheduled:
            try:
                self._is_scheduled = True
                self.call(self._write_queued)
            except BaseException:  # an interrupt: the next one must not take it for done
                self._is_scheduled = False
                raise

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function on this pump's loop soon; any thread. A loop that is closed, and with it the connection, does not."""
        loop = self.loop
        if loop is None:
            return
        soon = loop.call_soon if threading.get_ident() == self._thread else loop.call_soon_threadsafe
        try:
            soon(function, *arguments)
        except RuntimeError:
            if not loop.is_closed():
                raise

    def _write_queued(self) -> None:
        self._is_scheduled = False
        if self.life.end.phase is Phase.CLOSED:  # another thread has enqueued while the connection was lost
            self._writer.drop("the connection was lost")
        self._writer.write_queued()
        self.outgoing.is_new_turn = self._is_on_users_loop

    def close_written(self, payload: bytes) -> None:
        """A close frame was written."""
        self.closer.close_written(payload)

    def sending_failed(self, error: Exception) -> None:
        """Frames could not be serialised: end the session."""
        self.closer.give_up(error)

    def overflowed(self, fault: ChannelOverflow) -> None:
        """The user has sent more than ``outgoing`` holds: fail the session; any thread."""
        self.closer.fail_from_any_thread(fault, CloseCode.INTERNAL_ERROR)

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
            answer(end.closed())
            return
        self._made_pings().sent(payload, self.log.monotonic(), answer)
        self.outgoing.enqueue_control(outgoing(Frame.ping(payload)))

    @property
    def unmatched_pongs(self) -> int:
        """Pongs so far that answered none of our pings."""
        return 0 if self._pings is None else self._pings.unmatched

    def forget_ping(self, payload: bytes, answer: Answer) -> None:
        """Do not wait for this pong any more."""
        if self._pings is not None:
            self._pings.forget(payload, answer)

    def _made_pings(self) -> Pings:
        if self._pings is None:
            self._pings = Pings()
        return self._pings

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
        self.closer.fail(fault, code, message, initiator, wait=wait)

    def let_go(self) -> None:
        """Call the session no more, and be called by no part: the connection has ended, and no other thread enqueues."""
        self.notify = ignore
        for part in (self.incoming, self.outgoing, self.intake, self._writer, self.closer):
            part.let_go()

    def terminate(self) -> None:
        """Abort now, without a close frame; any thread."""
        self.closer.terminate()

    def eof_received(self) -> bool:
        """The peer's stream has ended; return whether the connection stays open for writing."""
        self._record_end()
        can_write = self.raw and self._is_plain_tcp()
        self.closer.step(_HALF_EOF if can_write else _EOF)
        return self.life.end.phase is Phase.HALF_CLOSED

    def _record_end(self) -> None:
        """Record a frame that the end of the stream cut off, once: nothing follows the end."""
        if self._is_end_recorded:
            return
        self._is_end_recorded = True
        self.intake.finish()
        assert self.wire is not None
        reading = self.wire.judge.receive_end()
        if reading is not None:
            self.process(reading)
        count = self.wire.judge.skipped
        if count:
            self.log.truncated += count
            self.log.note("truncated", f"{count} bytes of frames over the limit belong to no row", self.name)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone: record the last words of the peer and the frames that were never sent."""
        if self._transport is None:
            return
        transport, self._transport = self._transport, None
        if error is None:
            self._finish(None)
            return
        self._writer.lost()
        self.closer.broke()
        self.intake.read_last(last_words(transport), partial(self._finish, error))

    def _finish(self, error: Exception | None) -> None:
        """All that was received is recorded: end."""
        self._record_end()
        self._writer.lost()
        self.closer.lost(error)
        end = self.life.end
        if self._pings is not None:
            self._pings.end(end.fault or end.closed())

"""Closer: performs the table of wire/closing.py on one connection: events in, actions on the transport, writer and log.

The pump reports what happens; verbs that end a session from another thread come here too.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable
from typing import Protocol

from wsnotebook.errors import SessionFault
from wsnotebook.log.rowlog import RowLog
from wsnotebook.session.closereasons import failure_reason, reason_in
from wsnotebook.session.deadline import Deadline
from wsnotebook.session.incoming import IncomingState
from wsnotebook.session.letgo import GONE
from wsnotebook.session.state import Lifecycle
from wsnotebook.session.writer import FrameWriter
from wsnotebook.wire.closing import Action, Do, Event, Initiator, Kind, Phase

__all__ = ["Closer"]

_OPENED, _LOST, _FINISHED = Event(Kind.OPENED), Event(Kind.LOST), Event(Kind.FINISHED)
_LINGER = 1.0  # seconds that the peer has to close TCP after both close frames; a server does so at once


class Owner(Protocol):
    """Whom a closer tells what it did: the pump."""

    def notify(self) -> None:
        """Something has changed that a coroutine of the user may wait for."""


class Closer:
    """Ends one connection.

    Args:
        log: events are noted here.
        name: of the session, for events.
        life: the state that events change.
        incoming: what has been received and is not dequeued; it ends with the connection.
        writer: writes close frames, and drops the queued ones.
        close_timeout: seconds that the peer has to answer our close frame; None waits for ever.
        owner: is told of each change.
    """

    def __init__(
        self,
        log: RowLog,
        name: str,
        life: Lifecycle,
        incoming: IncomingState,
        writer: FrameWriter,
        *,
        close_timeout: float | None,
        owner: Owner,
    ) -> None:
        self._log = log
        self._name = name
        self._life = life
        self._incoming = incoming
        self._writer = writer
        self._close_timeout = close_timeout
        self._owner = owner
        self._deadline: Deadline | None = None  # made when the end begins
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transport: asyncio.Transport | None = None

    def open(self, transport: asyncio.Transport) -> None:
        """The handshake is done; on the pump's loop, as all that follows but where a docstring says otherwise."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        # Without a notice: nobody has the session yet, and waits for a change.
        self._perform(self._life.step(_OPENED))

    # Events

    def step(self, event: Event) -> None:
        """Apply an event, and perform the actions that follow from it."""
        before = self._life.end
        self._perform(self._life.step(event))
        # After both channels have ended nothing is new to who waits, but that every frame is in the log.
        if not (before.incoming_ended and before.outgoing_ended) or self._life.end.phase is Phase.CLOSED:
            self._owner.notify()

    def _step_from_any_thread(self, event: Event) -> None:
        """Apply an event at once; its actions are performed on the pump's loop, soon."""
        actions = self._life.step(event)
        self._incoming.stop_at(self._log.end)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the connection
                self._loop.call_soon_threadsafe(self._follow, actions)

    def _follow(self, actions: tuple[Action, ...]) -> None:
        self._perform(actions)
        self._owner.notify()

    def peer_closed(self, payload: bytes, *, is_broken: bool) -> None:
        """A close frame was received; one that breaks a rule only on a raw session."""
        self.step(_close_event(Kind.BROKEN_CLOSE if is_broken else Kind.PEER_CLOSE, payload))

    def close_written(self, payload: bytes) -> None:
        """A close frame was written."""
        self.step(_close_event(Kind.CLOSE_WRITTEN, payload))

    def give_up(self, error: Exception) -> None:
        """Frames could not be serialised: end the session, as after the failure of one of its tasks."""
        self._log.note("error", f"a frame could not be sent: {type(error).__name__}: {error}", self._name)
        reason = failure_reason(type(error).__name__)
        self.step(Event(Kind.GIVE_UP, reason, reason.to_payload()))

    def fail(self, fault: SessionFault, code: int, message: str, initiator: Initiator, *, wait: bool) -> None:
        """Fail the connection (RFC 6455 §7.1.7)."""
        self.step(_failure(fault, code, message, initiator, Kind.FAIL if wait else Kind.FAIL_NOW))
        if self._life.end.fault is fault:
            self._incoming.stop_at(self._log.end)

    def fail_from_any_thread(self, fault: SessionFault, code: int) -> None:
        """Fail the connection from the user's thread."""
        self._step_from_any_thread(_failure(fault, code, "", "local", Kind.FAIL))

    def terminate(self) -> None:
        """Abort the connection; any thread."""
        self._step_from_any_thread(Event(Kind.TERMINATE))

    def broke(self) -> None:
        """The transport is gone, and nothing can be sent any more; what the peer had said before is still to be read."""
        self._transport = None
        self.step(Event(Kind.BROKE))

    def lost(self, error: Exception | None) -> None:
        """All that the peer had said is read: wait for nothing any more, and end."""
        self._transport = None
        if self._deadline is not None:
            self._deadline.clear()
        self._incoming.stop_at(self._log.end)
        words = "" if error is None else str(error)
        lost = Event(Kind.LOST, words=words) if words else _LOST
        finished = Event(Kind.FINISHED, words=f"; {words}") if words else _FINISHED
        self._perform(self._life.step(lost))
        self.step(finished)

    def let_go(self) -> None:
        """Call nobody any more: the connection has ended."""
        self._owner = GONE
        if self._deadline is not None:
            self._deadline.let_go()

    def _wait_for(self, seconds: float | None) -> None:
        if self._deadline is None:
            self._deadline = Deadline(self)
        self._deadline.set(seconds)

    def deadline_passed(self, seconds: float) -> None:
        """The peer has not answered, or not closed TCP, within so many seconds."""
        self.step(Event(Kind.DEADLINE, words=f"{seconds:g}"))

    # Actions

    def _perform(self, actions: tuple[Action, ...]) -> None:
        for do, words, payload in actions:
            _PERFORM[do](self, words, payload)
        if self._incoming.bound is not None and self._life.end.outgoing_ended:
            self._incoming.unbind()  # or the peer's close would wait behind frames that nobody dequeues

    def _close_tcp(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _hang_up(self) -> None:
        self._close_tcp()
        self._wait_for(_LINGER)

    def _abort(self) -> None:
        """Abort the transport; queued frames are recorded as unsent when the connection is lost."""
        if self._transport is not None:
            self._writer.about_to_abort()
            self._transport.abort()


_PERFORM: dict[Do, Callable[[Closer, str, bytes], None]] = {
    Do.WRITE_PONGS: lambda closer, words, payload: closer._writer.write_control(),
    Do.WRITE_CLOSE: lambda closer, words, payload: closer._writer.write_close(payload),
    Do.DROP: lambda closer, words, payload: closer._writer.drop(words),
    Do.NOTE_CLOSING: lambda closer, words, payload: closer._log.note("closing", words, closer._name),
    Do.NOTE_CLOSED: lambda closer, words, payload: closer._log.note("closed", words, closer._name),
    Do.AWAIT_ANSWER: lambda closer, words, payload: closer._wait_for(closer._close_timeout),
    Do.AWAIT_EOF: lambda closer, words, payload: closer._wait_for(_LINGER),
    Do.CLOSE_TCP: lambda closer, words, payload: closer._close_tcp(),
    Do.HANG_UP: lambda closer, words, payload: closer._hang_up(),
    Do.ABORT: lambda closer, words, payload: closer._abort(),
}
"""What each action does, with its words and its payload."""


@functools.lru_cache(maxsize=64)  # most sessions are closed with 1000, and each has two
def _close_event(kind: Kind, payload: bytes) -> Event:
    """Return the event of a close frame."""
    return Event(kind, reason_in(payload), payload)


def _failure(fault: SessionFault, code: int, message: str, initiator: Initiator, kind: Kind) -> Event:
    """Return the event of a connection that has to be failed."""
    reason = failure_reason(message or fault, code)
    return Event(kind, reason, reason.to_payload(), fault, initiator)

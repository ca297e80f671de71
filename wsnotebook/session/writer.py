"""FrameWriter: the pump's end of ``outgoing``: frames are dequeued, recorded, and written, as far as the peer takes them.

It lives on the pump's loop. A row is in the log before its bytes reach the socket.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from wsnotebook.log.code import pack_code
from wsnotebook.log.rowlog import RowLog
from wsnotebook.session.letgo import GONE
from wsnotebook.session.outgoing import OutgoingState
from wsnotebook.session.state import Lifecycle
from wsnotebook.session.unsent import Unsent
from wsnotebook.wire.batch import OPCODE, Batch
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.serializer import Outgoing, Serializer
from wsnotebook.wire.wire import Wire

__all__ = ["FrameWriter"]

_PATIENCE = 1.0  # seconds for which the peer may take nothing before that is worth an event
_CLOSE = int(Opcode.CLOSE)  # an int: an enum member costs a look-up for each frame
_PONGS_WAITING = 64  # pongs that wait for a peer that reads nothing; then only the newest is kept


class Owner(Protocol):
    """Whom a writer tells what it did: the pump."""

    def wake(self) -> None:
        """Call write_queued() soon."""

    def notify(self) -> None:
        """Coroutines that wait for the queues should look again."""

    def close_written(self, payload: bytes, /) -> None:
        """A close frame was written."""

    def sending_failed(self, error: Exception, /) -> None:
        """Frames could not be serialised."""


class FrameWriter:
    """The way from the queues of ``outgoing`` to the socket.

    Args:
        log: every frame is recorded here, also one that is never sent.
        name: of the session, for events.
        state: the queues.
        life: where the connection is.
        owner: is told what was done.
    """

    def __init__(self, log: RowLog, name: str, state: OutgoingState, life: Lifecycle, owner: Owner) -> None:
        self._log = log
        self._name = name
        self._state = state
        self._life = life
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._serializer: Serializer | None = None
        self._connection = -1
        self._code = -1  # of the frames sent
        self.is_paused = False
        """Whether the operating system takes no more for now."""
        self._patience: asyncio.TimerHandle | None = None  # while the operating system takes nothing
        self._is_peer_slow = False
        self._unsent: Unsent | None = None

    def open(self, transport: asyncio.Transport, wire: Wire, connection: int) -> None:
        """Begin to write to a connection, which the log has under this number."""
        self._transport, self._serializer, self._connection = transport, wire.serializer, connection
        self._code = pack_code(connection, True)

    # Writing

    def write_queued(self) -> None:
        """Write the queued frames, control frames first, as far as the operating system takes them."""
        state = self._state
        while state and not self.is_paused and not self._is_closing():
            end = self._life.end
            items = state.dequeue(with_data=not end.outgoing_ended) if end.sent is None else []
            if (
                not items
            ):  # nothing follows our close frame; data that another thread enqueued late is dropped
                break
            self._write(items)
            if state.data:  # another turn, so that receiving is not held up by a long queue
                self._owner.wake()
                break
        if state.waiting and self._life.end.sent is None:  # or the closer has notified
            self._owner.notify()

    def write_single(self, item: Outgoing) -> bool:
        """Write a frame of the data queue at once; return False, with nothing done, where it has to be queued.

        The caller has nothing queued, and has not written since the last turn of the loop.
        """
        transport, state = self._transport, self._state
        if self.is_paused or self._life.end.outgoing_ended or transport is None or transport.is_closing():
            return False
        assert self._serializer is not None
        single = self._serializer.serialize_single(item) or self._serializer.serialize_close(item)
        if single is None:
            state.data.enqueued += 1
            self._write([item])
            return True
        row, key, data = single
        seq = self._log.append_single(row, key, self._code)
        transport.write(data)
        if self.is_paused:  # as soon as the operating system leaves anything of it, see Pump.open
            state.data.enqueued += 1
            self._unsent = Unsent(seq, [len(data)], transport.get_write_buffer_size())
        if row[0] & OPCODE == _CLOSE:
            self._owner.close_written(item[1])
        return True

    def write_control(self) -> None:
        """Write the control frames that are queued, if the operating system takes them."""
        if self._state.control and not self.is_paused and not self._is_closing():
            self._write(self._state.control.drain())

    def write_close(self, payload: bytes) -> None:
        """Write a close frame of this side's own accord ahead of all data, as soon as the operating system takes it."""
        self._state.enqueue_own_close(payload)
        self.write_queued()

    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _write(self, items: list[Outgoing]) -> None:
        """Record frames, then write them: a row before a write."""
        assert self._serializer is not None and self._transport is not None
        try:
            batch, data = self._serializer.serialize(items)
        except Exception as error:  # noqa: BLE001 - an extension or a compress_if may be the user's
            self._record_unsent(items, f"an extension failed: {type(error).__name__}")
            self._owner.sending_failed(error)
            return
        first = self._log.append(batch, self._connection, "out", self._log.clock(), self._log.monotonic())
        self._transport.write(data)
        left = self._transport.get_write_buffer_size()
        if left:
            self._unsent = Unsent.of(first, batch, left)
        else:
            self._state.mark_handed()
        if items[-1][0] & OPCODE == _CLOSE:
            self._owner.close_written(items[-1][1])

    # Pongs

    def answer(self, pings: list[bytes]) -> None:
        """Enqueue pongs in order; for a peer that takes none, only the newest (RFC 6455 §5.5.3)."""
        if self.is_paused and len(self._state.control) > _PONGS_WAITING:
            stale = self._state.dequeue_pongs()
            self._record_unsent(stale, "a newer ping was answered instead (RFC 6455 §5.5.3)")
            pings = pings[-1:]
        for payload in pings:
            self._state.enqueue_control((0x8A, payload, 0, None))

    # Frames that are never sent

    def drop(self, why: str) -> None:
        """Record the queued frames as unsent."""
        if self._state.control or self._state.data:
            self._record_unsent(self._state.drain(), why)
        if self._unsent is None:  # or the last write, our close perhaps, is still to be handed over
            self._state.mark_handed()

    def _record_unsent(self, items: list[Outgoing], why: str) -> None:
        if items:
            batch = Batch()
            for head, payload, flags, _ in items:
                batch.add(head, payload, flags)
            first = self._log.append(batch, self._connection, "out", self._log.clock(), self._log.monotonic())
            self._log.mark_unsent(first, first + len(items), f"never sent: {why}")

    def about_to_abort(self) -> None:
        """Note how much of the last write the operating system has not taken: an aborted transport does not tell."""
        if self._unsent is not None and self._transport is not None:
            self._unsent = self._unsent._replace(left=self._transport.get_write_buffer_size())

    def lost(self) -> None:
        """Mark the rows of the last write that the operating system has not wholly taken: the connection is gone."""
        if self._unsent is not None:
            self._unsent.mark_unsent(self._log)
            self._unsent = None
        self._transport = None
        if self._patience is not None:
            self._forget_patience()

    def let_go(self) -> None:
        """Call nobody any more: the connection has ended."""
        self._owner = GONE

    # Flow control

    def pause(self) -> None:
        """The operating system takes no more for now."""
        self.is_paused = True
        self._patience = asyncio.get_running_loop().call_later(_PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        self._is_peer_slow = True
        waiting = len(self._state.control) + len(self._state.data)
        self._log.note(
            "backpressure on",
            f"the peer takes nothing since {_PATIENCE:g} s: {waiting} frames wait",
            self._name,
        )

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience, self._is_peer_slow = None, False

    def resume(self) -> None:
        """The operating system has taken all."""
        self.is_paused = False
        if self._is_peer_slow:
            self._log.note("backpressure off", "the peer takes what is sent again", self._name)
        self._forget_patience()
        self._unsent = None
        self._state.mark_handed()
        self.write_queued()
        self._owner.notify()

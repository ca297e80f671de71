"""Leg: one of the two connections of a conversation: what comes is recorded and handed on, what is written is recorded.

It decides nothing: frames that break a rule, closes and ends of streams go on to the other leg as they came.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from wsnotebook.log.code import pack_code
from wsnotebook.log.connections import Connection
from wsnotebook.log.rowlog import RowLog
from wsnotebook.middle.tap import Tap
from wsnotebook.session.intake import Intake
from wsnotebook.session.lastwords import last_words
from wsnotebook.session.letgo import GONE
from wsnotebook.session.unsent import Unsent
from wsnotebook.wire.batch import OPCODE, Batch, Flag, Single, batch_of, is_whole
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.extensions import WebSocketExtension
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.rules import Rules
from wsnotebook.wire.serializer import Outgoing
from wsnotebook.wire.wire import Wire

__all__ = ["Ending", "Leg", "Listener", "Whole"]

Ending: TypeAlias = Literal["eof", "closed", "reset"]
"""What became of a leg: the peer's stream has ended, TCP was closed, TCP was reset."""

Whole: TypeAlias = Batch | Single
"""Frames that came whole."""

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s
_LINGER = 1.0  # seconds that a peer has to end TCP after we have


class Listener(Protocol):
    """What a leg tells: the conversation."""

    def received(self, leg: Leg, items: list[Outgoing]) -> None:
        """Frames came whole."""

    def ended(self, leg: Leg, ending: Ending) -> None:
        """One step of the end."""

    def failed(self, leg: Leg, why: str, code: int) -> None:
        """The peer's frames cannot be followed any more; ``code`` is the close code that says so."""

    def passed(self, leg: Leg, whole: list[Whole], data: bytes) -> None:
        """Bytes came on a transparent leg; the frames that they complete are in the log."""

    def has_room(self, leg: Leg, room: bool) -> None:
        """The peer takes no more for now, or does so again."""


class Leg:
    """One connection, seen from the client: ``out`` is the way to the server, on either leg.

    Args:
        log: every frame is recorded here.
        name: of its session in the log.
        peer: the side at the other end.
        listener: is told what happens.
        is_transparent: hand on bytes, in place of frames.
    """

    def __init__(
        self, log: RowLog, name: str, peer: Sender, listener: Listener, *, is_transparent: bool = False
    ) -> None:
        self.log = log
        self.name = name
        self.attempt = 0
        self.peer = peer
        self._received: Literal["in", "out"] = "out" if peer == "client" else "in"
        self._sent: Literal["in", "out"] = "in" if peer == "client" else "out"
        self._listener = listener
        self.intake = Tap(self, self._pass) if is_transparent else Intake(self)
        """The way in of the bytes that are received."""
        self._is_transparent = is_transparent
        self._whole: list[Whole] = []  # frames of a transparent leg that are to be passed with their bytes
        self._holding: set[str] = set()  # why reading pauses
        self.has_eof = False
        """Whether the peer's stream has ended."""
        self._transport: asyncio.Transport | None = None
        self._wire: Wire | None = None
        self._connection = -1
        self._claimed = 0  # RSV bits of the negotiated extensions
        self._has_finished = False  # our stream has ended
        self._unsent: list[Unsent] = []  # writes since the operating system last had taken all
        self._left = 0  # bytes of them that it has not taken
        self._begun = 0  # bytes written of a frame that has no row yet

    # Opening

    def open(self, transport: asyncio.Transport, wire: Wire, connection: Connection) -> None:
        """Begin: the handshake is done."""
        self._transport, self._wire, self._claimed = transport, wire, wire.claimed
        self._connection = self.log.register(connection)
        self.intake.open(transport, wire)
        transport.set_write_buffer_limits(0 if self._is_plain_tcp else 1, 0)
        self.log.note("open", connection.url, self.name)
        if self.is_held:
            self.intake.pause()

    @property
    def extensions(self) -> tuple[WebSocketExtension, ...]:
        """The negotiated ones."""
        return () if self._wire is None else self._wire.extensions

    @property
    def _is_plain_tcp(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    @property
    def is_open(self) -> bool:
        """Whether what is written can still reach the peer."""
        return self._transport is not None and not self._has_finished and not self._transport.is_closing()

    # Receiving

    def process(self, reading: Reading) -> None:
        batch = reading.batch
        if len(batch):
            self._record(batch, self._received)
            if self._is_transparent:
                self._whole.append(batch)
            else:
                self._listener.received(self, self._items(batch))
        if reading.fault is not None:
            self._listener.failed(self, str(reading.fault.exception), reading.fault.code)

    def process_single(self, single: Single) -> None:
        self.log.append_single(single, None, pack_code(self._connection, self._received == "out"))
        if self._is_transparent:
            self._whole.append(single)
            return
        head, flags, payload, _ = single
        if flags & Flag.CHANGED:
            head &= ~self._claimed
        self._listener.received(self, [(head, payload, flags & Flag.TEXT, None)])

    def _pass(self, data: bytes) -> None:
        """Tell of the bytes of one read of a transparent leg."""
        whole, self._whole = self._whole, []
        self._listener.passed(self, whole, data)

    @property
    def is_within_frame(self) -> bool:
        """Whether a part of a frame came, and not all of it."""
        return self._wire is not None and self._wire.judge.is_within_frame

    def _items(self, batch: Batch) -> list[Outgoing]:
        """Return the frames of a batch that came whole, as the other leg has to write them: with their mask keys."""
        keys = iter(batch.mask_keys)
        unmasked = b"" if self.peer == "client" else None
        items: list[Outgoing] = []
        cut = _cut_places(batch)
        for place, (head, flags, payload) in enumerate(
            zip(batch.heads, batch.flags, batch.payloads, strict=True)
        ):
            key = next(keys) if flags & Flag.MASKED else unmasked
            if place in cut:
                continue
            if flags & Flag.CHANGED:
                head &= ~self._claimed
            elif head & self._claimed:
                self._listener.failed(self, str(Rules.INFLATE), Rules.INFLATE.code)
                break
            is_text = head & OPCODE == Opcode.TEXT and flags & Flag.TEXT
            items.append((head, bytes(payload), Flag.TEXT if is_text else 0, key))
        return items

    @property
    def is_held(self) -> bool:
        """Whether reading pauses."""
        return bool(self._holding)

    def hold(self, why: str, is_held: bool) -> None:
        """Pause reading for a reason, or read on if there is no other."""
        if is_held:
            self._holding.add(why)
            self.intake.pause()
        else:
            self._holding.discard(why)
            self.intake.resume()

    # Writing

    def write(self, items: Sequence[Outgoing], why: str = "") -> None:
        """Record frames and write them; a row is in the log before its bytes reach the socket.

        Args:
            items: the frames.
            why: what the rows say of frames that are not as they came.
        """
        if not items:
            return
        if not self.is_open:
            self.drop(items, f"the {self.peer} was gone")
            return
        assert self._transport is not None and self._wire is not None
        batch, data = self._wire.serializer.serialize(items)
        if why:
            for place in range(len(batch)):
                batch.details[place] = "; ".join(filter(None, (batch.details.get(place), why)))
        first = self._record(batch, self._sent)
        self._transport.write(data)
        self._left = self._transport.get_write_buffer_size()
        if self._left:
            self._unsent.append(Unsent.of(first, batch, 0))
        else:
            self._unsent.clear()

    def mirror(self, whole: list[Whole], data: bytes, *, is_within_frame: bool) -> None:
        """Record frames of the other leg, and write the bytes that it got, as they came.

        Args:
            whole: the frames that the bytes complete.
            data: the bytes.
            is_within_frame: the last of them are of another frame, of which more will come.
        """
        rows = [(self._record_whole(each), each) for each in whole]
        if not self.is_open:
            for first, each in rows:
                count = len(each) if isinstance(each, Batch) else 1
                self.log.mark_unsent(first, first + count, f"never sent: the {self.peer} was gone")
            return
        assert self._transport is not None
        self._transport.write(data)
        self._left = self._transport.get_write_buffer_size()
        if not self._left and not is_within_frame:  # as ever; all else costs more than the write
            self._begun = 0
            self._unsent.clear()
            return
        unsent = [Unsent.of(first, _batch_of(each), 0) for first, each in rows]
        self._begun += len(data) - sum(sum(each.lengths) for each in unsent)
        self._unsent = [*self._unsent, *unsent] if self._left else []

    def _record_whole(self, whole: Whole) -> int:
        if isinstance(whole, Batch):
            return self._record(whole, self._sent)
        return self.log.append_single(whole, None, pack_code(self._connection, self._sent == "out"))

    @property
    def is_between_frames(self) -> bool:
        """Whether a frame can be written: none of the other leg is on its way."""
        return not self._begun

    @property
    def is_between_messages(self) -> bool:
        """Whether a message can be written: none is on its way in fragments."""
        return self._wire is None or self._wire.serializer.is_between_messages

    def drop(self, items: Sequence[Outgoing], why: str) -> None:
        """Record frames that are not sent."""
        if items:
            batch = Batch()
            for head, payload, flags, _ in items:
                batch.add(head, payload, flags)
            first = self._record(batch, self._sent)
            self.log.mark_unsent(first, first + len(items), f"never sent: {why}")

    def _record(self, batch: Batch, direction: Literal["in", "out"]) -> int:
        log = self.log
        return log.append(batch, self._connection, direction, log.clock(), log.monotonic())

    def pause_writing(self) -> None:
        """The operating system takes no more for now."""
        self._listener.has_room(self, False)

    def resume_writing(self) -> None:
        """The operating system has taken all."""
        self._unsent.clear()
        self._left = 0
        self._listener.has_room(self, True)

    # Ending

    def finish(self) -> None:
        """End our stream once all is written; the peer may go on with its own, where TCP can do that."""
        if self.is_open:
            assert self._transport is not None
            self._has_finished = True
            try:
                if self._transport.can_write_eof():
                    self._transport.write_eof()
                else:
                    self._transport.close()
            except OSError:  # the peer has reset the connection, and asyncio has not seen it yet
                self._transport.abort()

    def close(self) -> None:
        """End our stream once all is written, and TCP when the peer has ended its own or after a second."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self.finish()
        if self.has_eof:
            transport.close()
        else:
            self._holding.clear()  # its end has to be read
            self.intake.resume()
            asyncio.get_running_loop().call_later(_LINGER, transport.close)

    def reset(self) -> None:
        """End TCP with a reset, as the other peer did."""
        transport = self._transport
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._left = transport.get_write_buffer_size()
        transport.abort()

    def eof_received(self) -> bool:
        """The peer's stream has ended; return whether the connection stays open for writing."""
        self._record_end()
        self.has_eof = True
        can_write = self._is_plain_tcp
        self._listener.ended(self, "eof")
        return can_write

    def _record_end(self) -> None:
        """Record a frame that the end of the stream cut off."""
        self.intake.finish()
        reading = self._wire.judge.receive_end() if self._wire is not None else None
        if reading is not None:
            self.process(reading)
            if self._is_transparent:
                self._pass(b"")

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone: record the last words of the peer and the frames that were never sent."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if error is not None:
            self.intake.finish(last_words(transport))
        self._record_end()
        self._mark_unsent()
        self.log.note("closed", "TCP was closed" if error is None else f"TCP was lost: {error}", self.name)
        self._listener.ended(self, "closed" if error is None else "reset")

    def _mark_unsent(self) -> None:
        """Mark the rows whose bytes were not all taken by the operating system: the newest ones."""
        left = self._left - self._begun  # whose frame has no row, or was cut off
        for unsent in reversed(self._unsent):
            if left <= 0:
                break
            size = sum(unsent.lengths)
            unsent._replace(left=min(left, size)).mark_unsent(self.log)
            left -= size

    def forget(self) -> None:
        """Let go of what only an open connection needs: the proxy keeps the conversation, and windows take 300 kB."""
        self._wire = None
        self.intake = Intake(GONE)
        self._unsent.clear()


def _batch_of(whole: Whole) -> Batch:
    return whole if isinstance(whole, Batch) else batch_of(whole)


def _cut_places(batch: Batch) -> set[int]:
    """Return the places of frames whose body did not come, or was not kept; they may break another rule as well."""
    return {
        place
        for place, header in batch.headers.items()
        if not is_whole(header, len(batch.wire.get(place, batch.payloads[place])))
    }

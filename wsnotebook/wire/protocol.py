"""WireProtocol: the client's side of one connection without I/O, clock or thread.

Handshake and negotiation are those of websockets; after the 101 its frame loop is replaced by ours, which records every
frame, also a wrong one, and says what an endpoint has to do about it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.protocol import Protocol

from wsnotebook.errors import FrameTooBig, ProtocolViolation, SessionFault
from wsnotebook.wire.batch import FIN, OPCODE, Batch, Flag
from wsnotebook.wire.extensions import DeflateExtension, WebSocketExtension
from wsnotebook.wire.frames import MAX_CONTROL_PAYLOAD, Opcode
from wsnotebook.wire.messages import MessageState, is_utf8
from wsnotebook.wire.rules import Rule, Rules, close_rule, head_rules
from wsnotebook.wire.scanner import ScannedBatch, Scanner
from wsnotebook.wire.serializer import Outgoing, Serializer

__all__ = ["MAX_FRAGMENTS", "Fault", "Reading", "WireProtocol"]

MAX_FRAGMENTS = 65_536
"""Frames of one message at most on a default session: a peer can send a million empty ones in 2 MB."""

_WHOLE_COMPRESSED = frozenset((0xC1, 0xC2))  # a compressed message of one frame

_COMPRESSED_BYTES = 8192  # scanned at once where deflate was negotiated: they can inflate to 8 MiB
_INFLATED_BYTES = 2 << 20  # made of small messages before the loop gets a turn, as of a large one


class Fault(NamedTuple):
    """Why the connection is failed."""

    exception: SessionFault
    """What the reader of ``incoming`` gets."""
    code: int
    """Close code for the peer."""


@dataclass(slots=True)
class Reading:
    """What one batch of received frames means; places are positions in the batch."""

    batch: Batch
    pings: list[bytes] = field(default_factory=list)
    """Payloads of pings, in order."""
    pongs: list[bytes] = field(default_factory=list)
    """Payloads of pongs, in order."""
    closes: list[bytes] = field(default_factory=list)
    """Payloads of close frames, in order."""
    fault: Fault | None = None
    """The connection has to be failed."""
    end: int | None = None
    """Place from which on nothing is delivered any more."""
    deliverable: int = 0
    """Frames (raw) or whole messages (default) that the batch completes."""


class _FrameLoop(Protocol):
    """Stands between ClientProtocol and Protocol in the MRO, so that its ``parse`` replaces only the frame loop."""

    def parse(self) -> Generator[None]:
        """Leave what follows the 101 in the buffer for WireProtocol.take_early()."""
        while True:
            yield


class WireProtocol(ClientProtocol, _FrameLoop):
    """The wire of a client: bytes in, readings out; frames in, bytes out.

    Args:
        uri, origin, extensions, subprotocols, logger: as in websockets' ClientProtocol.
        raw: hand every frame over as it came and refuse nothing.
        masking: mask what is sent; may be set at any time.
        max_frame_size: payload bytes of a frame, and of a message on a default session; None for no limit.
        allocate: memory for large payloads that are received in their place; see Scanner.
        random: source of mask keys.
    """

    def __init__(
        self,
        uri: Any,
        *,
        raw: bool = False,
        masking: bool = True,
        max_frame_size: int | None = None,
        allocate: Callable[[int], memoryview] | None = None,
        random: Callable[[int], bytes] = os.urandom,
        **options: Any,
    ) -> None:
        super().__init__(uri, max_size=None, **options)
        self.raw = raw
        self._scanner = Scanner(max_frame_size, allocate)
        self._message = MessageState()
        self._head_rules = head_rules(0)
        self._deflate: DeflateExtension | None = (
            None  # where it is the only extension, as it nearly always is
        )
        self._failed = False
        self._peer_closed = False
        self._serializer = Serializer(masking=masking, random=random)

    @property
    def max_frame_size(self) -> int | None:
        """Payload bytes that a frame may have; read for each frame. None for no limit."""
        return self._scanner.limit

    @max_frame_size.setter
    def max_frame_size(self, limit: int | None) -> None:
        self._scanner.limit = limit

    @property
    def masking(self) -> bool:
        """Whether what is serialised next is masked."""
        return self._serializer.masking

    @masking.setter
    def masking(self, masking: bool) -> None:
        self._serializer.masking = masking

    @property
    def skipped(self) -> int:
        """Bytes received that belong to no row: the bodies of frames over the limit."""
        return self._scanner.skipped

    def process_response(self, response: Response) -> None:
        """Check the handshake as websockets does, then settle what the extensions may do."""
        super().process_response(response)
        claimed = 0
        for extension in self.extensions:
            assert isinstance(extension, WebSocketExtension)  # client.py offers no others
            claimed |= extension.factory.rsv
        self._head_rules = head_rules(claimed)
        self._serializer.settle(self.wire_extensions, self._head_rules)
        if len(self.extensions) == 1 and isinstance(self.extensions[0], DeflateExtension):
            self._deflate = self.extensions[0]
            self._scanner.expect_compressed()
        elif self.extensions:
            self._scanner.allocate = None  # an extension of the user's gets bytes

    @property
    def wire_extensions(self) -> tuple[WebSocketExtension, ...]:
        """The negotiated extensions, in negotiated order."""
        return tuple(self.extensions)  # type: ignore[arg-type]  # process_response has checked their type

    def take_early(self) -> bytes:
        """Return what came in the same segment as the 101, and forget it."""
        early = bytes(self.reader.buffer)
        self.reader.buffer.clear()
        return early

    def serialize(self, items: Sequence[Outgoing]) -> tuple[Batch, bytes]:
        """Return the rows and the bytes of frames that are to be sent now."""
        return self._serializer.serialize(items)

    # Receiving

    def receive(self, data: bytes) -> Iterator[Reading | None]:
        """Yield a Reading for each batch of frames in the bytes of one read.

        None is yielded where a long decoding lets the event loop take a turn. Exhaust it before the next call.
        """
        size = max(1, len(data)) if self._deflate is None else _COMPRESSED_BYTES
        for start in range(0, len(data), size):
            self._scanner.feed(data[start : start + size])
            yield from self._scan()

    def room(self) -> memoryview | None:
        """Return where the next bytes may be put, because all of them belong to a large frame; None for anywhere."""
        return self._scanner.room()

    def receive_in_place(self, count: int) -> Iterator[Reading | None]:
        """As receive(), of bytes that were put at the beginning of ``room()``."""
        self._scanner.filled(count)
        yield from self._scan()

    def _scan(self) -> Generator[Reading | None, None, None]:
        while (batch := self._scanner.scan()) is not None:
            yield from self._judge(batch)

    def receive_end(self) -> Reading | None:
        """Return a Reading of the frame that the end of the stream cut off, or None."""
        batch = self._scanner.finish()
        return None if batch is None else Reading(batch, end=None if self.raw else 0)

    def _judge(self, batch: ScannedBatch) -> Generator[Reading | None, None, None]:
        """Hold the rules against the frames of a batch that can break one, and say what follows."""
        reading = Reading(batch, end=0 if self._ended else None)
        if self._judge_run(batch):
            reading.deliverable = len(batch) if self.raw else _count_final(batch)
            yield reading
            return
        withheld = 0  # frames before the end that complete no message
        inflated = 0  # bytes since the loop had its last turn
        places = self._places_to_judge(batch)
        for place in () if self._ended else places:
            completes = self._judge_whole_compressed(batch, place, reading) or self._judge_frame(
                batch, place, reading
            )
            if completes is None:
                completes = yield from self._decode(batch, place, reading)
            if self._ended:
                break
            withheld += not completes
            inflated += len(batch.payloads[place]) if self.extensions else 0
            if inflated > _INFLATED_BYTES:
                inflated = 0
                yield None
        end = len(batch) if reading.end is None else reading.end
        reading.deliverable = end if self.raw else max(0, end - withheld)
        if self._peer_closed:
            _mark_after_close(batch, (reading.end or 0) + bool(reading.closes and not self.raw))
        elif self._failed:
            self._find_answer(batch, 0 if reading.fault is None else end + 1, reading)
        yield reading

    def _judge_run(self, batch: ScannedBatch) -> bool:
        """Judge a batch of data frames at once, parts of messages among them; False where it has to be one by one."""
        if (
            not batch.odd
            or self.extensions
            or self._ended
            or batch.mask_keys
            or batch.headers
            or batch.declared
        ):
            return False
        message, limit = self._message, self.max_frame_size
        if limit is not None and message.size + batch.size > limit:
            return False
        return message.fragments + len(batch) <= MAX_FRAGMENTS and message.take_run(batch)

    def _find_answer(self, batch: ScannedBatch, start: int, reading: Reading) -> None:
        """Look for the peer's answer to our close: all that counts after the connection was failed."""
        for place in batch.odd:
            if place >= start and batch.heads[place] == 0x88 and close_rule(batch.payload(place)) is None:
                reading.closes.append(batch.payload(place))
                self._peer_closed = True
                _mark_after_close(batch, place + 1)
                return

    def _places_to_judge(self, batch: ScannedBatch) -> list[int]:
        """Return the places of frames that can break a rule: odd or compressed ones, and texts that are not UTF-8.

        Those texts lose their flag here, as nobody looks at them any more where the session has ended before.
        """
        if self.extensions and self._deflate is None:
            return list(range(len(batch)))  # an extension of the user's may change frames without a mark
        if not batch.odd and batch.is_ascii() and self._deflate is None:
            return []
        wrong = [
            place
            for place, flags in enumerate(batch.flags)
            if flags & Flag.TEXT and not is_utf8(batch.payloads[place])
        ]
        for place in wrong:
            batch.flags[place] &= ~Flag.TEXT
        if self._deflate is not None:
            wrong += [place for place, head in enumerate(batch.heads) if head in _WHOLE_COMPRESSED]
        return sorted({*batch.odd, *wrong}) if wrong else batch.odd

    def _judge_whole_compressed(self, batch: ScannedBatch, place: int, reading: Reading) -> bool | None:
        """Judge what most compressed frames are, a whole message that inflates in one step; None of any other."""
        head, flags, message = batch.heads[place], batch.flags[place], self._message
        if self._deflate is None or head not in _WHOLE_COMPRESSED or flags or message.opcode is not None:
            return None
        wire_payload = batch.payload(place)
        payload = self._deflate.decode_whole(wire_payload, self.max_frame_size)
        if payload is None:
            return None
        batch.set_wire(place, wire_payload, payload)
        if head == 0xC1 and is_utf8(payload):
            batch.flags[place] |= Flag.TEXT
        elif head == 0xC1:
            self._broken(Rules.TEXT_UTF8, place, reading)
        return True

    def _judge_frame(self, batch: ScannedBatch, place: int, reading: Reading) -> bool | None:
        """Judge one frame; return whether it completes a message, or None where it has to be decoded first."""
        head = batch.heads[place]
        rule = self._header_rule(batch, place, head)
        if rule is not None:
            is_size = rule is Rules.FRAME_SIZE
            fault = FrameTooBig(batch.declared[place], self.max_frame_size or 0) if is_size else None
            self._broken(rule, place, reading, fault)
            if self._failed or rule is Rules.OPCODE:
                return False
        if head & 0x08:
            self._judge_control(head & OPCODE, batch.payload(place), place, reading)
            return False
        rule, continues = self._message.begin(head)
        if continues:
            batch.flags[place] |= Flag.CONTINUES
        if rule is None and self._message.fragments > MAX_FRAGMENTS and not self.raw:
            rule = Rules.FRAGMENTS
        if rule is not None:
            self._broken(rule, place, reading)
            if self._failed:
                return False
        return None if self.extensions else self._end_frame(batch, place, reading)

    def _header_rule(self, batch: ScannedBatch, place: int, head: int) -> Rule | None:
        declared = batch.declared.get(place)
        if declared is not None:
            return Rules.LENGTH if declared >> 63 else Rules.FRAME_SIZE
        if self._head_rules[head] is not None:
            return self._head_rules[head]
        if batch.flags[place] & Flag.MASKED:
            return Rules.MASKED
        if head & 0x08 and len(batch.payloads[place]) > MAX_CONTROL_PAYLOAD:
            return Rules.CONTROL_LENGTH
        return None

    def _judge_control(self, opcode: int, payload: bytes, place: int, reading: Reading) -> None:
        if opcode == Opcode.PING:
            reading.pings.append(payload)
        elif opcode == Opcode.PONG:
            reading.pongs.append(payload)
        else:
            rule = close_rule(payload)
            if rule is not None:
                self._broken(rule, place, reading)
            if not self._failed:
                reading.closes.append(payload)
                if not self.raw:
                    self._peer_closed = True
                    reading.end = place
                elif not reading.batch.flags[place] & Flag.STATUS:  # after a broken one a raw session goes on
                    self._peer_closed = True
                    reading.end = place + 1  # it hands the close frame over, and nothing after it

    def _end_frame(self, batch: Batch, place: int, reading: Reading) -> bool:
        """Judge the payload of a data frame as the application sees it; return whether it completes a message."""
        head = batch.heads[place]
        rule, is_text = self._message.end(head, batch.payloads[place])
        batch.flags[place] = batch.flags[place] & ~Flag.TEXT | (Flag.TEXT if is_text else 0)
        size, limit = self._message.size, self.max_frame_size
        if limit is not None and size > limit and not self.raw:
            self._broken(Rules.MESSAGE_SIZE, place, reading, FrameTooBig(size, limit))
        elif rule is not None:
            self._broken(rule, place, reading)
        return bool(head & FIN) and not self._failed

    def _decode(self, batch: Batch, place: int, reading: Reading) -> Generator[None, None, bool]:
        """Undo what the extensions did to a data frame, and judge its payload; return whether it completes a message."""
        wire_payload = batch.payload(place)
        frame = batch.frame(place)
        limit = self.max_frame_size
        room = None if limit is None else max(0, limit - self._message.size)
        try:
            for extension in reversed(self.wire_extensions):
                frame = yield from extension.decoding(frame, max_size=room)
        except FrameTooBig as error:
            too_big = FrameTooBig(error.frame_size + self._message.size, limit or 0)
            self._broken(Rules.MESSAGE_SIZE, place, reading, too_big)
            return False
        except Exception as error:  # noqa: BLE001 - an extension may be the user's, and the loop is not to end with it
            sentence = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            self._broken(Rules.INFLATE._replace(sentence=sentence), place, reading)
            return False
        if frame.data is not wire_payload:
            batch.set_wire(place, wire_payload, frame.data)
        return self._end_frame(batch, place, reading)

    def _broken(self, rule: Rule, place: int, reading: Reading, fault: SessionFault | None = None) -> None:
        """Mark a frame; on a default session, or over the size limit, fail the connection."""
        reading.batch.mark(place, Flag.VIOLATION, str(fault or rule))
        if self.raw and fault is None:
            return
        self._failed = True
        reading.fault = Fault(fault or ProtocolViolation(str(rule), rule.code), rule.code)
        reading.end = place

    @property
    def _ended(self) -> bool:
        """Whether nothing that comes is for the application any more."""
        return self._failed or self._peer_closed


def _count_final(batch: Batch) -> int:
    return len(batch.heads.translate(None, b"\x00\x01\x02"))


def _mark_after_close(batch: ScannedBatch, start: int) -> None:
    for place in range(start, len(batch)):
        batch.mark(place, Flag.VIOLATION, str(Rules.AFTER_CLOSE))

"""Judge: bytes of one direction in, judged batches out, without I/O, clock or thread.

Scanner, Direction and extensions in a row. The verdict on a frame is that of direction.py for every caller; this
module adds its consequences for a raw and for a default session.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from wsnotebook.errors import ProtocolViolation
from wsnotebook.wire.batch import FIN, OPCODE, Flag, Single
from wsnotebook.wire.decoding import Decoder
from wsnotebook.wire.deflate import DeflateDecoder
from wsnotebook.wire.direction import Direction, Sender
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.limits import NO_LIMITS, Limits
from wsnotebook.wire.reading import Fault, Reading
from wsnotebook.wire.rules import Rules, Verdict, close_rule
from wsnotebook.wire.scanner import ScannedBatch, Scanner

__all__ = ["Judge"]

_COMPRESSED_BYTES = 8192  # scanned at once where deflate was negotiated: they can inflate to 8 MiB
_INFLATED_BYTES = 2 << 20  # made of small messages before the loop gets a turn, as of a large one

_TEXT, _TEXT_OPCODE = Flag.TEXT, int(Opcode.TEXT)
_CLOSE = FIN | int(Opcode.CLOSE)
_PARTS = b"\x00\x01\x02"  # first bytes of frames that complete no message
_COMPLETE = frozenset(head for head in range(FIN, 256) if head & OPCODE <= Opcode.BINARY)  # of those that do


class Judge:
    """Judge all bytes of one direction.

    Args:
        sender: the side that sends them.
        raw: mark frames that break a rule and go on; False fails the connection at the first one. Status and detail
            of every frame are the same.
        limits: what is accepted; see Limits.
        allocate: memory for large payloads that are received in their place; see Scanner.
    """

    def __init__(
        self,
        sender: Sender,
        *,
        raw: bool = True,
        limits: Limits = NO_LIMITS,
        allocate: Callable[[int], memoryview] | None = None,
    ) -> None:
        self._raw = raw
        self._masks = sender == "client"
        self.scanner = Scanner(limits.frame, allocate)
        """The walker over the bytes, whose ``room()`` tells where the next ones may be put."""
        self._direction = Direction(sender, limits)
        self._read_size: int | None = None  # bytes scanned at once; None for all
        self._has_failed = False
        # The frame of the last read, where receive_single() has inflated it and found it wrong.
        self._inflated: ScannedBatch | None = None
        self._is_failed_early = False  # by the beginning of a frame whose row has not come

    @property
    def limits(self) -> Limits:
        """What is accepted; read for each frame."""
        return self._direction.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.scanner.limit = limits.frame
        self._direction.limits = limits

    @property
    def skipped(self) -> int:
        """Bytes received that belong to no row: the bodies of frames over the limit."""
        return self.scanner.skipped

    def negotiate(self, claimed: int, decoders: Sequence[Decoder]) -> None:
        """Set what the handshake has negotiated.

        Args:
            claimed: RSV bits that the extensions use, as bits of the first byte.
            decoders: receiving halves of the extensions, in negotiated order.
        """
        self._direction.negotiate(claimed, decoders)
        if len(decoders) == 1 and isinstance(decoders[0], DeflateDecoder):
            self.scanner.expect_compressed()
            self._read_size = _COMPRESSED_BYTES
        elif decoders:
            self.scanner.allocate = None  # an extension of the user's gets bytes

    @property
    def is_within_frame(self) -> bool:
        """Whether a part of a frame was received, and not all of it."""
        return self.scanner.is_within_frame

    def receive(self, data: bytes | memoryview) -> Iterator[Reading | None]:
        """Yield a Reading for each batch of frames in the bytes of one read; memory may change after the first.

        None is yielded where a long decoding lets the event loop take a turn. Exhaust the iterator before the next call.
        """
        if self._inflated is not None:
            return self._scan()
        size = self._read_size
        if size is not None and len(data) > size:
            return self._scan_pieces(bytes(data), size)
        self.scanner.feed(data)
        return self._scan()

    def receive_single(self, data: memoryview | bytes) -> Single | None:
        """Judge the bytes of one read that are one plain frame, or a close frame that breaks no rule; None of anything
        else, which is for ``receive``.

        The short way of the most frequent read: the verdict is that of ``receive``, and of a plain frame there are no
        consequences.
        """
        frame = self.scanner.single(data)
        if frame is None:
            return self._lone_close(data) if len(data) and data[0] == _CLOSE else None
        if self._has_failed:
            return None
        single = self._direction.judge_single(*frame)
        if single is None or single[1] & _TEXT or single[0] & OPCODE != _TEXT_OPCODE:
            return single
        if single[3] is not None:  # it cannot be inflated twice
            self._inflated = ScannedBatch()
            self._inflated.set_wire(self._inflated.add(single[0], b""), single[3], single[2])
        return None

    def _lone_close(self, data: bytes | memoryview) -> Single | None:
        """Return a read that is a close frame and breaks no rule; None of anything else.

        The last read of most connections: the scanner takes as long for it as for a hundred frames.
        """
        scanner, size = self.scanner, len(data) - 2
        if size < 0 or data[1] != size or scanner.is_within_frame:
            return None
        if scanner.limit is not None and size > scanner.limit:
            return None
        payload = bytes(data[2:])
        if self._has_failed or self._masks or self._direction.is_closed or close_rule(payload) is not None:
            return None
        self._direction.is_closed = True
        return _CLOSE, 0, payload, None

    def receive_in_place(self, count: int) -> Iterator[Reading | None]:
        """As receive(), of bytes that were put at the beginning of ``scanner.room()``."""
        self.scanner.filled(count)
        return self._scan()

    def receive_end(self) -> Reading | None:
        """Return a Reading of the frame that the end of the stream cut off, or None."""
        begun = self.scanner.begun
        batch = None if begun is None else self.scanner.finish()
        if begun is None or batch is None:
            return None
        self._direction.judge_cut(batch, begun)
        return Reading(batch, end=None if self._raw and not self._is_over else 0)

    def receive_gap(self, size: int) -> tuple[ScannedBatch | None, bool]:
        """Go on after ``size`` bytes that are not there: a capture has gaps, a socket has none.

        Returns a batch with the frame that the gap cuts, or None; and whether the gap ends within that frame. Otherwise
        nothing tells where the next frame begins: the next bytes received have to be the beginning of one.
        """
        begun = self.scanner.begun
        batch, is_within = self.scanner.pass_gap(size)
        if batch is not None and begun is not None:
            self._direction.judge_cut(batch, begun, goes_on=is_within)
        if not is_within:
            self._direction.lose_place()
        return batch, is_within

    @property
    def _is_over(self) -> bool:
        """Whether nothing received is for the application any more: after a close frame, or a failure (§7.1.7)."""
        return self._has_failed or self._direction.is_closed

    def _scan_pieces(self, data: bytes, size: int) -> Generator[Reading | None, None, None]:
        for start in range(0, len(data), size):
            self.scanner.feed(data[start : start + size])
            yield from self._scan()

    def _scan(self) -> Generator[Reading | None, None, None]:
        """Judge all whole frames of what was fed, and the beginning of the next one."""
        while (batch := self._next_batch()) is not None:
            reading = Reading(batch, end=0 if self._is_over else None)
            if self._direction.judge_run(batch):
                self._count_run(reading)
            elif self._direction.is_closed:
                self._direction.judge_after_close(batch)
            elif places := self._direction.places(batch):
                yield from self._judge_each(places, reading)
            else:
                self._count_run(reading)
            self._is_failed_early = False
            yield reading
        if self.scanner.is_begun_new:
            self.scanner.is_begun_new = False
            yield from self._judge_begun()

    def _next_batch(self) -> ScannedBatch | None:
        batch, self._inflated = self._inflated, None
        return batch if batch is not None else self.scanner.scan()

    def _count_run(self, reading: Reading) -> None:
        """Count a batch of data frames that are all right."""
        if reading.end is None:
            batch = reading.batch
            is_all = self._raw or not batch.odd
            reading.deliverable = len(batch) if is_all else len(batch.heads.translate(None, _PARTS))

    def _judge_begun(self) -> Generator[Reading, None, None]:
        """Fail the connection at once where the beginning of a frame already breaks a rule.

        A peer that announces a frame that cannot be right may never send the rest. Looked at once for each frame that
        begins, not for each read, of which a large frame takes many. The row follows with the frame, or at the end.
        """
        begun = self.scanner.begun
        if self._raw or self._is_over or begun is None:
            return
        verdict = self._direction.judge_header(*begun)
        if verdict is not None:
            self._has_failed = self._is_failed_early = True
            yield Reading(ScannedBatch(), fault=_fault_of(verdict), end=0)

    def _judge_each(self, places: Sequence[int], reading: Reading) -> Generator[None, None, None]:
        """Judge the frames of a batch that can break a rule one by one."""
        direction, batch = self._direction, reading.batch
        heads, declared, is_decoding = batch.heads, batch.declared, direction.is_decoding
        withheld = 0  # frames before the end that complete no message
        room = _INFLATED_BYTES  # that may be made before the loop gets its next turn
        at = 0
        while at < len(places):
            if room < 0:
                room = _INFLATED_BYTES
                yield None
            if is_decoding:
                at, room = direction.judge_whole_run(batch, places, at, room)
                if at == len(places) or room < 0:
                    continue
            place = places[at]
            at += 1
            if is_decoding and direction.changes(heads[place]):
                verdict = yield from direction.judge_encoded(batch, place, declared.get(place))
                room -= len(batch.payloads[place])
            else:
                verdict = direction.judge(batch, place, declared.get(place))
            if verdict is not None or heads[place] & 0x08:
                self._follow(place, verdict, reading)
            if reading.end is None:
                withheld += heads[place] not in _COMPLETE
            if direction.is_closed:
                direction.judge_after_close(batch, place + 1)
                break
        end = len(batch) if reading.end is None else reading.end
        reading.deliverable = end if self._raw else end - withheld

    def _follow(self, place: int, verdict: Verdict | None, reading: Reading) -> None:
        """Add the consequences of a control frame, or of a broken rule, to the reading."""
        batch = reading.batch
        head = batch.heads[place]
        if self._has_failed:
            # After the failure one thing counts: the peer's answer to our close. It is one also where the frame breaks
            # another rule, of masking perhaps, so that a peer that breaks it in every frame is not waited for in vain;
            # but not where it is the frame that the connection was failed for, which may not have been whole then.
            is_cause = self._is_failed_early and place == 0
            if head == FIN | Opcode.CLOSE and not is_cause and close_rule(batch.payload(place)) is None:
                reading.closes.append(batch.payload(place))
            return
        fault = None if verdict is None else self._fault(verdict, batch.declared.get(place))
        if fault is not None:
            self._has_failed = True
            reading.fault, reading.end = fault, place
        elif head & OPCODE == Opcode.PING:
            reading.pings.append(batch.payload(place))
        elif head & OPCODE == Opcode.PONG:
            reading.pongs.append(batch.payload(place))
        elif head & OPCODE == Opcode.CLOSE:
            reading.closes.append(batch.payload(place))
            if self._direction.is_closed:  # a raw session hands the close frame over, and nothing after it
                reading.end = place + self._raw

    def _fault(self, verdict: Verdict, declared: int | None) -> Fault | None:
        """Return why a frame fails the connection; on a raw session only one whose body is not kept does."""
        if not self._raw:
            return _fault_of(verdict)
        oversize = None if declared is None else self._direction.judge_declared(declared)
        return _fault_of(oversize) if oversize is not None and oversize.rule is Rules.FRAME_SIZE else None


def _fault_of(verdict: Verdict) -> Fault:
    rule = verdict.rule
    return Fault(verdict.too_big or ProtocolViolation(str(rule), rule.code), rule.code)

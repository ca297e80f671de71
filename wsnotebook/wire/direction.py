"""Direction: judges the frames that one side of a connection sends; session, serializer, captures and lab share it.

Status and detail of a frame follow from the bytes of its direction, the sender's side, the extensions and the limits,
and from nothing else. judge.py says what follows from a verdict.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Literal, TypeAlias

from wsnotebook.errors import FrameTooBig
from wsnotebook.wire.batch import OPCODE, RSV1, Batch, Flag, Single
from wsnotebook.wire.compressedrun import WHOLE_COMPRESSED, compressed_from, set_inflated
from wsnotebook.wire.decoding import Decoder, Decoding
from wsnotebook.wire.frames import MAX_CONTROL_PAYLOAD, Opcode
from wsnotebook.wire.limits import NO_LIMITS, Limits, fits
from wsnotebook.wire.messages import MessageState, is_utf8
from wsnotebook.wire.rules import Rules, Verdict, close_rule, first, head_rules
from wsnotebook.wire.scanner import Begun, ScannedBatch
from wsnotebook.wire.zlibs import DEFLATE_ERRORS

__all__ = ["Direction", "Sender"]

Sender: TypeAlias = Literal["client", "server"]
"""The side that sends the frames: a client has to mask them, a server must not (RFC 6455 §5.1)."""

_WHOLE_TEXT = 0x81  # a text message of one frame
_PING_OR_PONG = frozenset((0x89, 0x8A))
_MAY_FOLLOW_CLOSE = frozenset((Opcode.PING, Opcode.PONG))
_LATE = Verdict(Rules.AFTER_CLOSE)
_MASK_BIT = 0x80  # of the second byte
# Ints of this module: each member of an enum or a class costs one more look-up for each frame.
_TEXT_OPCODE, _BINARY, _CLOSE = int(Opcode.TEXT), int(Opcode.BINARY), int(Opcode.CLOSE)
_MASKED, _TEXT, _CHANGED = Flag.MASKED, Flag.TEXT, Flag.CHANGED
_MASKING = {"client": Verdict(Rules.UNMASKED), "server": Verdict(Rules.MASKED)}
_GAP = "bytes of the stream before it are missing"
_NO_DECODING = Decoding()  # what no extension has changed is never decoded


class Direction:
    """Judge the frames of one direction, in their order.

    Args:
        sender: the side that sends them.
        limits: may be replaced at any time.
    """

    def __init__(self, sender: Sender, limits: Limits = NO_LIMITS) -> None:
        self.limits = limits
        self.is_closed = False
        """Whether a close frame that breaks no rule was seen: after it only pings and pongs are right (RFC 6455 §5.5)."""
        self._mask_bit = _MASK_BIT if sender == "client" else 0
        self._mask_flag = Flag.MASKED if sender == "client" else 0
        self._masking = _MASKING[sender]
        self._message = MessageState()
        self._head_rules = head_rules()
        self._decoding = _NO_DECODING
        self.is_decoding = False
        """Whether an extension was negotiated; without one no frame has to be decoded."""

    @property
    def limits(self) -> Limits:
        """What is accepted; read for each frame."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        message, frame = limits.message, limits.frame
        self._has_limits = message is not None or limits.fragments is not None
        # Where a single frame can go over the limit of a message, a plain one can break a rule too.
        self._judges_plain = message is not None and (frame is None or frame > message)
        # The same of what is inflated.
        self._judges_inflated = message is not None and (limits.inflated is None or limits.inflated > message)

    def negotiate(self, claimed: int, decoders: Sequence[Decoder] = ()) -> None:
        """Set what the handshake has negotiated.

        Args:
            claimed: RSV bits that the extensions use, as bits of the first byte.
            decoders: receiving halves of the extensions, in negotiated order; none for frames that are sent.
        """
        self._decoding = Decoding(decoders)
        self.is_decoding = bool(decoders)
        self._head_rules = head_rules(claimed, has_deflate=self._decoding.has_deflate)

    @property
    def is_between_messages(self) -> bool:
        """Whether the next data frame begins a message, and is not after a close frame."""
        return self._message.opcode is None and not self.is_closed

    # A frame alone

    def judge_single(self, head: int, wire_payload: bytes) -> Single | None:
        """Judge a frame that was read alone; None where it has to be judged as any other.

        Args:
            head: of a whole message, plain or compressed.
            wire_payload: all of it; unmasked.

        A text that is not UTF-8 lacks Flag.TEXT, and breaks a rule.
        """
        if self.is_closed or self._mask_bit or self._judges_plain or self._message.opcode is not None:
            return None
        payload, flags = wire_payload, 0
        if self.is_decoding:
            deflate = self._decoding.deflate
            if deflate is None:  # an extension of the user's may change a frame without a mark
                return None
            if head & RSV1:
                inflated = None
                if self._decoding.lost is None and not self._judges_inflated:
                    inflated = deflate.decode_whole(wire_payload, self._limits.inflated)
                if inflated is None:
                    return None
                payload = inflated
        if head & OPCODE == _TEXT_OPCODE and (payload.isascii() or is_utf8(payload)):
            flags = _TEXT
        if payload is wire_payload:  # an empty one is the same object when it was inflated
            return head, flags, payload, None
        return head, flags | _CHANGED, payload, wire_payload

    # Many frames at once

    def judge_run(self, batch: ScannedBatch) -> bool:
        """Judge a batch of data frames at once, parts of messages among them; False where it has to be one by one."""
        message, count = self._message, len(batch)
        if not batch.odd or self.is_decoding or self.is_closed or batch.headers or batch.declared:
            return False
        if batch.heads[0] & 0x08:  # a control frame, mostly alone in its read
            return False
        if self._mask_bit:
            are_plain = len(batch.mask_keys) == count and not batch.heads.translate(None, b"\x81\x82")
            return are_plain and not message.is_open and batch.is_ascii() and self._has_room(batch)
        return not batch.mask_keys and self._has_room(batch) and message.take_run(batch)

    def _has_room(self, batch: ScannedBatch) -> bool:
        """Tell whether no message of the batch can go over a limit."""
        message, limits = self._message, self._limits
        if limits.message is not None and not fits(message.size, batch.size, limits.message):
            return False
        return fits(message.fragments, len(batch), limits.fragments)

    def places(self, batch: ScannedBatch) -> Sequence[int]:
        """Return the places of frames that can break a rule: odd or compressed ones, and texts that are not UTF-8."""
        if self.is_closed:
            return ()
        # A plain frame of a client lacks its mask, and an extension of the user's may change one without a mark.
        is_each = self._mask_bit or self._judges_plain or self._message.is_unknown
        if is_each or (self.is_decoding and self._decoding.deflate is None):
            return range(len(batch))
        if not batch.odd and batch.is_ascii() and not self.is_decoding:
            return ()
        if self.is_decoding and not batch.heads.translate(None, WHOLE_COMPRESSED):
            return range(len(batch))
        wrong = [
            place
            for place, flags in enumerate(batch.flags)
            if flags & Flag.TEXT and not is_utf8(batch.payloads[place])
        ]
        if self.is_decoding:
            wrong += [place for place, head in enumerate(batch.heads) if head in WHOLE_COMPRESSED]
        return sorted({*batch.odd, *wrong}) if wrong else batch.odd

    def judge_after_close(self, batch: ScannedBatch, start: int = 0) -> None:
        """Judge the frames from ``start`` on: pings and pongs as ever, and nothing of the others is inflated."""
        for place in range(start, len(batch)):
            if batch.heads[place] & OPCODE in _MAY_FOLLOW_CLOSE:
                self.judge(batch, place, batch.declared.get(place))
            else:
                self._mark_late(batch, place)

    def _mark_late(self, batch: Batch, place: int) -> Verdict:
        batch.mark(place, Flag.VIOLATION, _LATE.detail)
        is_text = batch.heads[place] == _WHOLE_TEXT and is_utf8(batch.payloads[place])
        batch.flags[place] = batch.flags[place] & ~Flag.TEXT | (Flag.TEXT if is_text else 0)
        return _LATE

    # One frame

    def judge_header(self, head: int, second: int | None, length: int | None) -> Verdict | None:
        """Return the verdict on the beginning of the next frame, as far as its bytes are known; changes nothing.

        Args:
            head: first byte.
            second: second byte; None where it is not known.
            length: declared payload bytes; None where they are not known.
        """
        verdicts = [_LATE] if self.is_closed and head & OPCODE not in _MAY_FOLLOW_CLOSE else []
        rule = self._head_rules[head]
        if rule is not None:
            verdicts.append(Verdict(rule))
        if head & OPCODE <= _BINARY:
            # With no limits to ask for, a right frame of a message is known without a call.
            if self._has_limits or (self._message.opcode is None) is not (head & OPCODE > 0):
                self._judge_order(head, length, verdicts)
        if second is not None:
            if second & _MASK_BIT != self._mask_bit:
                verdicts.append(self._masking)
            # An extended length is over the limit whatever it says: a length has to have its shortest form (§5.2).
            if head & 0x08 and second & 0x7F > MAX_CONTROL_PAYLOAD:
                verdicts.append(Verdict(Rules.CONTROL_LENGTH))
            if head & OPCODE == _CLOSE and second & 0x7F == 1:
                verdicts.append(Verdict(Rules.CLOSE_LENGTH))
        return first(verdicts) if verdicts else None

    def _judge_order(self, head: int, length: int | None, verdicts: list[Verdict]) -> None:
        """Judge a data frame as the next part of a message."""
        message, limits = self._message, self._limits
        rule = message.rule(head)
        if rule is not None:
            verdicts.append(Verdict(rule))
        continues = rule is None and head & OPCODE == 0
        # The frame that goes over a limit breaks the rule, and no other one of its message after it.
        if continues and message.fragments == limits.fragments:
            verdicts.append(Verdict(Rules.FRAGMENTS))
        if limits.message is not None and length is not None and not self.changes(head):
            verdicts += self._judge_size(message.size if continues else 0, length)

    def _judge_size(self, before: int, length: int) -> list[Verdict]:
        """Judge how many bytes a frame adds to its message."""
        limit, size = self._limits.message, before + length
        if limit is None or not before <= limit < size:
            return []
        return [Verdict(Rules.MESSAGE_SIZE, FrameTooBig(size, limit))]

    def judge_declared(self, declared: int) -> Verdict:
        """Return the rule that a length breaks whose body was not kept."""
        if declared >> 63:
            return Verdict(Rules.LENGTH)
        return Verdict(Rules.FRAME_SIZE, FrameTooBig(declared, self._limits.frame or 0))

    def changes(self, head: int) -> bool:
        """Tell whether an extension has changed the payload of the next frame: ``judge_encoded`` is for it."""
        return self._decoding.changes(head, self._message.is_open)

    def judge(self, batch: Batch, place: int, declared: int | None = None) -> Verdict | None:
        """Judge and mark a frame whose payload is the application's; return the verdict.

        Args:
            declared: payload bytes of a frame over the limit, whose body is not there.
        """
        if self.is_closed and declared is None and batch.heads[place] & OPCODE not in _MAY_FOLLOW_CLOSE:
            return self._mark_late(batch, place)
        # Flags that say no more than masked mean the shortest header too: of a ping or pong nothing else can be wrong.
        if batch.heads[place] in _PING_OR_PONG and batch.flags[place] == self._mask_flag and declared is None:
            if len(batch.payloads[place]) <= MAX_CONTROL_PAYLOAD:
                return None
        return self._judge_payload(batch, place, self._begin(batch, place, declared), declared)

    def judge_encoded(
        self, batch: Batch, place: int, declared: int | None = None
    ) -> Generator[None, None, Verdict | None]:
        """Decode, judge and mark a frame; yields where a long decoding lets the event loop take a turn."""
        verdict = self._begin(batch, place, declared)
        decoding = self._decoding
        if declared is not None:
            decoding.lose("the body of an earlier frame over the limit was not kept")
        elif decoding.lost is not None:
            if verdict is None:
                batch.details[place] = decoding.lost
            return self._skip(batch, place, verdict)
        elif not batch.flags[place] & Flag.CHANGED:  # or judge_whole has decoded it
            wrong = yield from self._decode(batch, place)
            if decoding.lost is not None:
                return self._skip(batch, place, first((verdict, wrong)))
            verdict = first((verdict, wrong))
        return self._judge_payload(batch, place, verdict, declared)

    def judge_whole_run(
        self, batch: ScannedBatch, places: Sequence[int], at: int, room: int
    ) -> tuple[int, int]:
        """Judge what most compressed frames are, whole messages that inflate in one step: the hot loop of such a feed.

        It stops at any other frame, and at one that breaks a rule, which are for ``judge_encoded``.

        Args:
            places: of frames to judge, from number ``at`` on.
            room: bytes that may be made; the frame that goes over it is judged still.

        Returns the number of the place where it stopped, and the room that is left.
        """
        decoding = self._decoding
        if decoding.deflate is None or decoding.lost is not None:
            return at, room
        if self._message.is_open or self._judges_inflated:
            return at, room
        start = places[at]
        messages = compressed_from(batch, start, self._mask_flag)
        payloads = decoding.deflate.decode_run(messages, self._limits.inflated, room)
        if not payloads:
            return at, room
        count = set_inflated(batch, start, messages, payloads)
        return at + count, room - sum(map(len, payloads[:count]))

    def judge_cut(self, batch: Batch, begun: Begun, *, goes_on: bool = False) -> None:
        """Judge a frame that lacks bytes, alone in its batch: what there is may break a rule.

        Args:
            goes_on: the next frame follows right after it; otherwise it is the last one, or others may be missing.
        """
        head, is_changed = begun.head, self.changes(begun.head)
        verdict = self._begin(batch, 0, None) if goes_on else self.judge_header(*begun)
        if goes_on and head & OPCODE <= _BINARY:
            self._message.skip(head, begun.length or 0)
            if is_changed:
                self._decoding.lose(_GAP)
        if verdict is not None:
            batch.flags[0] &= ~Flag.STATUS
            self._mark(batch, 0, verdict)

    def lose_place(self) -> None:
        """Go on after missing bytes that may hold frames, and the beginning of the message that comes next."""
        self._message.lose()
        if self.is_decoding:
            self._decoding.lose_frames(_GAP)

    def _begin(self, batch: Batch, place: int, declared: int | None) -> Verdict | None:
        """Judge the header of a whole frame, and count it."""
        head, header = batch.heads[place], batch.headers.get(place)
        length = len(batch.payloads[place]) if declared is None else declared
        second = (length if length < 126 else 126) if header is None else header[1] & 0x7F
        if batch.flags[place] & _MASKED:
            second |= _MASK_BIT
        verdict = self.judge_header(head, second, length)
        if declared is not None:
            verdict = first((verdict, self.judge_declared(declared)))
        if head & OPCODE <= _BINARY:
            if self.is_decoding:
                self._decoding.begin(head)
            if self._message.begin(head):
                batch.flags[place] |= Flag.CONTINUES
        return verdict

    def _decode(self, batch: Batch, place: int) -> Generator[None, None, Verdict | None]:
        """Undo what the extensions did to a data frame."""
        wire_payload, before, limit = batch.payload(place), self._message.size, self._limits.inflated
        room = None if limit is None else max(0, limit - before)
        try:
            frame = yield from self._decoding.decode(batch.frame(place), room)
        except FrameTooBig as error:
            self._decoding.lose("an earlier message was over the limit", for_good=True)
            return Verdict(Rules.MESSAGE_SIZE, FrameTooBig(error.frame_size + before, limit or 0))
        except DEFLATE_ERRORS as error:
            rule = Rules.INFLATE.because(error)
        except Exception as error:  # noqa: BLE001 - an extension may be the user's, and the loop is not to end with it
            is_expected = isinstance(error, ValueError)
            rule = Rules.EXTENSION.because(error if is_expected else f"{type(error).__name__}: {error}")
        else:
            if frame.data is not wire_payload:
                batch.set_wire(place, wire_payload, frame.data)
            return first(self._judge_size(before, len(frame.data)))
        self._decoding.lose("an earlier payload could not be decoded")
        return Verdict(rule)

    def _judge_payload(
        self, batch: Batch, place: int, verdict: Verdict | None, declared: int | None
    ) -> Verdict | None:
        """Judge the payload of a frame as the application sees it; mark the frame."""
        head, rule = batch.heads[place], None
        opcode = head & OPCODE
        if declared is not None:
            if opcode <= _BINARY:
                self._message.skip(head, declared)
        elif opcode <= _BINARY:
            rule, is_text = self._message.end(head, batch.payloads[place])
            batch.flags[place] = batch.flags[place] & ~_TEXT | (_TEXT if is_text else 0)
        elif opcode == _CLOSE:
            rule = close_rule(batch.payload(place))
        if rule is not None:
            verdict = first((verdict, Verdict(rule)))
        if verdict is not None:
            return self._mark(batch, place, verdict, declared)
        if opcode == _CLOSE:
            self.is_closed = True
        return None

    def _skip(self, batch: Batch, place: int, verdict: Verdict | None) -> Verdict | None:
        """Count and mark a data frame that keeps its wire payload, of which nothing is known."""
        self._message.skip(batch.heads[place], 0)
        batch.flags[place] &= ~Flag.TEXT
        return None if verdict is None else self._mark(batch, place, verdict)

    def _mark(self, batch: Batch, place: int, verdict: Verdict, declared: int | None = None) -> Verdict:
        """Set status and detail; a body that was not kept is named before any rule, as the row looks empty."""
        status, detail = Flag.VIOLATION, verdict.detail
        if declared is not None and not declared >> 63:
            oversize = self.judge_declared(declared)
            also = "" if verdict.rule is Rules.FRAME_SIZE else f" Also: {detail}"
            status, detail = Flag.OVERSIZED, oversize.detail + also
        batch.mark(place, status, detail)
        return verdict

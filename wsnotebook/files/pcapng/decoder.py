"""Decoder: one captured direction of a WebSocket, from bytes to batches with everything marked that is wrong.

The session's own protocol.py hears a server; here both sides are overheard, so that the rules for a client hold too.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from typing import Any

from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_extension

from wsnotebook.errors import FrameTooBig
from wsnotebook.wire.batch import FIN, OPCODE, RSV1, Flag
from wsnotebook.wire.deflate import Inflater
from wsnotebook.wire.frames import MAX_CONTROL_PAYLOAD, Opcode
from wsnotebook.wire.messages import MessageState, is_utf8
from wsnotebook.wire.rules import Rule, Rules, close_rule, head_rules
from wsnotebook.wire.scanner import ScannedBatch, Scanner

__all__ = ["Decoder", "deflate_parameters"]

_MAX_MESSAGE = (
    64 << 20
)  # bytes that a compressed message may become, as a session's max_frame_size by default


def deflate_parameters(value: str) -> dict[str, str | None] | None:
    """Return the parameters of permessage-deflate in a server's Sec-WebSocket-Extensions, or None without it."""
    try:
        return next(
            (dict(params) for name, params in parse_extension(value) if name == "permessage-deflate"), None
        )
    except InvalidHeaderFormat:
        return None


class Decoder:
    """Decode what one side sent.

    Args:
        sent: by the client.
        deflate: negotiated parameters of permessage-deflate; None without it.
    """

    def __init__(self, sent: bool, deflate: dict[str, str | None] | None) -> None:
        self._sent = sent
        self._scanner = Scanner()
        self._message = MessageState()
        self._head_rules = head_rules(0 if deflate is None else RSV1)
        self._inflater: Inflater | None = None
        self._inflating = False
        if deflate is not None:
            side = "client" if sent else "server"
            bits = deflate.get(f"{side}_max_window_bits") or "15"
            self._inflater = Inflater(
                int(bits) if bits in {str(number) for number in range(8, 16)} else 15,
                context_takeover=f"{side}_no_context_takeover" not in deflate,
            )

    def decode(self, data: bytes) -> Iterator[ScannedBatch]:
        """Yield the batches that some bytes complete."""
        self._scanner.feed(data)
        while (batch := self._scanner.scan()) is not None:
            self._judge(batch)
            yield batch

    def finish(self) -> ScannedBatch | None:
        """Return a batch with the frame that the end cut off, or None."""
        return self._scanner.finish()

    def _judge(self, batch: ScannedBatch) -> None:
        odd = set(batch.odd)
        for place, flags in enumerate(batch.flags):
            if place in odd:
                self._judge_frame(batch, place)
            elif flags & Flag.TEXT and not is_utf8(batch.payloads[place]):
                batch.flags[place] &= ~Flag.TEXT
                batch.mark(place, Flag.VIOLATION, str(Rules.TEXT_UTF8))
            if self._sent and not flags & Flag.MASKED:
                batch.mark(place, Flag.VIOLATION, str(Rules.UNMASKED))

    def _judge_frame(self, batch: ScannedBatch, place: int) -> None:
        head, payload = batch.heads[place], batch.payload(place)
        rule = self._head_rules[head] or (Rules.LENGTH if place in batch.declared else None)
        if not self._sent and batch.flags[place] & Flag.MASKED:
            rule = rule or Rules.MASKED
        if head & 0x08:
            rule = rule or (Rules.CONTROL_LENGTH if len(payload) > MAX_CONTROL_PAYLOAD else None)
            rule = rule or (close_rule(payload) if head & OPCODE == Opcode.CLOSE else None)
        elif head & OPCODE <= Opcode.BINARY:
            rule = rule or self._judge_data(batch, place, head)
        if rule is not None:
            batch.mark(place, Flag.VIOLATION, str(rule))

    def _judge_data(self, batch: ScannedBatch, place: int, head: int) -> Rule | None:
        rule, continues = self._message.begin(head)
        if continues:
            batch.flags[place] |= Flag.CONTINUES
        if self._inflater is not None:
            rule = rule or self._inflate(self._inflater, batch, place, head)
        wrong_text, is_text = self._message.end(head, batch.payloads[place])
        batch.flags[place] = batch.flags[place] & ~Flag.TEXT | (Flag.TEXT if is_text else 0)
        return rule or wrong_text

    def _inflate(self, inflater: Inflater, batch: ScannedBatch, place: int, head: int) -> Rule | None:
        if head & OPCODE != Opcode.CONTINUATION:
            self._inflating = bool(head & RSV1)
        elif head & RSV1:
            return Rules.RSV1_CONTINUATION
        if not self._inflating:
            return None
        room = max(0, _MAX_MESSAGE - self._message.size)
        wire_payload = batch.payload(place)
        try:
            payload = _result(inflater.inflate(wire_payload, final=bool(head & FIN), limit=room))
        except FrameTooBig:
            return Rules.MESSAGE_SIZE
        except zlib.error:
            return Rules.INFLATE
        batch.set_wire(place, wire_payload, payload)
        return None


def _result(steps: Generator[None, None, bytes]) -> Any:
    """Run a generator to its end; return what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value

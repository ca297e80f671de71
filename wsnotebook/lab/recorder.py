"""What a lab server saw: the bytes of both directions of one connection, turned into rows of a FrameLog.

It listens at the bytes and changes nothing: a frame that breaks a rule is a row with its status.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Literal

from websockets.extensions.permessage_deflate import PerMessageDeflate

from wsnotebook.errors import FrameTooBig
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import OPCODE, RSV1, Batch, Flag
from wsnotebook.wire.deflate import Inflater
from wsnotebook.wire.frames import MAX_CONTROL_PAYLOAD, Opcode
from wsnotebook.wire.messages import MessageState
from wsnotebook.wire.rules import Rule, Rules, close_rule, head_rules
from wsnotebook.wire.scanner import ScannedBatch, Scanner

__all__ = ["Recorder", "safe_head"]

_INFLATED_LIMIT = 2**28  # bytes of one frame; what is over it stays compressed in the log
# The fields of a handshake that hold no secret; any other is recorded by name only.
_HARMLESS = frozenset(
    (
        "connection",
        "date",
        "host",
        "origin",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "server",
        "upgrade",
    )
    + ("sec-websocket-key", "sec-websocket-version", "user-agent")
)


class Recorder:
    """One connection's rows, from ``open`` on: what came before was the handshake.

    Args:
        log: where the rows go; several connections may share it.
        session: name of the connection in the log.
    """

    def __init__(self, log: FrameLog, session: str) -> None:
        self.session = session
        self._log = log
        self._number: int | None = None
        self._in = _Direction(masked=True)
        self._out = _Direction(masked=False)

    def open(self, connection: Connection, deflate: PerMessageDeflate | None) -> None:
        """Begin: the handshake is done, and has settled whether messages are compressed."""
        if deflate is not None:
            self._in.settle(deflate.remote_max_window_bits, deflate.remote_no_context_takeover)
            self._out.settle(deflate.local_max_window_bits, deflate.local_no_context_takeover)
        self._number = self._log.register(connection)
        self._log.note("open", connection.url, self.session)

    def received(self, data: bytes) -> None:
        """Record the bytes of one read."""
        self._append(self._in.batches(data), "in")

    def sent(self, data: bytes) -> None:
        """Record the bytes of one write."""
        self._append(self._out.batches(data), "out")

    def close(self, detail: str) -> None:
        """End: record what the end of the connection cut off."""
        if self._number is not None:
            self._append(self._in.rest(), "in")
            self._log.note("closed", detail, self.session)

    def _append(self, batches: Iterable[Batch], direction: Literal["in", "out"]) -> None:
        if self._number is None:
            return
        now, monotonic = self._log.clock(), self._log.monotonic()
        for batch in batches:
            self._log.append(batch, self._number, direction, now, monotonic)


class _Direction:
    """The frames of one direction, and what is open in it."""

    def __init__(self, *, masked: bool) -> None:
        self._masked = masked
        self._scanner = Scanner()
        self._message = MessageState()
        self._rules = head_rules(0)
        self._inflater: Inflater | None = None
        self._compressed = False  # the open message is
        self._closed = False

    def settle(self, window_bits: int, no_context_takeover: bool) -> None:
        self._rules = head_rules(RSV1)
        self._inflater = Inflater(window_bits, context_takeover=not no_context_takeover)

    def batches(self, data: bytes) -> Iterator[Batch]:
        self._scanner.feed(data)
        while (batch := self._scanner.scan()) is not None:
            for place in self._places(batch):
                rule = self._judge(batch, place)
                if rule is not None:
                    batch.mark(place, Flag.VIOLATION, str(rule))
            yield batch

    def rest(self) -> Iterator[Batch]:
        batch = self._scanner.finish()
        if batch is not None:
            yield batch

    def _places(self, batch: ScannedBatch) -> Iterable[int]:
        """Return the frames to look at: all from a client, and from a server those that are not plain."""
        if self._masked or self._closed or not batch.is_ascii():
            return range(len(batch))
        return batch.odd

    def _judge(self, batch: ScannedBatch, place: int) -> Rule | None:
        head, payload = batch.heads[place], batch.payload(place)
        after_close, self._closed = self._closed, self._closed or head & OPCODE == Opcode.CLOSE
        rule = self._rules[head]
        if not head & 0x08:
            rule = rule or self._judge_data(batch, place, head)
        elif rule is None and len(payload) > MAX_CONTROL_PAYLOAD:
            rule = Rules.CONTROL_LENGTH
        elif rule is None and head & OPCODE == Opcode.CLOSE:
            rule = close_rule(payload)
        if place in batch.declared:
            rule = Rules.LENGTH
        elif bool(batch.flags[place] & Flag.MASKED) != self._masked:
            rule = Rules.UNMASKED if self._masked else Rules.MASKED
        return Rules.AFTER_CLOSE if after_close else rule

    def _judge_data(self, batch: Batch, place: int, head: int) -> Rule | None:
        rule, continues = self._message.begin(head)
        if continues:
            batch.flags[place] |= Flag.CONTINUES
        else:
            self._compressed = bool(head & RSV1)
        if self._compressed and self._inflater is not None:
            rule = rule or self._inflate(batch, place, bool(head & 0x80))
        broken, is_text = self._message.end(head, batch.payloads[place])
        batch.flags[place] = batch.flags[place] & ~Flag.TEXT | (Flag.TEXT if is_text else 0)
        return rule or broken

    def _inflate(self, batch: Batch, place: int, final: bool) -> Rule | None:
        assert self._inflater is not None
        wire = batch.payload(place)
        try:
            batch.set_wire(place, wire, _exhaust(self._inflater, wire, final))
        except (zlib.error, FrameTooBig) as error:
            return Rules.INFLATE._replace(sentence=str(error))
        return None


def _exhaust(inflater: Inflater, data: bytes, final: bool) -> bytes:
    steps = inflater.inflate(data, final=final, limit=_INFLATED_LIMIT)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return bytes(stop.value)


def safe_head(first_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return a handshake text without its secrets: no query, and only those values that are known to hold none."""
    first_line = " ".join(part.partition("?")[0] for part in first_line.split(" "))
    lines = [f"{name}: {value if name.lower() in _HARMLESS else '<redacted>'}" for name, value in headers]
    return "\r\n".join([first_line, *lines, "", ""]).encode("latin-1", "replace")

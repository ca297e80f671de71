"""The rules of RFC 6455 and 7692 that a single frame can break, as one table: sentence, section, close code.

The order of the table is the order of precedence. Nothing here acts: direction.py marks the frame, and judge.py
fails the connection of a default session with the code of the rule.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from typing import NamedTuple

from wsnotebook.errors import FrameTooBig
from wsnotebook.wire.batch import FIN, OPCODE, RSV1, RSV2, RSV3
from wsnotebook.wire.frames import MAX_CONTROL_PAYLOAD, Opcode, is_close_code

__all__ = ["Rule", "Rules", "Verdict", "close_rule", "first", "head_rules"]

_ranks = itertools.count()


class Rule(NamedTuple):
    """One rule of the protocol."""

    sentence: str
    """How a frame breaks it."""
    section: str
    """Where it stands."""
    code: int
    """Close code with which the connection is failed."""
    rank: int
    """Row of the table: of several broken rules the one with the lowest rank is the verdict."""

    def because(self, reason: object) -> Rule:
        """Return this rule with the particular reason in its sentence."""
        return self._replace(sentence=f"{self.sentence}: {reason}")

    def __str__(self) -> str:
        return f"{self.sentence} ({self.section})"


def _row(sentence: str, section: str, code: int) -> Rule:
    return Rule(sentence, section, code, next(_ranks))


class Rules:
    """Every rule by name, in order of precedence.

    It is the order in which the bytes of a frame arrive: first byte, second byte, length, payload. So a verdict on
    the beginning of a frame stays the verdict on the whole frame, and reads of one byte give the same result as one
    read of everything.
    """

    # First byte. No data frame may follow a close frame, nor does another close; pings have to be answered with pongs until
    # the sender of the close frame gets one (§5.5.2), and may be sent until the connection is closed.
    AFTER_CLOSE = _row("a frame after the close frame that is no ping or pong", "RFC 6455 §5.5.1", 1002)
    RSV = _row("a reserved bit is set that no extension has claimed", "RFC 6455 §5.2", 1002)
    OPCODE = _row("the opcode is a reserved one", "RFC 6455 §5.2", 1002)
    CONTROL_FRAGMENTED = _row("a control frame is not final", "RFC 6455 §5.5", 1002)
    RSV1_CONTINUATION = _row("RSV1 on a continuation", "RFC 7692 §6.1", 1002)
    NOTHING_TO_CONTINUE = _row("a continuation without a message to continue", "RFC 6455 §5.4", 1002)
    MESSAGE_OPEN = _row("a new message before the last one was finished", "RFC 6455 §5.4", 1002)
    # The RFC sets no number; §10.4 asks for a limit of one's own against a peer that exhausts memory.
    FRAGMENTS = _row("a message in too many fragments", "RFC 6455 §10.4", 1009)
    # Second byte.
    MASKED = _row("a server must not mask", "RFC 6455 §5.1", 1002)
    UNMASKED = _row("a client must mask", "RFC 6455 §5.1", 1002)
    CONTROL_LENGTH = _row(
        "a control frame whose length field is for more than 125 bytes", "RFC 6455 §5.5", 1002
    )
    CLOSE_LENGTH = _row("a close payload of one byte", "RFC 6455 §5.5.1", 1002)
    # Extended length.
    LENGTH = _row("the 64-bit length has its top bit set: what follows cannot be read", "RFC 6455 §5.2", 1002)
    FRAME_SIZE = _row("a frame over max_frame_size", "RFC 6455 §10.4", 1009)
    MESSAGE_SIZE = _row("a message over max_frame_size", "RFC 6455 §10.4", 1009)
    # Payload.
    CLOSE_CODE = _row("a close code that may not be on the wire", "RFC 6455 §7.4", 1002)
    CLOSE_UTF8 = _row("a close message that is not UTF-8", "RFC 6455 §5.5.1", 1007)
    INFLATE = _row("a compressed payload that does not inflate", "RFC 7692 §7.2.2", 1007)
    EXTENSION = _row("a payload that an extension cannot decode", "RFC 6455 §5.8", 1007)
    TEXT_UTF8 = _row("a text that is not UTF-8", "RFC 6455 §8.1", 1007)


class Verdict(NamedTuple):
    """The rule that a frame breaks, with the sizes where it is one about size."""

    rule: Rule
    too_big: FrameTooBig | None = None
    """Size and limit; None for the other rules."""

    @property
    def detail(self) -> str:
        """The sentence for the column ``detail``."""
        return str(self.rule if self.too_big is None else self.too_big)


def first(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """Return the verdict that takes precedence, or None where there is none."""
    return min(filter(None, verdicts), key=_rank, default=None)


def _rank(verdict: Verdict) -> int:
    return verdict.rule.rank


@functools.cache  # a table for each connection costs more than all the rest of it
def head_rules(claimed: int = 0, *, has_deflate: bool = False) -> tuple[Rule | None, ...]:
    """Return, for each of the 256 first bytes, the rule it breaks by itself.

    Args:
        claimed: RSV bits that the negotiated extensions use, as bits of the first byte.
        has_deflate: permessage-deflate is among them.
    """
    return tuple(_head_rule(head, claimed, has_deflate) for head in range(256))


def _head_rule(head: int, claimed: int, has_deflate: bool) -> Rule | None:
    opcode = head & OPCODE
    is_control = opcode >= Opcode.CLOSE
    # An extension claims bits of data frames: RFC 7692 §6 and every other one known leave control frames alone.
    allowed = 0 if is_control else claimed
    if head & (RSV1 | RSV2 | RSV3) & ~allowed:
        return Rules.RSV
    if opcode not in (0, 1, 2, 8, 9, 10):
        return Rules.OPCODE
    if is_control and not head & FIN:
        return Rules.CONTROL_FRAGMENTED
    # RSV1 says of the whole message that it is compressed, so only its first frame carries it.
    if has_deflate and opcode == Opcode.CONTINUATION and head & RSV1:
        return Rules.RSV1_CONTINUATION
    return None


def close_rule(payload: bytes) -> Rule | None:
    """Return the rule that the payload of a close frame breaks.

    An empty payload is right: it has no code, and 1005 stands for that where a reader asks (§7.1.5).
    """
    if not payload:
        return None
    if len(payload) == 1:
        return Rules.CLOSE_LENGTH
    if len(payload) > MAX_CONTROL_PAYLOAD:
        return Rules.CONTROL_LENGTH
    if not is_close_code(int.from_bytes(payload[:2], "big")):
        return Rules.CLOSE_CODE
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return Rules.CLOSE_UTF8
    return None

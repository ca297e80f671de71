"""The rules of RFC 6455 and 7692 that a single frame can break, as a table: sentence, section, close code.

Nothing here acts: protocol.py marks the frame and, on a default session, fails the connection with the rule's code.
"""

from __future__ import annotations

from typing import NamedTuple

from wsnotebook.wire.batch import FIN, OPCODE, RSV1, RSV2, RSV3
from wsnotebook.wire.frames import MAX_CONTROL_PAYLOAD, Opcode, is_close_code

__all__ = ["Rule", "Rules", "close_rule", "head_rules"]


class Rule(NamedTuple):
    """What a frame may not do."""

    sentence: str
    """What was done against it."""
    section: str
    """Where the rule stands."""
    code: int
    """Close code with which the connection is failed."""

    def __str__(self) -> str:
        return f"{self.sentence} ({self.section})"


class Rules:
    """Every rule by name."""

    RSV = Rule("a reserved bit is set that no extension has claimed", "RFC 6455 §5.2", 1002)
    OPCODE = Rule("the opcode is a reserved one", "RFC 6455 §5.2", 1002)
    LENGTH = Rule("the 64-bit length has its top bit set: what follows cannot be read", "RFC 6455 §5.2", 1002)
    MASKED = Rule("a server must not mask", "RFC 6455 §5.1", 1002)
    UNMASKED = Rule("a client must mask", "RFC 6455 §5.1", 1002)
    CONTROL_FRAGMENTED = Rule("a control frame is not final", "RFC 6455 §5.5", 1002)
    CONTROL_LENGTH = Rule("a control frame has more than 125 bytes", "RFC 6455 §5.5", 1002)
    NOTHING_TO_CONTINUE = Rule("a continuation without a message to continue", "RFC 6455 §5.4", 1002)
    MESSAGE_OPEN = Rule("a new message before the last one was finished", "RFC 6455 §5.4", 1002)
    CLOSE_LENGTH = Rule("a close payload of one byte", "RFC 6455 §5.5.1", 1002)
    CLOSE_CODE = Rule("a close code that may not be on the wire", "RFC 6455 §7.4", 1002)
    CLOSE_UTF8 = Rule("a close message that is not UTF-8", "RFC 6455 §5.5.1", 1007)
    TEXT_UTF8 = Rule("a text that is not UTF-8", "RFC 6455 §8.1", 1007)
    RSV1_CONTINUATION = Rule("RSV1 on a continuation", "RFC 7692 §6.1", 1002)
    INFLATE = Rule("a compressed payload that does not inflate", "RFC 7692 §7.2.2", 1007)
    FRAME_SIZE = Rule("a frame over max_frame_size", "RFC 6455 §10.4", 1009)
    MESSAGE_SIZE = Rule("a message over max_frame_size", "RFC 6455 §10.4", 1009)
    FRAGMENTS = Rule("a message in too many fragments", "RFC 6455 §10.4", 1009)
    AFTER_CLOSE = Rule("a frame after the close frame", "RFC 6455 §5.5.1", 1002)


def head_rules(claimed: int) -> tuple[Rule | None, ...]:
    """Return, for each of the 256 first bytes, the rule it breaks.

    Args:
        claimed: RSV bits that the negotiated extensions use, as bits of the first byte.
    """
    return tuple(_head_rule(head, claimed) for head in range(256))


def _head_rule(head: int, claimed: int) -> Rule | None:
    opcode = head & OPCODE
    is_control = opcode >= Opcode.CLOSE
    allowed = 0 if is_control else claimed
    if head & (RSV1 | RSV2 | RSV3) & ~allowed:
        return Rules.RSV
    if opcode not in (0, 1, 2, 8, 9, 10):
        return Rules.OPCODE
    if is_control and not head & FIN:
        return Rules.CONTROL_FRAGMENTED
    return None


def close_rule(payload: bytes) -> Rule | None:
    """Return the rule that the payload of a close frame breaks."""
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

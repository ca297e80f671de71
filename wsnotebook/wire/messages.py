"""MessageState: type, size and text of the message that is open in one direction (RFC 6455 §5.4)."""

from __future__ import annotations

import codecs
import re

from wsnotebook.wire.batch import FIN, OPCODE, Batch, Flag, Payload
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.rules import Rule, Rules

__all__ = ["MessageState", "is_utf8"]

_utf8_decoder = codecs.getincrementaldecoder("utf-8")
_TEXT = int(Opcode.TEXT)  # an int: an enum member costs a look-up for each frame
_PIECE = 64 << 10  # bytes decoded at once: the text is discarded, and a small one stays in the cache


# First bytes of whole messages, each of one frame or in parts, and perhaps of one that goes on (RFC 6455 §5.4).
# Only sets are repeated possessively: CPython up to 3.11.4 takes wrong orders for right where a group is (gh-106052).
_MESSAGES = rb"[\x81\x82]*+(?:[\x01\x02]\x00*+\x80[\x81\x82]*+)*(?:[\x01\x02]\x00*+)?"
_BETWEEN = re.compile(_MESSAGES)
_WITHIN = re.compile(rb"\x00*+(?:\x80" + _MESSAGES + rb")?")
_CONTINUES = {0x00: Flag.CONTINUES, 0x80: Flag.CONTINUES}
_BINARY_FLAGS = bytes({**_CONTINUES, 0x81: Flag.TEXT}.get(head, 0) for head in range(256))
_TEXT_FLAGS = bytes(
    flags | (Flag.TEXT if head in (0x00, 0x80, 0x01) else 0) for head, flags in enumerate(_BINARY_FLAGS)
)


class MessageState:
    """The open message of one direction: its type, size, number of fragments and its UTF-8 so far.

    For each data frame call ``begin``, then ``end``, or ``skip`` where the payload is not known.
    """

    def __init__(self) -> None:
        self.opcode: int | None = None
        """Opcode of the open message; None between messages."""
        self.size = 0
        """Payload bytes of the open message so far, as the application sees them."""
        self.fragments = 0
        """Frames of the open message so far."""
        self.is_unknown = False
        """Whether a message may be open whose beginning is missing: no row says which one."""
        self._decoder: codecs.IncrementalDecoder | None = None  # made for the first text that is not ASCII
        self._in_character = False  # the text so far ends inside a character
        self._has_hole = False  # a payload of the open message is not known

    @property
    def is_open(self) -> bool:
        """Whether a message is open, or may be."""
        return self.opcode is not None or self.is_unknown

    def rule(self, head: int) -> Rule | None:
        """Return the rule that a data frame with this first byte would break; changes nothing."""
        if head & OPCODE == Opcode.CONTINUATION:
            return None if self.is_open else Rules.NOTHING_TO_CONTINUE
        return Rules.MESSAGE_OPEN if self.opcode is not None else None

    def begin(self, head: int) -> bool:
        """Count a data frame by its first byte; return whether it continues a message.

        A new message within an open one takes its place: the peer has given the first one up, and what follows is
        judged by the second.
        """
        opcode = head & OPCODE
        if not opcode:
            if self.opcode is None:
                return False
            self.fragments += 1
            return True
        self.opcode = opcode
        self.size = 0
        self.fragments = 1
        self._has_hole = self.is_unknown = False
        if self._in_character:
            self._forget_character()
        return False

    def end(self, head: int, payload: Payload) -> tuple[Rule | None, bool]:
        """Count the payload of that frame; return the rule it breaks and whether it is UTF-8 by itself.

        A character may be cut by the end of a fragment (RFC 6455 §5.6): the message has to be UTF-8, its parts need
        not be.
        """
        rule, alone = None, False
        if self.opcode == _TEXT:
            if isinstance(payload, bytes) and payload.isascii() and not self._in_character:
                alone = True
            else:
                alone = is_utf8(payload)
                rule = None if self._has_hole else self._decode(payload, bool(head & FIN))
        if self.opcode is not None:
            self.size += len(payload)
        if head & FIN:
            self.opcode = None
            self.is_unknown = False
        return rule, alone

    def skip(self, head: int, size: int) -> None:
        """Count that frame without its payload: the text of the message is not judged from there on.

        The bytes that are missing may hold a part of a character, so that neither those before nor those after can be
        called wrong.
        """
        self._has_hole = True
        self._forget_character()
        if self.opcode is not None:
            self.size += size
        if head & FIN:
            self.opcode = None
            self.is_unknown = False

    def lose(self) -> None:
        """Forget the message: frames are missing, and the next one may continue a message that began among them."""
        self._forget_character()
        self.opcode = None
        self.is_unknown = True

    def take_run(self, batch: Batch) -> bool:
        """Count all frames of a batch at once, if all are data frames in a right order and ASCII where they are text.

        Returns whether that is so; otherwise nothing is counted. Sets the flags of the batch; ``begin`` and ``end`` do
        the same frame by frame. The caller holds size and number of fragments against its limits.
        """
        heads = bytes(batch.heads)
        if (
            self._in_character
            or self.is_unknown
            or not (_WITHIN if self.opcode else _BETWEEN).fullmatch(heads)
        ):
            return False
        in_text = 0x01 in heads or self.opcode == Opcode.TEXT
        in_binary = 0x02 in heads or self.opcode == Opcode.BINARY
        if (in_text and in_binary) or ((in_text or 0x81 in heads) and not batch.is_ascii()):
            return False
        batch.flags[:] = heads.translate(_TEXT_FLAGS if in_text else _BINARY_FLAGS)
        # Place of the first frame of the message that is left open.
        begun = len(heads.rstrip(b"\x00\x01\x02"))
        if begun == len(heads):
            self.opcode = None
        elif heads[begun]:
            self.opcode = heads[begun]
            self.fragments = self.size = 0
            self._has_hole = False
        self.fragments += len(heads) - begun
        self.size += sum(map(len, batch.payloads[begun:]))
        return True

    def _decode(self, payload: Payload, final: bool) -> Rule | None:
        if self._decoder is None:
            self._decoder = _utf8_decoder()
        try:
            self._decoder.decode(bytes(payload), final)
        except UnicodeDecodeError:
            self._in_character = True  # the decoder has to be reset
            return Rules.TEXT_UTF8
        self._in_character = bool(self._decoder.getstate()[0])
        return None

    def _forget_character(self) -> None:
        if self._decoder is not None:
            self._decoder.reset()
        self._in_character = False


def is_utf8(payload: Payload) -> bool:
    """Tell whether ``payload`` is UTF-8 by itself."""
    if isinstance(payload, bytes) and payload.isascii():
        return True
    size, position = len(payload), 0
    try:
        while position < size:  # a piece ends before a character that it cuts, and the next one begins there
            stop = position + _PIECE
            position += codecs.utf_8_decode(payload[position:stop], "strict", stop >= size)[1]
    except UnicodeDecodeError:
        return False
    return True

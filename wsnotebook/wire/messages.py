"""MessageState: what the frames of one direction say about the message that is open."""

from __future__ import annotations

import codecs
import re

from wsnotebook.wire.batch import FIN, OPCODE, Batch, Flag, Payload
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.rules import Rule, Rules

__all__ = ["MessageState", "is_utf8"]

_utf8_decoder = codecs.getincrementaldecoder("utf-8")
_PIECE = 64 << 10  # bytes decoded at once: the text is thrown away, and a small one is made in warm memory


# First bytes of whole messages, each of one frame or in parts, and perhaps of one that goes on (RFC 6455 §5.4).
_MESSAGES = rb"(?:[\x81\x82]|[\x01\x02]\x00*+\x80)*+(?:[\x01\x02]\x00*+)?"
_BETWEEN = re.compile(_MESSAGES)
_WITHIN = re.compile(rb"\x00*+(?:\x80" + _MESSAGES + rb")?")
_CONTINUES = {0x00: Flag.CONTINUES, 0x80: Flag.CONTINUES}
_BINARY_FLAGS = bytes({**_CONTINUES, 0x81: Flag.TEXT}.get(head, 0) for head in range(256))
_TEXT_FLAGS = bytes(
    flags | (Flag.TEXT if head in (0x00, 0x80, 0x01) else 0) for head, flags in enumerate(_BINARY_FLAGS)
)


class MessageState:
    """The open message of one direction: its type, size, number of fragments and its UTF-8 so far."""

    def __init__(self) -> None:
        self.opcode: int | None = None
        """Opcode of the open message; None between messages."""
        self.size = 0
        """Payload bytes of the open message so far, as the application sees them."""
        self.fragments = 0
        """Frames of the open message so far."""
        self._decoder = _utf8_decoder()
        self._in_character = False  # the text so far ends inside a character

    def begin(self, head: int) -> tuple[Rule | None, bool]:
        """Take the first byte of a data frame; return the rule it breaks and whether it continues a message."""
        opcode = head & OPCODE
        if opcode == Opcode.CONTINUATION:
            if self.opcode is None:
                return Rules.NOTHING_TO_CONTINUE, False
            self.fragments += 1
            return None, True
        rule = Rules.MESSAGE_OPEN if self.opcode is not None else None
        self.opcode = opcode
        self.size = 0
        self.fragments = 1
        if self._in_character:
            self._decoder.reset()
            self._in_character = False
        return rule, False

    def end(self, head: int, payload: Payload) -> tuple[Rule | None, bool]:
        """Take the payload of that frame; return the rule it breaks and whether it is UTF-8 by itself."""
        self.size += len(payload)
        final = bool(head & FIN)
        rule, alone = None, False
        if self.opcode == Opcode.TEXT:
            if isinstance(payload, bytes) and payload.isascii() and not self._in_character:
                alone = True
            else:
                alone = is_utf8(payload)
                rule = self._decode(payload, final)
        if final:
            self.opcode = None
        return rule, alone

    def take_run(self, batch: Batch) -> bool:
        """Take all frames of a batch at once, if all are data frames in a right order and ASCII where they are text.

        Returns whether that is so; otherwise nothing is taken. Sets the flags of the batch; ``begin`` and ``end`` say
        the same frame by frame. Size and number of fragments are the caller's to hold against a limit.
        """
        heads = bytes(batch.heads)
        if self._in_character or not (_WITHIN if self.opcode else _BETWEEN).fullmatch(heads):
            return False
        in_text = 0x01 in heads or self.opcode == Opcode.TEXT
        in_binary = 0x02 in heads or self.opcode == Opcode.BINARY
        if (in_text and in_binary) or ((in_text or 0x81 in heads) and not batch.is_ascii()):
            return False
        batch.flags[:] = heads.translate(_TEXT_FLAGS if in_text else _BINARY_FLAGS)
        begun = len(
            heads.rstrip(b"\x00\x01\x02")
        )  # place of the first frame of the message that is left open
        if begun == len(heads):
            self.opcode = None
        elif heads[begun]:
            self.opcode = heads[begun]
            self.fragments = self.size = 0
        self.fragments += len(heads) - begun
        self.size += sum(map(len, batch.payloads[begun:]))
        return True

    def _decode(self, payload: Payload, final: bool) -> Rule | None:
        try:
            self._decoder.decode(bytes(payload), final)
        except UnicodeDecodeError:
            self._in_character = True  # the decoder has to be reset
            return Rules.TEXT_UTF8
        self._in_character = bool(self._decoder.getstate()[0])
        return None


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

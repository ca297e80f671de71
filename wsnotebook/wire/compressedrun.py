"""Runs of whole compressed messages in a batch: what most frames of a compressed feed are, and many in each read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wsnotebook.wire.batch import OPCODE, Flag
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.messages import is_utf8
from wsnotebook.wire.scanner import ScannedBatch

__all__ = ["WHOLE_COMPRESSED", "compressed_from", "set_inflated"]

WHOLE_COMPRESSED = b"\xc1\xc2"
"""First bytes of a compressed message of one frame (RFC 7692 §6)."""

_TEXT = int(Opcode.TEXT)
_FLAGS = bytes(Flag.CHANGED | (Flag.TEXT if head == 0xC1 else 0) for head in range(256))
"""Of such a message that was inflated, by first byte."""
_MASKED_FLAGS = bytes(flags | Flag.MASKED for flags in _FLAGS)


def compressed_from(batch: ScannedBatch, start: int, mask_flag: int) -> Sequence[bytes]:
    """Return the payloads, from a place on, of frames that are whole compressed messages and not empty, one after another.

    Args:
        start: of the first one.
        mask_flag: Flag.MASKED where the sender has to mask, else 0: a frame with other flags ends the run.
    """
    heads, flags = batch.heads[start:], batch.flags[start:]
    count = min(
        len(heads) - len(heads.lstrip(WHOLE_COMPRESSED)),
        len(flags) - len(flags.lstrip(bytes((mask_flag,)))),
        *(place - start for place in batch.declared if place >= start),
    )
    messages: list[Any] = batch.payloads[start : start + count]  # only a plain frame is received in its place
    return messages[: messages.index(b"")] if b"" in messages else messages


def set_inflated(
    batch: ScannedBatch, start: int, messages: Sequence[bytes], payloads: Sequence[bytes]
) -> int:
    """Set what was inflated of the first of some messages; return how many of them are all right.

    A text that is not UTF-8 lacks Flag.TEXT; those after it are set as well, as they cannot be inflated twice.
    """
    stop = start + len(payloads)
    is_masked = batch.flags[start] & Flag.MASKED
    batch.set_wire_run(start, messages[: len(payloads)], payloads)
    batch.flags[start:stop] = batch.heads[start:stop].translate(_MASKED_FLAGS if is_masked else _FLAGS)
    if all(map(bytes.isascii, payloads)):
        return len(payloads)
    texts = (place for place in range(start, stop) if batch.heads[place] & OPCODE == _TEXT)
    wrong = [place for place in texts if not is_utf8(batch.payloads[place])]
    for place in wrong:
        batch.flags[place] &= ~Flag.TEXT
    return wrong[0] - start if wrong else len(payloads)

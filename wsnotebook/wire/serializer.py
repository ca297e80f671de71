"""Serializer: turns queued frames into bytes for the socket and rows for the log.

The setting for masking is read here, for each frame, and nowhere earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from wsnotebook.wire.batch import FIN, OPCODE, RSV1, Batch, Flag, Single, first_byte, minimal_header, to_frame
from wsnotebook.wire.decoding import decoders_of
from wsnotebook.wire.direction import Direction, Sender
from wsnotebook.wire.extensions import DeflateExtension, WebSocketExtension
from wsnotebook.wire.frames import Frame, Opcode
from wsnotebook.wire.masking import apply_mask
from wsnotebook.wire.messages import is_utf8
from wsnotebook.wire.rules import close_rule

__all__ = ["Outgoing", "Serializer", "outgoing"]

Outgoing: TypeAlias = tuple[int, bytes, int, bytes | None]
"""First byte, payload, Flag.TEXT or 0, and a fixed mask key, b"" for none, or None for what ``masking`` says."""

_TEXT = 0x81  # a whole text message
_PLAIN = frozenset((_TEXT, 0x82))
_CLOSE = FIN | int(Opcode.CLOSE)
_LARGEST_SINGLE = 64 << 10  # bytes: of a larger one the copy costs more than the way
_DRAWN = 256  # random bytes for the keys of frames that are sent alone: each draw is a call of the operating system
_MASKED_FLAG = Flag.MASKED
_MASKED = bytes(flags | Flag.MASKED for flags in range(256))
_SHORT_HEADERS = {
    head: [bytes((head, 0x80 | length)) for length in range(126)] for head in (0x81, 0x82, 0xC1, 0xC2)
}


def outgoing(frame: Frame, mask_key: bytes | None = None) -> Outgoing:
    """Return a frame in the form in which it is queued."""
    opcode, data, fin, rsv1, rsv2, rsv3 = frame
    is_plain = fin and not (rsv1 or rsv2 or rsv3)  # as nearly all are: the call would double the cost
    head = opcode | FIN if is_plain else first_byte(opcode, fin, rsv1, rsv2, rsv3)
    is_text = opcode == Opcode.TEXT and is_utf8(data)
    return head, data, Flag.TEXT if is_text else 0, mask_key


class Serializer:
    """The sending half of a wire.

    Args:
        masking: mask what is serialised next; may be set at any time.
        random: source of mask keys; called with a number of bytes.
        sender: the side that sends, by whose rules the rows are judged.
    """

    def __init__(self, *, masking: bool, random: Callable[[int], bytes], sender: Sender = "client") -> None:
        self.masking = masking
        self._random = random
        self._drawn = b""  # what no frame has used
        self.is_between_messages = True
        """Whether the last data frame ended its message, and no close frame was sent; only _one() and serialize_close()
        change that."""
        self._extensions: tuple[WebSocketExtension, ...] = ()
        self._deflate: DeflateExtension | None = None  # where it is the only one
        self._masks = sender == "client"
        self._direction = Direction(sender)

    def negotiate(self, claimed: int, extensions: tuple[WebSocketExtension, ...]) -> None:
        """Set what the handshake has negotiated.

        Args:
            claimed: RSV bits that the extensions use, as bits of the first byte.
            extensions: in negotiated order, in which outgoing frames pass them.
        """
        self._extensions = extensions
        only = extensions[0] if len(extensions) == 1 else None
        self._deflate = only if isinstance(only, DeflateExtension) else None
        self._direction.negotiate(claimed, decoders_of(extensions))

    def serialize(self, items: Sequence[Outgoing]) -> tuple[Batch, bytes]:
        """Return the rows and the bytes of some frames, in order."""
        if not items:
            return Batch(), b""
        heads, payloads, flags, fixed_keys = zip(*items, strict=True)
        keys = self._mask_keys(fixed_keys)
        simple = not self._extensions and self.is_between_messages
        if (
            simple and _PLAIN.issuperset(heads) and heads.count(_TEXT) == flags.count(Flag.TEXT)
        ):  # all are UTF-8
            if self._masks and all(keys):
                return _masked(heads, payloads, flags, keys)  # type: ignore[arg-type]  # none is None
            if not self._masks and not any(keys):
                return _unmasked(heads, payloads, flags)
        batch = Batch()
        parts: list[bytes] = []
        for item, key in zip(items, keys, strict=True):
            self._one(item, key, batch, parts)
        return batch, b"".join(parts)

    def _mask_keys(self, fixed: Sequence[bytes | None]) -> Sequence[bytes | None]:
        """Return the mask key of each frame; None for one that is not masked."""
        if not self.masking:
            return [key or None for key in fixed]
        # A fresh key for each frame, which nobody can predict (RFC 6455 §5.3): the masked bytes are then not those that
        # a script of a web page has chosen, and no proxy on the way can be made to take them for HTTP (§10.3).
        random = self._random(4 * len(fixed))
        keys = [random[place : place + 4] for place in range(0, len(random), 4)]
        if fixed.count(None) == len(fixed):
            return keys
        return [key if given is None else given or None for given, key in zip(fixed, keys, strict=True)]

    def serialize_single(self, item: Outgoing) -> tuple[Single, bytes, bytes] | None:
        """Return the row, the mask key and the bytes of a masked whole message; None of any other frame.

        The short way of a frame that is sent alone: the row and the bytes are those of ``serialize``.
        """
        head, payload, flags, key = item
        length = len(payload)
        if length > _LARGEST_SINGLE or key is not None or not self.masking:
            return None
        if head not in _PLAIN or (head == _TEXT and not flags) or not self.is_between_messages:
            return None
        wire_payload, changed = payload, None
        if self._extensions:
            changed = None if self._deflate is None else self._deflate.encode_whole(payload)
            if changed is None:
                return None
            head, flags, wire_payload, length = head | RSV1, flags | Flag.CHANGED, changed, len(changed)
        if not self._drawn:
            self._drawn = self._random(_DRAWN)
        key, self._drawn = self._drawn[:4], self._drawn[4:]
        header = _SHORT_HEADERS[head][length] if length < 126 else minimal_header(head, length, key)[:-4]
        data = header + key + apply_mask(wire_payload, key)
        return (head, flags | _MASKED_FLAG, payload, changed), key, data

    def serialize_close(self, item: Outgoing) -> tuple[Single, bytes, bytes] | None:
        """As serialize_single(), of a masked close frame that breaks no rule; None of any other frame."""
        head, payload, _, key = item
        if head != _CLOSE or key is not None or not self.masking or not self._masks:
            return None
        if self._direction.is_closed or close_rule(payload) is not None:
            return None
        self._direction.is_closed, self.is_between_messages = True, False
        key = self._random(4)
        data = bytes((head, 0x80 | len(payload))) + key + apply_mask(payload, key)
        return (head, _MASKED_FLAG, payload, None), key, data

    def _one(self, item: Outgoing, key: bytes | None, batch: Batch, parts: list[bytes]) -> None:
        """Serialise one frame of any kind, marking what is wrong with it.

        The header is judged as it goes onto the wire, the payload as the application gave it: it need not be inflated
        again for that.
        """
        head, payload, _, _ = item
        wire_payload = payload
        if head & OPCODE <= Opcode.BINARY and self._extensions:
            head, wire_payload = self._encode(head, payload)
        place = batch.add(head, payload, 0, key)
        if wire_payload is not payload:
            batch.set_wire(place, wire_payload, payload)
        self._direction.judge(batch, place)
        self.is_between_messages = self._direction.is_between_messages
        header = minimal_header(head, len(wire_payload), key)
        parts += (header, apply_mask(wire_payload, key) if key else wire_payload)

    def _encode(self, head: int, payload: bytes) -> tuple[int, bytes]:
        frame = to_frame(head, payload)
        for extension in self._extensions:
            frame = extension.encode(frame)
        opcode, wire_payload, *bits = frame
        return first_byte(opcode, *bits), wire_payload


def _unmasked(heads: Sequence[int], payloads: Sequence[bytes], flags: Sequence[int]) -> tuple[Batch, bytes]:
    """Serialise a server's whole messages that no extension changes."""
    batch = Batch()
    batch.heads += bytes(heads)
    batch.flags += bytes(flags)
    batch.payloads += payloads
    parts: list[bytes] = []
    for head, payload in zip(heads, payloads, strict=True):
        parts += (minimal_header(head, len(payload), None), payload)
    return batch, b"".join(parts)


def _masked(
    heads: Sequence[int], payloads: Sequence[bytes], flags: Sequence[int], mask_keys: list[bytes]
) -> tuple[Batch, bytes]:
    """Serialise masked whole messages that no extension changes: the hot loop of a fast sender."""
    batch = Batch()
    batch.heads += bytes(heads)
    batch.flags += bytes(flags).translate(_MASKED)
    batch.payloads += payloads
    batch.mask_keys = mask_keys
    parts: list[bytes] = []
    for head, payload, key in zip(heads, payloads, mask_keys, strict=True):
        length = len(payload)
        header = _SHORT_HEADERS[head][length] if length < 126 else minimal_header(head, length, key)[:-4]
        parts += (header, key, apply_mask(payload, key))
    return batch, b"".join(parts)

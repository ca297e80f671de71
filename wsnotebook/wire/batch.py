"""A Batch: the frames of one read or one write, in columns; the unit that the wire passes to the log.

A column of ints or bytes costs a tenth of one object per frame, and the log stores the same columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from wsnotebook.wire.frames import OPCODES, Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FIN",
    "LARGE",
    "LONE",
    "OPCODE",
    "RSV1",
    "RSV2",
    "RSV3",
    "STATUSES",
    "Batch",
    "Flag",
    "Payload",
    "Single",
    "batch_of",
    "declared_length",
    "first_byte",
    "is_final",
    "is_whole",
    "minimal_header",
    "opcode_of",
    "to_frame",
]

# The first byte of a frame: RFC 6455 §5.2. Outside of the innermost loops first_byte, opcode_of and is_final know them.
FIN = 0x80
RSV1 = 0x40
RSV2 = 0x20
RSV3 = 0x10
OPCODE = 0x0F

LONE = 256 * 1024
"""Bytes from which a frame is a batch by itself, and the log keeps its payload without a copy."""
LARGE = 1024
"""Bytes from which another copy of a payload costs more than a turn of a loop."""

Payload: TypeAlias = bytes | memoryview
"""Payload of a frame: a view only of a lone one that was received in its place, a final text or binary frame."""


Single: TypeAlias = tuple[int, int, bytes, bytes | None]
"""A whole message in a frame that was read or is written alone, or a close frame, which is right: first byte, flags, payload,
and the payload on the wire where an extension changed it."""

_Bits = TypeVar("_Bits", int, "NDArray[Any]")


def first_byte(opcode: _Bits, fin: _Bits, rsv1: _Bits, rsv2: _Bits, rsv3: _Bits) -> _Bits:
    """Return the first byte of a frame, or of an array of frames; the four bits are 0 or 1."""
    head: _Bits = opcode | fin * FIN | rsv1 * RSV1 | rsv2 * RSV2 | rsv3 * RSV3
    return head


def opcode_of(head: _Bits) -> _Bits:
    """Return the opcode in a first byte, or in each of an array."""
    return head & OPCODE


@overload
def is_final(head: int) -> bool: ...
@overload
def is_final(head: NDArray[Any]) -> NDArray[Any]: ...
def is_final(head: Any) -> Any:
    """Tell whether a first byte, or each of an array, has FIN."""
    return head >= FIN


class Flag:
    """Bits of a row that are not in the frame's first byte. Ints, not an enum: they are read per frame."""

    MASKED = 0x01
    """The frame was masked; its key stands in ``mask_keys``."""
    TEXT = 0x02
    """The payload belongs to a text message and is UTF-8 by itself."""
    CHANGED = 0x04
    """An extension changed the payload; the wire's own stands in ``wire``."""
    HEADER = 0x08
    """The header is not the shortest for this payload; its bytes stand in ``headers``."""
    STATUS = 0xB0
    """Three bits, whose values have the names of STATUSES."""
    OK = 0x00
    VIOLATION = 0x10
    """The frame breaks a rule of the protocol."""
    UNSENT = 0x20
    """The frame was queued and never reached the wire."""
    TRUNCATED = 0x30
    """The end of the stream, or of the capture, cut the frame off."""
    OVERSIZED = 0x80
    """The declared length is over the limit; the body was not kept."""
    CONTINUES = 0x40
    """A continuation that belongs to an open message."""


STATUSES = {
    Flag.OK: "ok",
    Flag.VIOLATION: "violation",
    Flag.UNSENT: "unsent",
    Flag.TRUNCATED: "truncated",
    Flag.OVERSIZED: "oversized",
}
"""Name of each value of Flag.STATUS, in the order of the categories of the column ``status``."""


class Batch:
    """The frames of one read or one write.

    The four first columns have one entry a frame; the dicts and ``mask_keys`` have one only where it applies.
    """

    __slots__ = ("_joined", "details", "flags", "headers", "heads", "mask_keys", "payloads", "wire")

    def __init__(self) -> None:
        self.heads = bytearray()
        """First byte of each frame: FIN, RSV1–3 and opcode, as on the wire."""
        self.flags = bytearray()
        """Flag bits of each frame."""
        self.payloads: list[Payload] = []
        """Payload of each frame as the application sees it."""
        self.mask_keys: list[bytes] = []
        """Four bytes for each masked frame, in order."""
        self.wire: dict[int, bytes] = {}
        """Payload on the wire (unmasked), where an extension changed it."""
        self.headers: dict[int, bytes] = {}
        """Header on the wire, where it is not the shortest."""
        self.details: dict[int, str] = {}
        """Sentence about a frame: the rule that it breaks, or why its payload is not as usual."""
        self._joined: bytes | None = None

    def __len__(self) -> int:
        return len(self.payloads)

    def add(self, head: int, payload: Payload, flags: int = 0, mask_key: bytes | None = None) -> int:
        """Append one frame; return its place in the batch."""
        place = len(self.payloads)
        if mask_key is not None:
            flags |= Flag.MASKED
            self.mask_keys.append(mask_key)
        self.heads.append(head)
        self.flags.append(flags)
        self.payloads.append(payload)
        return place

    def mark(self, place: int, status: int, detail: str) -> None:
        """Set status and detail of a frame; the first status of a frame stays."""
        if self.flags[place] & Flag.STATUS == Flag.OK:
            self.flags[place] |= status
            self.details[place] = detail

    def set_wire(self, place: int, wire_payload: bytes, payload: bytes) -> None:
        """Keep the wire's payload beside the application's, where an extension changed it."""
        self.flags[place] |= Flag.CHANGED
        self.wire[place] = wire_payload
        self.payloads[place] = payload
        self._joined = None

    def set_wire_run(self, place: int, wire_payloads: Sequence[bytes], payloads: Sequence[bytes]) -> None:
        """As set_wire(), of consecutive frames; the caller sets their flags."""
        stop = place + len(payloads)
        self.wire.update(zip(range(place, stop), wire_payloads, strict=True))
        self.payloads[place:stop] = payloads
        self._joined = None

    @property
    def size(self) -> int:
        """Bytes of all payloads."""
        return sum(map(len, self.payloads)) if self._is_large else len(self._joined_payloads())

    @property
    def is_lone(self) -> bool:
        """Whether this is one large frame, whose payload is better kept than copied."""
        return len(self.payloads) == 1 and len(self.payloads[0]) >= LONE

    def is_ascii(self) -> bool:
        """Tell whether every byte of every payload is ASCII; False for a view, which would have to be copied."""
        if not self._is_large:
            return self._joined_payloads().isascii()
        if isinstance(self.payloads[0], memoryview):
            return False
        return all(map(bytes.isascii, self.payloads))  # type: ignore[arg-type]  # a view is the only one

    def copy_payloads(self, target: memoryview) -> None:
        """Copy all payloads, end to end, to the beginning of ``target``."""
        if not self._is_large:
            joined = self._joined_payloads()
            target[: len(joined)] = joined
            return
        start = 0
        for payload in self.payloads:
            stop = start + len(payload)
            target[start:stop] = payload
            start = stop

    @property
    def _is_large(self) -> bool:
        """Whether joining would cost more for the copy than it saves; the first frame is the sample for all."""
        return len(self.payloads) == 1 or len(self.payloads[0]) >= LARGE

    def _joined_payloads(self) -> bytes:
        if self._joined is None:
            self._joined = b"".join(self.payloads)
        return self._joined

    def payload(self, place: int) -> bytes:
        """Return the payload of one frame as bytes, which only a view has to be copied for."""
        return bytes(self.payloads[place])

    def frame(self, place: int) -> Frame:
        """Return one frame as a value."""
        return to_frame(self.heads[place], self.payload(place))

    def __iter__(self) -> Iterator[Frame]:
        return map(to_frame, self.heads, map(bytes, self.payloads))


def batch_of(single: Single, mask_key: bytes | None = None) -> Batch:
    """Return the batch that has only this frame."""
    head, flags, payload, wire_payload = single
    batch = Batch()
    place = batch.add(head, payload, flags, mask_key)
    if wire_payload is not None:
        batch.set_wire(place, wire_payload, payload)
    return batch


def to_frame(head: int, payload: bytes) -> Frame:
    """Return the frame of a first byte and a payload, without a check."""
    fields = (OPCODES[head & OPCODE], payload, head >= FIN, head & RSV1 > 0, head & RSV2 > 0, head & RSV3 > 0)
    return tuple.__new__(Frame, fields)


def declared_length(header: bytes) -> int | None:
    """Return the payload bytes that a header declares; None where the header itself is cut off."""
    if len(header) < 2:
        return None
    size, declared = 2, header[1] & 0x7F
    if declared > 125:
        size = 4 if declared == 126 else 10
        declared = int.from_bytes(header[2:size], "big")
    return declared if len(header) >= size else None


def is_whole(header: bytes, length: int) -> bool:
    """Tell whether a payload of ``length`` bytes is all that the header declares.

    It is not where the end of the stream cut the frame off, nor where a body over the limit was not kept.
    """
    declared = declared_length(header)
    return declared is not None and declared <= length


def minimal_header(head: int, length: int, mask_key: bytes | None) -> bytes:
    """Return the shortest header for a payload of ``length`` bytes (RFC 6455 §5.2)."""
    masked = 0 if mask_key is None else 0x80
    key = mask_key or b""
    if length < 126:
        return bytes((head, masked | length)) + key
    if length < 0x10000:
        return bytes((head, masked | 126)) + length.to_bytes(2, "big") + key
    return bytes((head, masked | 127)) + length.to_bytes(8, "big") + key

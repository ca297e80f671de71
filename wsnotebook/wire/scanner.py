"""Scanner: a lenient walker that turns the bytes of one direction into batches of frames.

It knows where frames begin and end (RFC 6455 §5.2) and nothing else: wrong frames come out like right ones, as a
recorder has to keep them. direction.py judges them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from wsnotebook.wire.batch import LARGE, LONE, OPCODE, Batch, Flag, Payload
from wsnotebook.wire.body import Body, LargeBody
from wsnotebook.wire.masking import apply_mask

__all__ = ["MAX_BATCH_FRAMES", "MAX_ODD_FRAMES", "Begun", "ScannedBatch", "Scanner"]

MAX_BATCH_FRAMES = 4096
"""Frames in one batch at most: 256 KiB of empty frames are 131,072, which would hold the event loop for 200 ms."""
MAX_ODD_FRAMES = 1024
"""Of those, pings, fragments and the like: each costs as much as ten plain ones."""

_PLAIN = frozenset((0x81, 0x82))  # final text and final binary, no reserved bit
_PARTS = frozenset((0x01, 0x02, 0x00, 0x80))  # frames of a message in parts (RFC 6455 §5.4)
_PLAIN_OR_COMPRESSED = _PLAIN | {0xC1, 0xC2}  # the same, compressed (RFC 7692 §6)
_LARGEST_IN_PLACE = (
    256 << 20
)  # bytes: a longer length may be a lie, so no memory is allocated before its bytes
_LENGTH_TOP_BIT = 1 << 63  # must be 0 (RFC 6455 §5.2)
_TEXT_FLAGS = bytes(Flag.TEXT if head == 0x81 else 0 for head in range(256))


class ScannedBatch(Batch):
    """A batch as the scanner returns it: no frame of it was judged."""

    __slots__ = ("declared", "odd")

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[int] = []
        """Places of frames that are not plain: anything but an unmasked final text or binary between messages."""
        self.declared: dict[int, int] = {}
        """Declared length in bytes of frames over the limit, whose bodies are skipped."""


class Begun(NamedTuple):
    """The beginning of a frame whose rest has not arrived."""

    head: int
    """First byte."""
    second: int | None
    """Second byte; None where it has not arrived."""
    length: int | None
    """Declared payload bytes; None where the header is not whole."""


class Scanner:
    """Walk over the bytes of one direction.

    Args:
        limit: payload bytes a frame may declare; a longer one becomes a row without its body, which is skipped.
            None for no limit. May be set at any time.
        allocate: returns memory for the payload of a large plain frame, which then stays where it was received; None
            joins the pieces of each read. May be set at any time.

    Feed it with ``feed(data)``, then call ``scan()`` until it returns None: each call returns one batch. How the bytes
    are cut makes no difference to the frames. The first call leaves no reference to memory that was fed. While ``room()``
    returns memory, bytes may be written there instead and counted with ``filled(count)``. ``finish()`` returns the frame
    that the end of the stream cut off.
    """

    def __init__(self, limit: int | None = None, allocate: Callable[[int], memoryview] | None = None) -> None:
        self.limit = limit
        self.allocate = allocate
        self.skipped = 0
        """Bytes that belong to no row: bodies over the limit, and all after a length that cannot be."""
        self.plain = _PLAIN
        """First bytes of frames that are not odd."""
        self.is_begun_new = False
        """Whether more is known of ``begun`` than when the caller last cleared this."""
        self._data: bytes | memoryview = b""  # fed bytes; those from _position on are not scanned yet
        self._position = 0
        self._tail = bytearray()  # the beginning of a header whose rest has not arrived
        self._body: Body | LargeBody | None = None  # the frame that has begun
        self._skip = 0  # bytes still to pass over; -1: all of them
        self._in_message = False  # after a non-final data frame nothing is plain

    def expect_compressed(self) -> None:
        """Count whole compressed messages among the plain frames: permessage-deflate was negotiated."""
        self.plain = _PLAIN_OR_COMPRESSED

    def feed(self, data: bytes | memoryview) -> None:
        """Set the bytes of one read as the next to scan. Those fed before must have been scanned.

        Small frames are cut out of bytes in half the time, but that takes a copy of all, which large ones are spared.
        """
        self._data = data if self._begins_large(data) else bytes(data)
        self._position = 0

    def _begins_large(self, data: bytes | memoryview) -> bool:
        """Tell whether the next frame, as the sample for all of a read, is a large one."""
        if self._body is not None:
            return self._body.length >= LARGE
        if self._tail or len(data) < 4:
            return False
        length = data[1] & 0x7F
        return length == 127 or (length == 126 and data[2] << 8 >= LARGE)

    def single(self, data: memoryview | bytes) -> tuple[int, bytes] | None:
        """Return first byte and payload where ``data`` is one whole plain frame and nothing else; None of anything else.

        The short way of the most frequent read, and changes nothing: of None, ``data`` is to be fed as ever.
        """
        size = len(data)
        if self._tail or self._body is not None or self._skip or self._in_message or size < 2:
            return None
        head, length, start = data[0], data[1], 2
        if length > 125:
            if length != 126 or size < 4:  # a mask, a 64-bit length, or not the whole header (RFC 6455 §5.2)
                return None
            length, start = data[2] << 8 | data[3], 4
            if length < 126:  # not the shortest form
                return None
        if start + length != size or head not in self.plain:
            return None
        if self.limit is not None and length > self.limit:
            return None
        return head, bytes(data[start:])

    def room(self) -> memoryview | None:
        """Return memory for the rest of a large frame, all of which may be filled; None where there is none."""
        body = self._body
        return body.room if body is not None and isinstance(body, LargeBody) else None

    def filled(self, count: int) -> None:
        """Count bytes that were written to the beginning of ``room()``. Those fed before must have been scanned."""
        assert isinstance(self._body, LargeBody)
        self._body.filled(count)
        self.feed(b"")

    def scan(self) -> ScannedBatch | None:
        """Return the next batch of whole frames, or None when all fed bytes are scanned."""
        batch = ScannedBatch()
        is_filled = self._body is not None and not self._body.lack
        if (self._position >= len(self._data) and not is_filled) or not self._complete(batch):
            return None
        if not batch.is_lone:
            self._walk(batch)
        if isinstance(self._data, memoryview):
            # Who gets the batch may let the loop run, which reads the next bytes into this memory.
            self._data, self._position = bytes(self._data[self._position :]), 0
        return batch if batch.payloads else None

    @property
    def begun(self) -> Begun | None:
        """The known beginning of the frame that is arriving; None between frames."""
        if self._body is not None:
            return Begun(self._body.head, self._body.header[1], self._body.length)
        if self._tail:
            return Begun(self._tail[0], self._tail[1] if len(self._tail) > 1 else None, None)
        return None

    @property
    def is_within_frame(self) -> bool:
        """Whether a part of a frame was fed, and not all of it."""
        return self._body is not None or bool(self._tail or self._skip)

    def finish(self) -> ScannedBatch | None:
        """Return a batch with the frame that the end of the stream cut off, or None."""
        return self._cut("the stream ended after {} bytes of this frame")

    def pass_gap(self, size: int) -> tuple[ScannedBatch | None, bool]:
        """Go on after ``size`` bytes that are not there, all fed bytes being scanned.

        Returns a batch with the frame that the gap cuts, or None; and whether the gap ends within that frame: the rest
        of it is passed over then, and otherwise the next byte fed has to be the first of a frame.
        """
        body = self._body
        left = self._skip if body is None else body.lack
        is_within = left >= size
        if body is not None and body.head & OPCODE <= 2:
            self._in_message = is_within and not body.head & 0x80
        batch = self._cut(f"{size} bytes of the stream are missing after {{}} bytes of this frame")
        self._skip = left - size if is_within else 0
        return batch, is_within

    def _cut(self, detail: str) -> ScannedBatch | None:
        """Return a batch with what has arrived of the frame that is arriving, or None between frames."""
        body, self._body = self._body, None
        tail, self._tail = bytes(self._tail), bytearray()
        if body is None and not tail:
            return None
        if body is None:
            body = Body(tail[0], tail, None, 0)
        batch = ScannedBatch()
        payload = body.join()
        size = len(body.header) + len(payload)
        place = batch.add(body.head, _unmask(payload, body.key), Flag.HEADER, body.key)
        batch.headers[place] = body.header
        batch.mark(place, Flag.TRUNCATED, detail.format(size))
        return batch

    def _complete(self, batch: ScannedBatch) -> bool:
        """Complete the frame that is arriving with the next bytes; True when no frame is incomplete any more."""
        while self._tail:
            lack = _header_size(self._tail) - len(self._tail)
            self._tail += self._take(lack)
            self.is_begun_new = True
            if len(self._tail) < 2 or len(self._tail) < _header_size(self._tail):
                if self._position >= len(self._data):
                    return False
                continue
            header, self._tail = bytes(self._tail), bytearray()
            self._frame(header, 0, batch)
        if self._body is None:
            return True
        body = self._body
        body.add(self._take(body.lack))
        if body.lack:
            return False
        self._body = None
        self._add(batch, body.head, body.header, body.key, body.join())
        return True

    def _take(self, count: int) -> bytes:
        """Return the next bytes of the data, at most ``count``."""
        piece = bytes(self._data[self._position : self._position + count])
        self._position += len(piece)
        return piece

    def _walk(self, batch: ScannedBatch) -> None:
        """Scan frames until the data ends or the batch is full."""
        data = self._data
        position = self._position
        end = len(data)
        payloads = batch.payloads
        while position < end and len(payloads) < MAX_BATCH_FRAMES and len(batch.odd) < MAX_ODD_FRAMES:
            if self._skip:
                position = self._pass_over(position, end)
                continue
            if not self._in_message:
                position = self._run(data, position, batch, self.plain, MAX_BATCH_FRAMES - len(payloads))
                if position >= end or len(payloads) >= MAX_BATCH_FRAMES:
                    break
            if data[position] in _PARTS and (after := self._run_of_parts(data, position, batch)) > position:
                position = after
            else:
                position = self._frame(data, position, batch)
        self._position = position

    def _run_of_parts(self, data: bytes | memoryview, position: int, batch: ScannedBatch) -> int:
        """Scan a run of frames that are parts of messages."""
        before = len(batch.payloads)
        room = min(MAX_BATCH_FRAMES - before, MAX_ODD_FRAMES - len(batch.odd))
        position = self._run(data, position, batch, _PARTS, room)
        after = len(batch.payloads)
        if after > before:
            batch.odd += range(before, after)
            self._in_message = not batch.heads[-1] & 0x80
        return position

    def _run(
        self,
        data: bytes | memoryview,
        position: int,
        batch: ScannedBatch,
        taken: frozenset[int],
        room: int,
    ) -> int:
        """Scan a run of at most ``room`` frames that lie whole in the data: the hot loop of a fast feed.

        It ends at a mask, a first byte that is not among ``taken``, and a header that is not the shortest.
        """
        end = len(data)
        stop_at = end - 1  # a header has two bytes
        limit = end if self.limit is None else self.limit
        add_head = batch.heads.append
        payloads = batch.payloads
        add_payload = payloads.append
        before = len(payloads)
        while position < stop_at:
            head = data[position]
            length = data[position + 1]
            start = position + 2
            if length > 125:
                if length == 126 and position + 4 <= end:
                    length, least = data[start] << 8 | data[start + 1], 126
                    start = position + 4
                elif length == 127 and position + 10 <= end:
                    length, least = int.from_bytes(data[start : start + 8], "big"), 0x10000
                    start = position + 10
                else:
                    break
                if length < least:  # not the shortest form (RFC 6455 §5.2): _frame keeps its bytes
                    break
            stop = start + length
            if stop > end or length > limit or head not in taken:
                break
            add_head(head)
            add_payload(data[start:stop])
            position = stop
            room -= 1
            if not room:
                break
        if isinstance(data, memoryview):
            payloads[before:] = map(bytes, payloads[before:])
        batch.flags += batch.heads[before:].translate(_TEXT_FLAGS)
        return position

    def _frame(self, data: bytes | memoryview, position: int, batch: ScannedBatch) -> int:
        """Scan one frame of any kind, or the beginning of one; return where it ends in the data."""
        end = len(data)
        if end - position < 2 or end - position < (size := _header_size(data, position)):
            self._tail += data[position:]
            self.is_begun_new = True
            return end
        head, second = data[position], data[position + 1]
        start = position + size
        header = bytes(data[position:start])
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(header[2 : 4 if length == 126 else 10], "big")
        key = header[-4:] if second & 0x80 else None
        if length >= _LENGTH_TOP_BIT or (self.limit is not None and length > self.limit):
            place = self._add(batch, head, header, key, b"")
            batch.declared[place] = length
            batch.flags[place] &= ~Flag.TEXT  # its payload is unknown, not empty
            if not batch.odd or batch.odd[-1] != place:
                batch.odd.append(place)
            self._skip = -1 if length >= _LENGTH_TOP_BIT else length
            return start
        if end - start < length:
            self._body = self._begin(head, header, key, length)
            self._body.add(bytes(data[start:]))
            self.is_begun_new = True
            return end
        self._add(batch, head, header, key, bytes(data[start : start + length]))
        return start + length

    def _begin(self, head: int, header: bytes, key: bytes | None, length: int) -> Body | LargeBody:
        """Return the frame that begins with this header; a large one that nothing has to change is received in place."""
        stays = head in _PLAIN and key is None and not self._in_message
        if self.allocate is not None and stays and LONE <= length <= _LARGEST_IN_PLACE:
            return LargeBody(head, header, length, self.allocate)
        return Body(head, header, key, length)

    def _add(self, batch: ScannedBatch, head: int, header: bytes, key: bytes | None, payload: Payload) -> int:
        """Add one frame to the batch; return its place."""
        length = len(payload)
        place = batch.add(head, _unmask(payload, key), _TEXT_FLAGS[head], key)
        size, second = (2, length) if length < 126 else (4, 126) if length < 0x10000 else (10, 127)
        if len(header) != size + (0 if key is None else 4) or header[1] & 0x7F != second:
            batch.flags[place] |= Flag.HEADER
            batch.headers[place] = header
        if key is not None or head not in self.plain or self._in_message:
            batch.odd.append(place)
            if head & OPCODE <= 2:  # control frames and reserved opcodes go between the parts of a message
                self._in_message = not head & 0x80
        return place

    def _pass_over(self, position: int, end: int) -> int:
        passed = end - position if self._skip < 0 else min(self._skip, end - position)
        self.skipped += passed
        if self._skip > 0:
            self._skip -= passed
        return position + passed


def _unmask(payload: Payload, key: bytes | None) -> Payload:
    return apply_mask(payload, key) if key is not None and payload else payload


def _header_size(data: bytes | bytearray | memoryview, position: int = 0) -> int:
    """Return the size of the header that begins at ``position``, as far as its first two bytes tell."""
    if len(data) - position < 2:
        return 2
    second = data[position + 1]
    length = second & 0x7F
    return 2 + (2 if length == 126 else 8 if length == 127 else 0) + (4 if second & 0x80 else 0)

"""Scanner: a lenient walker that turns the bytes of one direction into batches of frames.

It knows where frames begin and end and nothing else: wrong frames come out like right ones. rules.py says what is
wrong with a frame, protocol.py what follows from it.
"""

from __future__ import annotations

from wsnotebook.wire.batch import Batch, Flag, minimal_header
from wsnotebook.wire.masking import apply_mask

__all__ = ["MAX_BATCH_FRAMES", "ScannedBatch", "Scanner"]

MAX_BATCH_FRAMES = 4096
"""Frames in one batch at most: 256 KiB of empty frames are 131,072, which would hold the event loop for 200 ms."""

_PLAIN = frozenset((0x81, 0x82))  # final text and final binary, no reserved bit
_LENGTH_TOP_BIT = 1 << 63
_TEXT_FLAGS = bytes(Flag.TEXT if head == 0x81 else 0 for head in range(256))


class ScannedBatch(Batch):
    """A batch as it comes from the scanner, before any rule was held against it."""

    __slots__ = ("declared", "odd")

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[int] = []
        """Places of frames that are not plain: anything but an unmasked final text or binary between messages."""
        self.declared: dict[int, int] = {}
        """Declared length in bytes of frames over the limit, whose bodies are skipped."""


class Scanner:
    """Walk over the bytes of one direction.

    Args:
        limit: payload bytes a frame may declare; a longer one becomes a row without its body, which is skipped.
            None for no limit. May be set at any time.

    Feed it with ``feed(data)``, then call ``scan()`` until it returns None: each call returns one batch. How the bytes
    were cut makes no difference to the frames. ``finish()`` returns what an end of stream cut off.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.skipped = 0
        """Bytes that belong to no row: bodies over the limit, and all after a length that cannot be."""
        self._tail = bytearray()  # the beginning of a frame whose rest has not come
        self._need = 2  # bytes the tail must have before it is worth looking at again
        self._data = b""  # what was fed and is not yet scanned, from _position on
        self._position = 0
        self._skip = 0  # bytes still to pass over; -1: all of them
        self._in_message = False  # after a non-final data frame nothing is plain

    def feed(self, data: bytes) -> None:
        """Take the bytes of one read. What was fed before must have been scanned."""
        self._data = data
        self._position = 0

    def scan(self) -> ScannedBatch | None:
        """Return the next batch of whole frames, or None when all that was fed is scanned."""
        if self._position >= len(self._data):
            return None
        batch = ScannedBatch()
        if self._tail and not self._complete_tail(batch):
            return batch if batch.payloads else None
        self._walk(batch)
        return batch if batch.payloads else None

    def finish(self) -> ScannedBatch | None:
        """Return a batch with the frame that the end of the stream cut off, or None."""
        tail, self._tail = bytes(self._tail), bytearray()
        if not tail:
            return None
        batch = ScannedBatch()
        size, key = _header_size(tail), None
        if len(tail) >= size and tail[1] & 0x80:
            key = tail[size - 4 : size]
        body = tail[size:]
        payload = apply_mask(body, key) if key and body else body
        place = batch.add(tail[0], payload, 0, key)
        batch.flags[place] |= Flag.HEADER
        batch.headers[place] = tail[:size]
        batch.mark(place, Flag.TRUNCATED, f"the stream ended after {len(tail)} bytes of this frame")
        return batch

    def _complete_tail(self, batch: ScannedBatch) -> bool:
        """Add to the tail what the frame in it lacks; True when that frame is out of the way."""
        data = self._data
        while True:
            lack = self._need - len(self._tail)
            self._tail += data[self._position : self._position + lack]
            self._position = min(self._position + lack, len(data))
            if len(self._tail) < self._need:
                return False
            tail = bytes(self._tail)
            used = self._frame(tail, 0, batch)
            if used:
                self._tail.clear()
                return True

    def _walk(self, batch: ScannedBatch) -> None:
        """Take frames from the data until it ends or the batch is full."""
        data = self._data
        position = self._position
        end = len(data)
        payloads = batch.payloads
        while position < end and len(payloads) < MAX_BATCH_FRAMES:
            if self._skip:
                position = self._pass_over(position, end)
                continue
            if not self._in_message:
                position = self._plain(data, position, batch)
                if position >= end or len(payloads) >= MAX_BATCH_FRAMES:
                    break
            used = self._frame(data, position, batch)
            if not used:
                self._tail += data[position:]
                position = end
                break
            position += used
        self._position = position

    def _plain(self, data: bytes, position: int, batch: ScannedBatch) -> int:
        """Take a run of plain frames that lie whole in the data: the loop that a fast feed lives in."""
        end = len(data)
        stop_at = end - 1  # a header has two bytes
        limit = end if self.limit is None else self.limit
        add_head = batch.heads.append
        add_payload = batch.payloads.append
        before = len(batch.payloads)
        room = MAX_BATCH_FRAMES - before
        plain = _PLAIN
        while position < stop_at:
            head = data[position]
            length = data[position + 1]
            start = position + 2
            if length > 125:
                if length != 126 or position + 4 > end:
                    break
                length = data[start] << 8 | data[start + 1]
                start = position + 4
                if length < 126:  # not the shortest header: the careful way keeps its bytes
                    break
            stop = start + length
            if stop > end or length > limit or head not in plain:
                break
            add_head(head)
            add_payload(data[start:stop])
            position = stop
            room -= 1
            if not room:
                break
        batch.flags += batch.heads[before:].translate(_TEXT_FLAGS)
        return position

    def _frame(self, data: bytes, position: int, batch: ScannedBatch) -> int:
        """Take one frame of any kind; return its size, or 0 when its rest has not come."""
        size = _header_size(data, position)
        have = len(data) - position
        if have < size:
            self._need = size
            return 0
        head, second = data[position], data[position + 1]
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(data[position + 2 : position + (4 if length == 126 else 10)], "big")
        accepted = self._need > size  # when its header came: a limit lowered since is for the frames after it
        over = length >= _LENGTH_TOP_BIT or (self.limit is not None and length > self.limit and not accepted)
        if not over and have < size + length:
            self._need = size + length
            return 0
        self._need = 2
        body = size if over else size + length
        key = data[position + size - 4 : position + size] if second & 0x80 else None
        payload = data[position + size : position + body]
        if key is not None and payload:
            payload = apply_mask(payload, key)
        place = batch.add(head, payload, _TEXT_FLAGS[head], key)
        header = data[position : position + size]
        if over or header != minimal_header(head, length, key):
            batch.flags[place] |= Flag.HEADER
            batch.headers[place] = header
        if over:
            batch.declared[place] = length
            self._skip = -1 if length >= _LENGTH_TOP_BIT else length
        if second & 0x80 or head not in _PLAIN or self._in_message or over:
            batch.odd.append(place)
            if not head & 0x08:  # data frames only: control frames go between the parts of a message
                self._in_message = not head & 0x80
        return body

    def _pass_over(self, position: int, end: int) -> int:
        passed = end - position if self._skip < 0 else min(self._skip, end - position)
        self.skipped += passed
        if self._skip > 0:
            self._skip -= passed
        return position + passed


def _header_size(data: bytes, position: int = 0) -> int:
    """Return the size of the header that begins at ``position``, as far as its first two bytes tell."""
    if len(data) - position < 2:
        return 2
    second = data[position + 1]
    size = 2 + (4 if second & 0x80 else 0)
    length = second & 0x7F
    return size + (2 if length == 126 else 8 if length == 127 else 0)

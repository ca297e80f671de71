"""Segment: a run of rows in columns. It grows while it is open, is fixed once sealed, and may then move to disk.

The columns are those of Arrow: payloads end to end in one buffer with 64-bit offsets, so that dataframe.py needs no copy.
They are memoryviews, so that a session records without numpy; rows.py reads them as numpy arrays.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from wsnotebook.log.arena import fresh_memory
from wsnotebook.log.code import CONNECTION
from wsnotebook.log.spill import Spill
from wsnotebook.wire.batch import Batch, Flag, Single

__all__ = ["FIRST_PAYLOAD", "FIRST_ROWS", "MAX_PAYLOAD", "MAX_ROWS", "Segment"]

MAX_ROWS = 65_536
"""Maximum of rows: a sealed segment becomes one Arrow chunk, and 10 million rows some 150 of them."""
MAX_PAYLOAD = 8 << 20
"""Maximum of payload bytes, except for a single larger frame: reading the open segment copies up to this."""
FIRST_ROWS, FIRST_PAYLOAD = 16, 512
"""Rows and payload bytes that the first segment has room for: a log begins with nothing, so that a thousand quiet sessions
cost little, then it is small, and grows by four."""
_LARGE_PAYLOAD = 4 << 20  # bytes: a quiet session does not write to a huge page
_LARGE = 1024  # mean bytes from which payloads are copied one by one, not all at once and then each
_FIXED = {
    "offsets": "q",
    "times": "q",
    "monotonics": "q",
    "starts": "i",
    "codes": "i",
    "heads": "B",
    "flags": "B",
}
"""Type code of each column that a segment allocates for all its rows; the widest first, so that each is aligned."""
_SIZES = [(code, struct.calcsize(code)) for code in _FIXED.values()]
_ROW = sum(size for _, size in _SIZES)  # bytes
_NO_CODES: frozenset[int] = frozenset()  # one for all: each takes 0.2 KiB
# Of every segment for no row, which nothing is added to:
_NO_PAYLOAD = memoryview(bytearray())  # not read-only: an empty payload is copied into it
_NO_WIRE_OFFSETS = array("q", (0,))
_NO_ENTRIES: dict[int, Any] = {}
_COLUMNS = _FIXED | {"wire_offsets": "q", "payload": "B", "mask_keys": "B", "wire": "B"}


class Segment:
    """Rows from ``first`` on.

    Args:
        first: ``seq`` of its first row.
        max_rows: rows that fit; a segment for none takes no memory, and its successor is a small one.
        max_payload: payload bytes that fit.
        for_lone: for one large frame, whose payload is kept without a copy.
        memory: for the payloads; None allocates its own.
    """

    def __init__(
        self,
        first: int,
        max_rows: int = 0,
        max_payload: int = 0,
        *,
        for_lone: bool = False,
        memory: memoryview | None = None,
    ) -> None:
        self.first = first
        self.for_lone = for_lone
        self.max_rows = max_rows
        self.max_payload = max_payload
        self.rows = 0
        """Rows so far; set last, so that a reader never sees a part of a row."""
        self.batches = 0
        self.is_sealed = False
        self.is_spilled = False
        self.size = 0
        """Payload bytes so far."""
        rows, payload = (1, 0) if for_lone else (max_rows, max_payload)
        # Never grown: growing copies, and is impossible while a reader has a view. What each column holds is in rows.py.
        # Stores into a memoryview: 40 ns; into an array: 53; into a numpy array: 45.
        self.offsets, self.times, self.monotonics, self.starts, self.codes, self.heads, self.flags = (
            _divide(rows + 1) if rows else _NO_ROWS
        )
        self.payload: Any = (fresh_memory(payload) if payload else _NO_PAYLOAD) if memory is None else memory
        self.mask_keys: Any = bytearray()
        self.wire: Any = bytearray()
        self.wire_offsets: Any = array("q", (0,)) if rows else _NO_WIRE_OFFSETS
        self.headers: dict[int, bytes] = {} if rows else _NO_ENTRIES
        self.details: dict[int, str] = {} if rows else _NO_ENTRIES
        # by CONNECTION, of the open segment: batches before which there is none of the same connection
        self._runs: dict[int, array[int]] = {} if rows else _NO_ENTRIES
        self._last_connection = -1
        self.code_set = _NO_CODES
        """Each code of a sealed segment."""

    def has_room(self, batch: Batch) -> bool:
        """Return whether a batch fits."""
        if self.for_lone or batch.is_lone:
            return self.for_lone and batch.is_lone and not self.rows
        return self.rows + len(batch) <= self.max_rows and self.size + batch.size <= self.max_payload

    def successor(
        self, batch: Batch, allocate: Callable[[int], memoryview], most: int = MAX_PAYLOAD
    ) -> Segment:
        """Return an empty segment for the next rows, larger than this one, that a batch fits into.

        Args:
            batch: the next one.
            allocate: returns the memory of a large segment.
            most: maximum of payload bytes.
        """
        growth = 1 if self.for_lone or batch.is_lone else 4
        max_payload = min(max(growth * self.max_payload, FIRST_PAYLOAD), most)
        max_payload = max(max_payload, 0 if batch.is_lone else batch.size)
        rows = min(max(growth * self.max_rows, FIRST_ROWS), MAX_ROWS)
        if growth > 1 and 8 * self.rows < self.max_rows:
            # Large frames: a hundred fill 8 MiB, and zeroed memory for MAX_ROWS costs as much as 1.7 MB of them.
            rows = max(growth * self.rows, FIRST_ROWS)
        return Segment(
            self.first + self.rows,
            max(rows, len(batch)),
            max_payload,
            for_lone=batch.is_lone,
            memory=allocate(max_payload) if max_payload >= _LARGE_PAYLOAD and not batch.is_lone else None,
        )

    @property
    def capacity(self) -> int:
        """Bytes in memory of the full segment."""
        return self.size if self.for_lone else self.max_payload + 10 * self.max_rows

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        if self.is_spilled:
            return 0
        columns = 10 * self.rows + 24 * self.batches
        sparse = 128 * (len(self.headers) + len(self.details))  # a dict entry and its small object
        return self.size + len(self.mask_keys) + len(self.wire) + columns + sparse

    def append(self, batch: Batch, code: int, time_ns: int, monotonic_ns: int) -> None:
        """Add the rows of a batch, which must fit; cut_back() is called after an interrupt."""
        start = self.rows
        count = len(batch)
        stop = start + count
        self._append_columns(batch, start, stop)
        if self.for_lone:
            self.payload = batch.payloads[0]
        else:
            batch.copy_payloads(self.payload[self.size :])
        self.size = self.offsets[stop]
        if batch.mask_keys:
            self.mask_keys += b"".join(batch.mask_keys)
        if batch.wire:
            payloads = [batch.wire[row] for row in sorted(batch.wire)]
            ends = accumulate(map(len, payloads), initial=len(self.wire))
            next(ends)  # the first offset is there already
            self.wire_offsets.extend(ends)
            self.wire += b"".join(payloads)
        for row, header in batch.headers.items():
            self.headers[start + row] = header
        for row, detail in batch.details.items():
            self.details[start + row] = detail
        index = self.batches
        self.starts[index + 1] = stop
        self.times[index] = time_ns
        self.monotonics[index] = monotonic_ns
        self.codes[index] = code
        if code & CONNECTION != self._last_connection:
            self._begin_run(index, code & CONNECTION)
        self.batches = index + 1
        self.rows = stop

    def _begin_run(self, batch: int, connection: int) -> None:
        """Note that a batch has another connection than the one before it."""
        self._last_connection = connection
        if connection in self._runs:
            self._runs[connection].append(batch)
        else:
            self._runs[connection] = array("i", (batch,))

    def append_single(
        self, single: Single, mask_key: bytes | None, code: int, time_ns: int, monotonic_ns: int
    ) -> bool:
        """Add one row as append() does of a batch of one frame; False, with nothing done, where it does not fit.

        Without a function that both would call: a call more for each frame that is a read of its own.
        """
        head, flags, payload, wire_payload = single
        row, start = self.rows, self.size
        stop = start + len(payload)
        if row >= self.max_rows or stop > self.max_payload or self.for_lone:
            return False
        try:  # costs nothing, unlike a look at each frame whether the last one was added whole
            self.payload[start:stop] = payload
            self.heads[row] = head
            self.flags[row] = flags
            self.offsets[row + 1] = self.size = stop
            if mask_key is not None:
                self.mask_keys += mask_key
            if wire_payload is not None:
                self.wire += wire_payload
                self.wire_offsets.append(len(self.wire))
            index = self.batches
            self.starts[index + 1] = row + 1
            self.times[index] = time_ns
            self.monotonics[index] = monotonic_ns
            self.codes[index] = code
            if code & CONNECTION != self._last_connection:
                self._begin_run(index, code & CONNECTION)
            self.batches = index + 1
            self.rows = row + 1
        except BaseException:  # an interrupt
            self.cut_back()
            raise
        return True

    def cut_back(self) -> None:
        """Remove what was added behind the last whole row: an interrupt may come anywhere in append(), also of a signal."""
        rows = self.rows
        flags = self.flags[:rows].tolist()
        self.size = self.offsets[rows]
        del self.mask_keys[4 * sum(1 for each in flags if each & Flag.MASKED) :]
        del self.wire_offsets[1 + sum(1 for each in flags if each & Flag.CHANGED) :]
        del self.wire[self.wire_offsets[-1] :]
        for entries in (self.headers, self.details):
            for row in [row for row in entries if row >= rows]:
                del entries[row]
        if self.starts[self.batches] > rows:
            self.batches -= 1
        for batches in self._runs.values():
            while batches and batches[-1] >= self.batches:
                batches.pop()
        self._last_connection = self.codes[self.batches - 1] & CONNECTION if self.batches else -1

    def _append_columns(self, batch: Batch, start: int, stop: int) -> None:
        self.heads[start:stop] = batch.heads
        self.flags[start:stop] = batch.flags
        # 34 ns a frame; 43 as a slice of an array; 26 by numpy
        ends = accumulate(map(len, batch.payloads), initial=self.size)
        struct.pack_into(f"{stop - start + 1}q", self.offsets, 8 * start, *ends)

    def seal(self, trim: Callable[[memoryview, int], memoryview]) -> None:
        """Fix the columns, and free the memory kept for growth.

        Args:
            trim: returns the first bytes of the memory for payloads, and may free the rest.
        """
        rows, batches = self.rows, self.batches
        lengths = {"offsets": rows + 1, "starts": batches + 1, "heads": rows, "flags": rows}
        columns = {
            name: _view(getattr(self, name)[: lengths.get(name, batches)].tobytes(), code)
            for name, code in _FIXED.items()
        }
        vars(self).update(  # all at once: an interrupt leaves an open segment, or a sealed one
            columns,
            code_set=frozenset(columns["codes"].tolist()),
            _runs={},  # runs_of() finds them in the codes: most sealed segments were read before
            mask_keys=bytes(self.mask_keys),
            wire=bytes(self.wire),
            wire_offsets=memoryview(self.wire_offsets),
            is_sealed=True,
        )
        if not self.for_lone:
            # the pages after it were never written to; last, as others may write there then
            self.payload = trim(self.payload, self.size)

    def spill(self, spill: Spill) -> int:
        """Move the columns to disk; return their size there in bytes.

        Raises:
            OSError: there is no space, or no descriptor; the segment stays in memory.
        """
        columns = [memoryview(getattr(self, name)) for name in _COLUMNS]
        parts = [column.cast("B") if len(column) else memoryview(b"") for column in columns]
        for (name, code), view in zip(_COLUMNS.items(), spill.write(parts), strict=True):
            setattr(self, name, _view(view, code))
        self.is_spilled = True
        return sum(map(len, parts))

    def frames(self, start: int, stop: int) -> tuple[bytes, list[bytes]]:
        """Return first bytes and payloads of some rows, counted from the segment's first."""
        if stop - start == 1:
            return bytes((self.heads[start],)), [self._payload_at(start)]
        offsets = self.offsets[start : stop + 1].tolist()
        low = offsets[0]
        heads = bytes(self.heads[start:stop])
        view = memoryview(self.payload)
        if offsets[-1] - low >= _LARGE * (stop - start):
            return heads, [bytes(view[a:b]) for a, b in pairwise(offsets)]
        data = bytes(view[low : offsets[-1]])
        return heads, [data[a - low : b - low] for a, b in pairwise(offsets)]

    def _payload_at(self, row: int) -> bytes:
        payload, low, high = self.payload, self.offsets[row], self.offsets[row + 1]
        if type(payload) is bytes and high - low == len(payload):
            return payload
        return bytes(memoryview(payload)[low:high])

    def batch_of(self, row: int) -> int:
        """Return the number of the batch that has a row, counted from the segment's first."""
        return bisect_right(self.starts, row, 1, self.batches + 1) - 1

    def runs_of(self, code: int) -> Sequence[int]:
        """Return the batches of a connection, in order, at least each whose predecessor is another one's.

        Of an open segment that has some it is the list itself, which grows with the segment.

        Args:
            code: of any direction.
        """
        connection = code & CONNECTION
        if not self.is_sealed:
            return self._runs.get(connection, ())
        return array(
            "i", [batch for batch, other in enumerate(self.codes) if other & CONNECTION == connection]
        )

    def mark(self, row: int, status: int, detail: str) -> None:
        """Change the status of one row, counted from the segment's first."""
        if self.is_sealed:  # rows that were read share its columns, and must not change
            self.flags = memoryview(bytearray(self.flags))
        self.flags[row] = self.flags[row] & ~Flag.STATUS | status
        self.details[row] = detail


def _divide(rows: int) -> Iterator[Any]:
    """Yield memory for each fixed column, all out of one allocation."""
    memory = fresh_memory(rows * _ROW)
    start = 0
    for code, size in _SIZES:
        stop = start + rows * size
        yield memory[start:stop].cast(code)  # type: ignore[call-overload]  # the code is not a literal
        start = stop


_NO_ROWS = tuple(_divide(1))
"""The fixed columns of every segment for no row: the first offsets are 0, as _NO_WIRE_OFFSETS."""


def _view(data: bytes | memoryview, code: str) -> memoryview:
    """Return bytes as items; memoryview.cast refuses to do so with none."""
    return memoryview(data).cast(code) if len(data) else memoryview(array(code))  # type: ignore[call-overload]  # as above

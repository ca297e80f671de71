"""Segment: a run of rows in columns. It grows while it is open, is fixed once sealed, and may then move to disk.

The columns are those of Arrow: payloads end to end in one buffer with 64-bit offsets, so that dataframe.py needs no copy.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wsnotebook.log.spill import Spill
from wsnotebook.wire.batch import Batch, Flag, Single, minimal_header

__all__ = ["MAX_PAYLOAD", "MAX_ROWS", "Array", "Rows", "Segment"]

MAX_ROWS = 65_536
"""Maximum of rows: a sealed segment becomes one Arrow chunk, and 10 million rows some 150 of them."""
MAX_PAYLOAD = 8 << 20
"""Maximum of payload bytes, except for a single larger frame: reading the open segment copies up to this."""
_FIRST_ROWS = 1024
_FIRST_PAYLOAD = (
    64 << 10
)  # a log begins small, so that a thousand quiet sessions cost little, and grows by four
_LARGE_PAYLOAD = 4 << 20  # bytes: a quiet session does not write to a huge page
_LARGE = 1024  # mean bytes from which payloads are copied one by one, not all at once and then each
_NUMPY_COLUMNS = ("heads", "flags", "offsets", "starts", "times", "monotonics", "codes", "wire_offsets")
_BYTE_COLUMNS = ("payload", "mask_keys", "wire")

Array: TypeAlias = NDArray[Any]
"""A numpy array; its dtype and length are where it is declared."""


class Rows(NamedTuple):
    """A run: rows ``start`` to ``stop`` of one segment, as columns that do not change any more.

    ``row`` is the index of a row in its run or segment, from 0; its number in the log is ``seq``.
    """

    first: int
    """``seq`` of the first row."""
    heads: Array
    """uint8 (n): FIN, RSV and opcode."""
    flags: Array
    """uint8 (n): Flag bits."""
    offsets: Array
    """int64 (n + 1): where each payload begins in ``payload``."""
    payload: Any
    """Buffer that holds the payloads."""
    mask_keys: bytes
    """Four bytes for each masked row."""
    wire_offsets: Array
    """int64 (changed + 1): where each changed row's wire payload begins in ``wire``."""
    wire: Any
    """Buffer that holds the wire payloads of changed rows."""
    headers: dict[int, bytes]
    """Headers that are not minimal, by row."""
    details: dict[int, str]
    """Reason of each status that is not ok, by row."""
    counts: Array
    """int64 (batches): rows of each batch."""
    times: Array
    """int64 (batches): wall clock in ns since the epoch."""
    monotonics: Array
    """int64 (batches): monotonic clock in ns."""
    codes: Array
    """int32 (batches): connection and direction, as code.py packs them."""

    def __len__(self) -> int:
        return len(self.heads)

    def payload_at(self, row: int) -> bytes:
        """Return the application's payload of one row."""
        return bytes(memoryview(self.payload)[self.offsets[row] : self.offsets[row + 1]])

    def wire_at(self, row: int) -> bytes:
        """Return the unmasked wire payload of one row."""
        if not self.flags[row] & Flag.CHANGED:
            return self.payload_at(row)
        rank = int(np.count_nonzero(self.flags[:row] & Flag.CHANGED))
        return bytes(memoryview(self.wire)[self.wire_offsets[rank] : self.wire_offsets[rank + 1]])

    def mask_key_at(self, row: int) -> bytes | None:
        """Return the mask key of one row, or None."""
        if not self.flags[row] & Flag.MASKED:
            return None
        rank = int(np.count_nonzero(self.flags[:row] & Flag.MASKED))
        return self.mask_keys[4 * rank : 4 * rank + 4]

    def header_at(self, row: int) -> bytes:
        """Return the header of one row as it was on the wire."""
        if self.flags[row] & Flag.HEADER:
            return self.headers[row]
        return minimal_header(int(self.heads[row]), len(self.wire_at(row)), self.mask_key_at(row))


class Segment:
    """Rows from ``first`` on.

    Args:
        first: ``seq`` of its first row.
        max_rows: rows that fit.
        max_payload: payload bytes that fit.
        for_lone: for one large frame, whose payload is kept without a copy.
        memory: for the payloads; None allocates its own.
    """

    def __init__(
        self,
        first: int,
        max_rows: int = _FIRST_ROWS,
        max_payload: int = _FIRST_PAYLOAD,
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
        self.heads: Array = np.empty(rows, np.uint8)
        self.flags: Array = np.empty(rows, np.uint8)
        self.offsets: Array = np.empty(rows + 1, np.int64)
        self.offsets[0] = 0
        # never grown: growing copies, and touches each page anew
        self.payload: Any = np.empty(payload, np.uint8).data if memory is None else memory
        self._payload_view = self.payload
        self.mask_keys: Any = bytearray()
        self.wire: Any = bytearray()
        self.wire_offsets: Any = array("q", [0])
        self.headers: dict[int, bytes] = {}
        self.details: dict[int, str] = {}
        self.starts: Array = np.empty(rows + 1, np.int32)
        self.starts[0] = 0
        self.times: Array = np.empty(rows, np.int64)
        self.monotonics: Array = np.empty(rows, np.int64)
        self.codes: Array = np.empty(rows, np.int32)
        # by code, of the open segment: batches before which there is none of the same code
        self._runs: dict[int, array[int]] = {}
        self._last_code = -1

    def has_room(self, batch: Batch) -> bool:
        """Return whether a batch fits."""
        if self.for_lone or batch.is_lone:
            return self.for_lone and batch.is_lone and not self.rows
        return self.rows + len(batch) <= self.max_rows and self.size + batch.size <= self.max_payload

    def has_room_for(self, size: int) -> bool:
        """Return whether one more row with a payload of ``size`` bytes fits."""
        return self.rows < self.max_rows and self.size + size <= self.max_payload and not self.for_lone

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
        max_payload = max(min(growth * self.max_payload, most), 0 if batch.is_lone else batch.size)
        return Segment(
            self.first + self.rows,
            max(min(growth * self.max_rows, MAX_ROWS), len(batch)),
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
        """Add the rows of a batch, which must fit."""
        start = self.rows
        count = len(batch)
        stop = start + count
        self._append_columns(batch, start, stop)
        if self.for_lone:
            self.payload = batch.payloads[0]
            self._payload_view = memoryview(self.payload)
        else:
            batch.copy_payloads(self._payload_view[self.size :])
        self.size = int(self.offsets[stop])
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
        self._append_batch(stop, code, time_ns, monotonic_ns)

    def _append_batch(self, stop: int, code: int, time_ns: int, monotonic_ns: int) -> None:
        """Add the columns of a batch that ends before row ``stop``."""
        index = self.batches
        self.starts[index + 1] = stop
        self.times[index] = time_ns
        self.monotonics[index] = monotonic_ns
        self.codes[index] = code
        if code != self._last_code:
            self._last_code = code
            if code in self._runs:
                self._runs[code].append(index)
            else:
                self._runs[code] = array("i", (index,))
        self.batches = index + 1
        self.rows = stop

    def append_single(
        self, single: Single, mask_key: bytes | None, code: int, time_ns: int, monotonic_ns: int
    ) -> None:
        """Add one row, which must fit: append() of a batch of one frame, without the batch."""
        head, flags, payload, wire_payload = single
        row, start = self.rows, self.size
        stop = start + len(payload)
        self._payload_view[start:stop] = payload
        self.heads[row] = head
        self.flags[row] = flags
        self.offsets[row + 1] = self.size = stop
        if mask_key is not None:
            self.mask_keys += mask_key
        if wire_payload is not None:
            self.wire += wire_payload
            self.wire_offsets.append(len(self.wire))
        self._append_batch(row + 1, code, time_ns, monotonic_ns)

    def _append_columns(self, batch: Batch, start: int, stop: int) -> None:
        end = self.size
        if (
            stop - start == 1
        ):  # a quiet session has one frame a batch: numpy's slices would cost more than the row
            self.heads[start] = batch.heads[0]
            self.flags[start] = batch.flags[0]
            self.offsets[stop] = end + len(batch.payloads[0])
            return
        self.heads[start:stop] = batch.heads
        self.flags[start:stop] = batch.flags
        lengths = np.fromiter(map(len, batch.payloads), np.int64, stop - start)
        ends = self.offsets[start + 1 : stop + 1]
        np.cumsum(lengths, out=ends)
        ends += end

    def seal(self, trim: Callable[[memoryview, int], memoryview]) -> None:
        """Fix the columns, and free the memory kept for growth.

        Args:
            trim: returns the first bytes of the memory for payloads, and may free the rest.
        """
        rows, batches = self.rows, self.batches
        self.heads = self.heads[:rows].copy()
        self.flags = self.flags[:rows].copy()
        self.offsets = self.offsets[: rows + 1].copy()
        self.starts = self.starts[: batches + 1].copy()
        self.times = self.times[:batches].copy()
        self.monotonics = self.monotonics[:batches].copy()
        self.codes = self.codes[:batches].copy()
        self._runs = {}  # runs_of() finds them in the codes: most sealed segments were read before
        self._payload_view = memoryview(b"")
        if not self.for_lone:
            self.payload = trim(self.payload, self.size)  # the pages after it were never written to
        self.mask_keys = bytes(self.mask_keys)
        self.wire = bytes(self.wire)
        self.wire_offsets = np.array(self.wire_offsets, np.int64)
        self.is_sealed = True

    def spill(self, spill: Spill) -> int:
        """Move the columns to disk; return their size there in bytes.

        Raises:
            OSError: there is no space, or no descriptor; the segment stays in memory.
        """
        columns = [np.ascontiguousarray(getattr(self, name)) for name in _NUMPY_COLUMNS]
        parts = [column.view(np.uint8).data for column in columns]
        parts += [memoryview(getattr(self, name)) for name in _BYTE_COLUMNS]
        views = spill.write(parts)
        for name, column, view in zip(_NUMPY_COLUMNS, columns, views, strict=False):
            setattr(self, name, np.frombuffer(view, column.dtype))
        for name, view in zip(_BYTE_COLUMNS, views[len(columns) :], strict=True):
            setattr(self, name, view)
        self.is_spilled = True
        return sum(map(len, parts))

    def read(self, start: int, stop: int) -> Rows:
        """Return rows ``start`` to ``stop``, counted from the segment's first.

        A sealed segment is not copied; of an open one the bytes are.
        """
        flags = self.flags[start:stop]
        low, high = int(self.offsets[start]), int(self.offsets[stop])
        keys_low, keys = self._span(Flag.MASKED, start, flags)
        wire_low, changed = self._span(Flag.CHANGED, start, flags)
        wire_offsets = np.asarray(self.wire_offsets[wire_low : wire_low + changed + 1], np.int64)
        first = int(np.searchsorted(self.starts[1 : self.batches + 1], start, side="right"))
        last = int(np.searchsorted(self.starts[: self.batches], stop, side="left"))
        edges = np.clip(self.starts[first : last + 1], start, stop)
        offsets = self.offsets[start : stop + 1]
        payload, wire = self.payload, self.wire
        if not self.is_sealed:
            if not self.for_lone:
                payload, offsets = bytes(self._payload_view[low:high]), offsets - low
            wire, wire_offsets = (
                bytes(memoryview(wire)[wire_offsets[0] : wire_offsets[-1]]),
                wire_offsets - wire_offsets[0],
            )
            flags = flags.copy()
        return Rows(
            first=self.first + start,
            heads=self.heads[start:stop],
            flags=flags,
            offsets=offsets,
            payload=payload,
            mask_keys=bytes(self.mask_keys[4 * keys_low : 4 * (keys_low + keys)]),
            wire_offsets=wire_offsets,
            wire=wire,
            headers=_window(self.headers, start, stop),
            details=_window(self.details, start, stop),
            counts=np.diff(edges),
            times=self.times[first:last],
            monotonics=self.monotonics[first:last],
            codes=self.codes[first:last],
        )

    def frames(self, start: int, stop: int) -> tuple[bytes, list[bytes]]:
        """Return first bytes and payloads of some rows, counted from the segment's first."""
        offsets = self.offsets[start : stop + 1].tolist()
        low = offsets[0]
        heads = self.heads[start:stop].tobytes()
        if isinstance(self.payload, bytes) and stop - start == 1 and offsets[1] - low == len(self.payload):
            return heads, [self.payload]
        view = memoryview(self.payload)
        if offsets[-1] - low >= _LARGE * (stop - start):
            return heads, [bytes(view[a:b]) for a, b in pairwise(offsets)]
        data = bytes(view[low : offsets[-1]])
        return heads, [data[a - low : b - low] for a, b in pairwise(offsets)]

    def batch_of(self, row: int) -> int:
        """Return the number of the batch that has a row, counted from the segment's first."""
        return int(np.searchsorted(self.starts[1 : self.batches + 1], row, side="right"))

    def runs_of(self, code: int) -> Sequence[int]:
        """Return the batches with a code, in order, at least each whose predecessor has another one.

        Of an open segment that has some it is the list itself, which grows with the segment.
        """
        if not self.is_sealed:
            return self._runs.get(code, ())
        return array("i", np.flatnonzero(self.codes == code).astype(np.int32).tobytes())

    def code_set(self) -> list[int]:
        """Return each code of a sealed segment once."""
        codes: list[int] = np.flatnonzero(np.bincount(self.codes)).tolist()
        return codes

    def _span(self, flag: int, start: int, flags: Array) -> tuple[int, int]:
        """Return how many rows before ``start``, and how many of ``flags``, have a flag."""
        before = int(np.count_nonzero(self.flags[:start] & flag)) if start else 0
        return before, int(np.count_nonzero(flags & flag))

    def mark(self, row: int, status: int, detail: str) -> None:
        """Change the status of one row, counted from the segment's first."""
        if self.is_sealed:  # rows that were read share its columns, and must not change
            self.flags = self.flags.copy()
        self.flags[row] = int(self.flags[row]) & ~Flag.STATUS | status
        self.details[row] = detail


def _window(sparse: dict[int, Any], start: int, stop: int) -> dict[int, Any]:
    if not sparse:
        return {}
    return {row - start: value for row, value in sparse.items() if start <= row < stop}

"""Rows: a run of rows as numpy columns that do not change any more; every question asked of a log begins with them.

Here, and not with the segment, because a session records without numpy.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wsnotebook.log.segment import Segment
from wsnotebook.wire.batch import Flag, declared_length, minimal_header

__all__ = ["Array", "Rows", "read_rows"]

Array: TypeAlias = NDArray[Any]
"""A numpy array; its dtype and length are where it is declared."""

_MAY_BE_CUT = frozenset((Flag.TRUNCATED, Flag.VIOLATION))
"""Status of frames that the end of the stream may have cut off: a rule that such a frame breaks is named before that."""


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

    @property
    def lengths(self) -> Array:
        """int64 (n): payload bytes as the application sees them; of a frame that was cut off, those that its header declares."""
        lengths: Array = np.diff(self.offsets)
        for row, header in self.headers.items():
            if self.flags[row] & (Flag.STATUS | Flag.CHANGED) in _MAY_BE_CUT:
                declared = declared_length(header) or 0
                if not declared >> 63:  # which no length is
                    lengths[row] = max(lengths[row], declared)
        return lengths

    @property
    def wire_lengths(self) -> Array:
        """int64 (n): payload bytes on the wire."""
        lengths: Array = np.diff(self.offsets)
        if len(self.wire_offsets) > 1:
            lengths[(self.flags & Flag.CHANGED) != 0] = np.diff(self.wire_offsets)
        return lengths

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


def read_rows(segment: Segment, start: int, stop: int) -> Rows:
    """Return rows ``start`` to ``stop`` of a segment, counted from its first.

    A sealed segment is not copied; of an open one the bytes are.
    """
    every_flag = np.asarray(segment.flags)
    every_offset = np.asarray(segment.offsets)
    flags, offsets = every_flag[start:stop], every_offset[start : stop + 1]
    keys_low, keys = _span(every_flag, Flag.MASKED, start, flags)
    wire_low, changed = _span(every_flag, Flag.CHANGED, start, flags)
    wire_offsets = np.array(segment.wire_offsets[wire_low : wire_low + changed + 1], np.int64)
    starts = np.asarray(segment.starts)
    first = int(np.searchsorted(starts[1 : segment.batches + 1], start, side="right"))
    last = int(np.searchsorted(starts[: segment.batches], stop, side="left"))
    edges = np.clip(starts[first : last + 1], start, stop)
    payload, wire = segment.payload, segment.wire
    if not segment.is_sealed:
        if not segment.for_lone:
            low = int(offsets[0])
            payload, offsets = bytes(payload[low : int(offsets[-1])]), offsets - low
        wire = bytes(memoryview(wire)[wire_offsets[0] : wire_offsets[-1]])
        wire_offsets = wire_offsets - wire_offsets[0]
        flags = flags.copy()
    return Rows(
        first=segment.first + start,
        heads=np.asarray(segment.heads)[start:stop],
        flags=flags,
        offsets=offsets,
        payload=payload,
        mask_keys=bytes(segment.mask_keys[4 * keys_low : 4 * (keys_low + keys)]),
        wire_offsets=wire_offsets,
        wire=wire,
        headers=_window(segment.headers, start, stop),
        details=_window(segment.details, start, stop),
        counts=np.diff(edges),
        times=np.asarray(segment.times)[first:last],
        monotonics=np.asarray(segment.monotonics)[first:last],
        codes=np.asarray(segment.codes)[first:last],
    )


def _span(every: Array, flag: int, start: int, flags: Array) -> tuple[int, int]:
    """Return how many rows before ``start``, and how many of ``flags``, have a flag."""
    before = int(np.count_nonzero(every[:start] & flag)) if start else 0
    return before, int(np.count_nonzero(flags & flag))


def _window(sparse: dict[int, Any], start: int, stop: int) -> dict[int, Any]:
    if not sparse:
        return {}
    return {row - start: value for row, value in sparse.items() if start <= row < stop}

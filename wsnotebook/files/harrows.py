"""MessageRows: the messages of all entries of a HAR as columns, which are then handed over by time.

Entries stand one after another in the file, though their messages were sent and received at the same time: no row can
be handed over before the last entry was read.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from wsnotebook.log.restore import batches_of, check
from wsnotebook.log.rows import Array, Rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS
from wsnotebook.wire.batch import FIN, Flag
from wsnotebook.wire.frames import Opcode

__all__ = ["MessageRows"]

_BLOCK = 1 << 20  # bytes of payloads that are freed together
_UNKNOWN = "from a HAR of messages: mask, fragments and compression are not known"
_UNTIMED = f"{_UNKNOWN}; the time neither: it is that of the message or entry before"


class MessageRows:
    """Collect rows in the order of the file, 30 bytes each beside the payload, and hand them over by time."""

    def __init__(self) -> None:
        self._opcodes, self._timed = bytearray(), bytearray()
        self._codes, self._times, self._sizes = array("i"), array("q"), array("q")
        # Payloads end to end, in blocks, so that each can be freed when its last row is handed over.
        self._blocks: list[bytes] = []
        self._block_starts = [0]  # row with which each begins; the last is that of the open one
        self._places: list[int] = []  # numbers that the details of all runs share: 32 bytes less a row
        self._open: list[bytes] = []
        self._open_size = 0

    def __len__(self) -> int:
        return len(self._times)

    def add(self, opcode: int, payload: bytes, code: int, time_ns: int, is_timed: bool) -> None:
        """Add a row; ``is_timed`` says whether the file has its time."""
        self._opcodes.append(opcode)
        self._timed.append(is_timed)
        self._codes.append(code)
        self._times.append(time_ns)
        self._sizes.append(len(payload))
        self._open.append(payload)
        self._open_size += len(payload)
        if self._open_size >= _BLOCK or len(self._open) >= MAX_ROWS:
            self._close_block()

    def set_times(self, start: int, stop: int, time_ns: int) -> None:
        """Give some rows their time, which the file has behind them."""
        self._times[start:stop] = array("q", (time_ns,)) * (stop - start)

    def earliest(self, default_ns: int) -> int:
        """Return the time of the first row; the default where there is none."""
        return min(self._times, default=default_ns)

    def runs(self, connections: int) -> Iterator[Rows]:
        """Yield the rows by time, those of one time in the order of the file; no row can be added any more.

        Raises:
            ValueError: a log cannot have such rows.
        """
        self._close_block()
        times, sizes = np.frombuffer(self._times, np.int64), np.frombuffer(self._sizes, np.int64)
        order = np.argsort(times, kind="stable")
        begins = np.cumsum(sizes) - sizes
        edges = np.array(self._block_starts)
        left = np.diff(edges)  # rows of each block that were not handed over
        self._places = list(range(min(len(order), MAX_ROWS)))
        first = 0
        while first < len(order):
            rows = order[first : first + MAX_ROWS]
            rows = rows[: _fitting(sizes[rows])]
            blocks = np.searchsorted(edges, rows, side="right") - 1
            places = begins[rows] - begins[edges[blocks]]
            yield check(self._run(first, rows, self._gather(blocks, places, sizes[rows])), connections)
            first += len(rows)
            left -= np.bincount(blocks, minlength=len(left))
            for block in np.unique(blocks[left[blocks] == 0]):
                self._blocks[block] = b""

    def _close_block(self) -> None:
        if self._open:
            self._blocks.append(b"".join(self._open))
            self._block_starts.append(len(self))
            self._open, self._open_size = [], 0

    def _gather(self, blocks: Array, places: Array, sizes: Array) -> bytearray:
        """Return payloads end to end: each lies in a block, at a place, with a size."""
        payload = bytearray(int(sizes.sum()))
        at = 0
        for block, place, size in zip(blocks.tolist(), places.tolist(), sizes.tolist(), strict=True):
            payload[at : at + size] = self._blocks[block][place : place + size]
            at += size
        return payload

    def _run(self, first: int, rows: Array, payload: bytearray) -> Rows:
        """Return the rows of some numbers as a run whose first row has this ``seq``."""
        opcodes = np.frombuffer(self._opcodes, np.uint8)[rows]
        times, codes = (
            np.frombuffer(column, kind)[rows]
            for column, kind in ((self._times, np.int64), (self._codes, np.int32))
        )
        timed = np.frombuffer(self._timed, np.bool_)[rows]
        sizes = np.frombuffer(self._sizes, np.int64)[rows]
        starts, counts = batches_of(times, codes)
        details = dict.fromkeys(self._places[: len(rows)], _UNKNOWN)
        details.update(dict.fromkeys(np.flatnonzero(~timed).tolist(), _UNTIMED))
        return Rows(
            first=first,
            heads=opcodes | np.uint8(FIN),
            flags=np.where(opcodes == Opcode.TEXT, np.uint8(Flag.TEXT), np.uint8(0)),
            offsets=np.concatenate(([0], np.cumsum(sizes))),
            payload=payload,
            mask_keys=b"",
            wire_offsets=np.zeros(1, np.int64),
            wire=b"",
            headers={},
            details=details,
            counts=counts,
            times=times[starts],
            monotonics=times[starts],
            codes=codes[starts],
        )


def _fitting(sizes: Array) -> int:
    """Return how many payloads of these sizes a segment can have; one of any size."""
    return max(1, int(np.searchsorted(np.cumsum(sizes), MAX_PAYLOAD, side="right")))

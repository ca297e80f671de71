"""RowBuilder: collects the rows of a text format, which are read one by one, into columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wsnotebook.log.restore import batches_of, check, offsets_of
from wsnotebook.log.rows import Rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS
from wsnotebook.wire.batch import Flag

__all__ = ["Row", "RowBuilder"]


class Row(NamedTuple):
    """One row."""

    head: int
    """FIN, RSV and opcode."""
    flags: int
    """Flag bits; MASKED, CHANGED and HEADER follow from the fields below."""
    payload: bytes
    time_ns: int
    monotonic_ns: int
    code: int
    """Connection and direction, as log/code.py packs them."""
    mask_key: bytes | None = None
    wire: bytes | None = None
    header: bytes | None = None
    detail: str | None = None


class RowBuilder:
    """Collect rows.

    Args:
        first: ``seq`` of the next row.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._rows: list[Row] = []
        self._size = 0

    @property
    def next(self) -> int:
        """``seq`` of the next row."""
        return self._first + len(self._rows)

    @property
    def is_full(self) -> bool:
        """Whether ``take`` should be called before the next row."""
        return len(self._rows) >= MAX_ROWS or self._size >= MAX_PAYLOAD

    def add(self, row: Row) -> None:
        """Add a row."""
        self._rows.append(row)
        self._size += len(row.payload)

    def take(self, connections: int) -> Rows:
        """Return the collected rows as columns, and remove them.

        Raises:
            ValueError: a log cannot have such rows.
        """
        rows, self._rows, self._size = self._rows, [], 0
        flags = bytes(
            row.flags
            | (Flag.MASKED if row.mask_key is not None else 0)
            | (Flag.CHANGED if row.wire is not None else 0)
            | (Flag.HEADER if row.header is not None else 0)
            for row in rows
        )
        times, monotonics, codes = (
            np.array([getattr(row, name) for row in rows], np.int64)
            for name in ("time_ns", "monotonic_ns", "code")
        )
        starts, counts = batches_of(times, monotonics, codes)
        wires = [row.wire for row in rows if row.wire is not None]
        first, self._first = self._first, self._first + len(rows)
        columns = Rows(
            first=first,
            heads=np.frombuffer(bytes(row.head for row in rows), np.uint8),
            flags=np.frombuffer(bytearray(flags), np.uint8),
            offsets=offsets_of([row.payload for row in rows]),
            payload=b"".join(row.payload for row in rows),
            mask_keys=b"".join(row.mask_key for row in rows if row.mask_key is not None),
            wire_offsets=offsets_of(wires),
            wire=b"".join(wires),
            headers={at: row.header for at, row in enumerate(rows) if row.header is not None},
            details={at: row.detail for at, row in enumerate(rows) if row.detail is not None},
            counts=counts,
            times=times[starts],
            monotonics=monotonics[starts],
            codes=codes[starts].astype(np.int32),
        )
        return check(columns, connections)

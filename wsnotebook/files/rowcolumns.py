"""RowColumns: rows of a table as columns of the log, and the runs that a log is loaded from.

rowbuilder.py is for rows that are read one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from wsnotebook.log.restore import batches_of, check
from wsnotebook.log.rows import Array, Rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS
from wsnotebook.wire.batch import Flag

__all__ = ["RowColumns", "runs_of"]


class RowColumns(NamedTuple):
    """Rows that no extension changed, all at once; each array has one value a row."""

    times: Array
    """int64, ns since the epoch."""
    monotonics: Array
    """int64, ns."""
    codes: Array
    """int32: connection and direction."""
    heads: Array
    """uint8: first byte."""
    flags: Array
    """uint8."""
    payloads: Any
    """large_binary."""
    details: dict[int, str]
    """Reasons of statuses, by row."""
    mask_keys: bytes = b""
    """Four bytes for each masked row."""
    headers: dict[int, bytes] = {}
    """Headers that are not minimal, by row."""


def runs_of(columns: RowColumns, connections: int) -> Iterator[Rows]:
    """Yield the rows in runs that are segments of a log.

    Args:
        columns: the rows, in the order of the log.
        connections: number of connections of the log.

    Raises:
        ValueError: a log cannot have such rows.
    """
    payloads = columns.payloads
    first = payloads.offset
    offsets = np.frombuffer(payloads.buffers()[1], np.int64)[first : first + len(payloads) + 1]
    masked = np.concatenate(([0], np.cumsum(columns.flags & Flag.MASKED > 0)))
    start = 0
    while start < len(columns.times):
        within = int(np.searchsorted(offsets, offsets[start] + MAX_PAYLOAD, "right")) - 1
        stop = min(max(within, start + 1), start + MAX_ROWS, len(columns.times))
        yield check(_run(columns, slice(start, stop), offsets, masked), connections)
        start = stop


def _run(columns: RowColumns, rows: slice, offsets: Array, masked: Array) -> Rows:
    start, stop = rows.start, rows.stop
    times, monotonics, codes = columns.times[rows], columns.monotonics[rows], columns.codes[rows]
    starts, counts = batches_of(times, monotonics, codes)
    return Rows(
        first=start,
        heads=columns.heads[rows],
        flags=columns.flags[rows],
        offsets=offsets[start : stop + 1] - offsets[start],
        payload=columns.payloads.buffers()[2][offsets[start] : offsets[stop]],
        mask_keys=columns.mask_keys[4 * masked[start] : 4 * masked[stop]],
        wire_offsets=np.zeros(1, np.int64),
        wire=b"",
        headers={row - start: header for row, header in columns.headers.items() if start <= row < stop},
        details={row - start: detail for row, detail in columns.details.items() if start <= row < stop},
        counts=counts,
        times=times[starts],
        monotonics=monotonics[starts],
        codes=codes[starts],
    )

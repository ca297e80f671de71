"""Joining: small runs of rows become runs of the usual size, so that a file of many small parts has few row groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from wsnotebook.log.rows import Array, Rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS

__all__ = ["joined", "payload_size"]


def payload_size(rows: Rows) -> int:
    """Return the bytes of all payloads of a run."""
    return int(rows.offsets[-1] - rows.offsets[0])


def joined(runs: Iterable[Rows]) -> Iterator[Rows]:
    """Yield the same rows in runs of at most MAX_ROWS rows and MAX_PAYLOAD bytes, where they were not larger."""
    waiting: list[Rows] = []
    count = size = 0
    for rows in runs:
        if waiting and (count + len(rows) > MAX_ROWS or size + payload_size(rows) > MAX_PAYLOAD):
            yield _join(waiting)
            waiting, count, size = [], 0, 0
        waiting.append(rows)
        count, size = count + len(rows), size + payload_size(rows)
    if waiting:
        yield _join(waiting)


def _join(runs: Sequence[Rows]) -> Rows:
    if len(runs) == 1:
        return runs[0]
    first = runs[0].first
    return Rows(
        first=first,
        heads=np.concatenate([rows.heads for rows in runs]),
        flags=np.concatenate([rows.flags for rows in runs]),
        offsets=_offsets([rows.offsets for rows in runs]),
        payload=b"".join(_between(rows.payload, rows.offsets) for rows in runs),
        mask_keys=b"".join(bytes(rows.mask_keys) for rows in runs),
        wire_offsets=_offsets([rows.wire_offsets for rows in runs]),
        wire=b"".join(_between(rows.wire, rows.wire_offsets) for rows in runs),
        headers=_by_row(runs, first, lambda rows: rows.headers),
        details=_by_row(runs, first, lambda rows: rows.details),
        counts=np.concatenate([rows.counts for rows in runs]),
        times=np.concatenate([rows.times for rows in runs]),
        monotonics=np.concatenate([rows.monotonics for rows in runs]),
        codes=np.concatenate([rows.codes for rows in runs]),
    )


def _offsets(parts: Sequence[Array]) -> Array:
    """Return offsets into the joined bytes, of which those of a part begin where the ones before end."""
    sizes = np.concatenate([np.diff(offsets) for offsets in parts])
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)))


def _between(data: Any, offsets: Array) -> Any:
    return memoryview(data)[int(offsets[0]) : int(offsets[-1])]


def _by_row(runs: Sequence[Rows], first: int, values: Callable[[Rows], dict[int, Any]]) -> dict[int, Any]:
    return {rows.first - first + row: value for rows in runs for row, value in values(rows).items()}

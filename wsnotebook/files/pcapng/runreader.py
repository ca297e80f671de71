"""RunReader: rebuilds rows from run blocks, which say how to cut the bytes of packets into frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wsnotebook.files.pcapng.runblocks import Run
from wsnotebook.log.connections import Connection
from wsnotebook.log.restore import check, offsets_of
from wsnotebook.log.rows import Rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.masking import apply_mask

__all__ = ["RunReader"]


class RunReader:
    """Collect runs and turn them into rows; a quiet session writes one row a run.

    Args:
        connections: those read so far; the list grows while the file is read.
        first: ``seq`` of the first row.
    """

    def __init__(self, connections: Sequence[Connection], first: int) -> None:
        self._connections = connections
        self.next = first
        """``seq`` of the next row."""
        self._runs: list[Run] = []
        self._packets: list[bytes] = []
        self.rows = 0
        """Rows of the collected runs."""
        self._size = 0
        self.lacking = 0
        """Bytes of the last run that are in no packet yet."""

    def has_room_for(self, run: Run) -> bool:
        """Return whether ``run`` may be added before the next call of ``take``."""
        return not self.rows or (self.rows + len(run.heads) <= MAX_ROWS and self._size < MAX_PAYLOAD)

    def add(self, run: Run) -> None:
        """Add a run block."""
        if self.lacking:
            raise ValueError(f"{self.lacking} bytes of the rows before are in no packet")
        if run.first != self.next:
            raise ValueError(f"seq {run.first} follows {self.next - 1}")
        self._runs.append(run)
        self.next += len(run.heads)
        self.rows += len(run.heads)
        self._size += len(run.changed)
        self.lacking = run.wire_size

    def add_packet(self, data: bytes) -> None:
        """Add the payload of a packet; a handshake belongs to no run and is skipped."""
        if self.lacking:
            if len(data) > self.lacking:
                raise ValueError("a packet that has more than its run of rows")
            self._packets.append(data)
            self._size += len(data)
            self.lacking -= len(data)

    def take(self, *, torn: bool = False) -> Rows:
        """Return the rows of the collected runs, and remove them.

        Args:
            torn: the end of the file is missing; rows without all of their bytes are left out.

        Raises:
            ValueError: a log cannot have such rows.
        """
        if self.lacking and not torn:
            raise ValueError(f"{self.lacking} bytes of rows are in no packet")
        split = _Split(self._runs, b"".join(self._packets))
        if split.rows < len(split.flags) and not torn:
            raise ValueError("a frame that is longer than what the packets carry")
        rows = check(split.to_rows(self._runs[0].first), len(self._connections))
        self._runs, self._packets = [], []
        self.rows = self._size = self.lacking = 0
        return rows


class _Split:
    """The frames of some runs, cut from the bytes of packets and of run blocks."""

    def __init__(self, runs: list[Run], wire: bytes) -> None:
        self.heads = b"".join(run.heads for run in runs)
        self.flags = b"".join(run.flags for run in runs)
        self.batches = np.concatenate([run.batches for run in runs], axis=1)
        self.details: dict[int, str] = {}
        self.headers: dict[int, bytes] = {}
        self.payloads: list[bytes] = []
        self.wires: list[bytes] = []
        self.keys: list[bytes] = []
        sizes: dict[int, int] = {}
        start = 0
        for run in runs:
            self.details.update((start + row, detail) for row, detail in run.details.items())
            sizes.update((start + row, size) for row, size in run.headers.items())
            start += len(run.heads)
        self._sources = (wire, b"".join(run.dropped for run in runs))
        self._app = b"".join(run.changed for run in runs)
        self._cut(
            np.concatenate([run.lengths for run in runs]).tolist(),
            sizes,
            np.concatenate([run.sizes for run in runs]).tolist(),
        )

    @property
    def rows(self) -> int:
        """Rows that have all of their bytes."""
        return len(self.payloads)

    def _cut(self, lengths: list[int], sizes: dict[int, int], app_sizes: list[int]) -> None:
        """Cut frame after frame, until the bytes end."""
        ends = [0, 0]
        app_at = 0
        for row, (flags, length) in enumerate(zip(self.flags, lengths, strict=True)):
            size = sizes.get(row, 0) if flags & Flag.HEADER else _header_size(length, flags)
            which = flags & Flag.STATUS == Flag.UNSENT
            source, start = self._sources[which], ends[which]
            stop = start + size + length
            if size < (4 if flags & Flag.MASKED else 0) or length < 0:
                raise ValueError("a frame with a size below nothing")
            if stop > len(source):
                return
            ends[which] = stop
            body = source[start + size : stop]
            if flags & Flag.HEADER:
                self.headers[row] = source[start : start + size]
            if flags & Flag.MASKED:
                key = source[start + size - 4 : start + size]
                self.keys.append(key)
                body = apply_mask(body, key) if body else body
            if flags & Flag.CHANGED:
                app_size = app_sizes[len(self.wires)] if len(self.wires) < len(app_sizes) else -1
                if not 0 <= app_size <= len(self._app) - app_at:
                    raise ValueError("a payload that is longer than its block")
                self.wires.append(body)
                body = self._app[app_at : app_at + app_size]
                app_at += app_size
            self.payloads.append(body)

    def to_rows(self, first: int) -> Rows:
        """Return the whole frames as rows."""
        counts, times, monotonics, codes = self.batches
        if len(counts) and (counts.min() < 1 or counts.max() > MAX_ROWS):
            raise ValueError("a batch without rows")
        if len(self.payloads) < len(self.heads):  # the end of the file is missing
            counts = np.diff(np.minimum(np.cumsum(counts), self.rows), prepend=0)
        some = counts > 0
        return Rows(
            first=first,
            heads=np.frombuffer(self.heads, np.uint8)[: self.rows],
            flags=np.frombuffer(bytearray(self.flags), np.uint8)[: self.rows],
            offsets=offsets_of(self.payloads),
            payload=b"".join(self.payloads),
            mask_keys=b"".join(self.keys),
            wire_offsets=offsets_of(self.wires),
            wire=b"".join(self.wires),
            headers=self.headers,
            details={row: detail for row, detail in self.details.items() if row < self.rows},
            counts=counts[some],
            times=times[some],
            monotonics=monotonics[some],
            codes=codes[some].astype(np.int32),
        )


def _header_size(length: int, flags: int) -> int:
    return 2 + 4 * (flags & Flag.MASKED) + (length > 125) * 2 + (length > 0xFFFF) * 6

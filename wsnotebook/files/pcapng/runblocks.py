"""Runs: rows in private blocks of a pcapng file, with all values that packets lack, so that a log loads exactly.

A run block precedes the packets of its rows. It has a CRC, as packets have, to distinguish damage from a missing end.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np

from wsnotebook.files.pcapng.pcapngblocks import OURS, block
from wsnotebook.log.rows import Array, Rows
from wsnotebook.log.segment import MAX_ROWS
from wsnotebook.log.wire_image import wire_frames
from wsnotebook.wire.batch import Flag

__all__ = ["NOTE", "RUN", "Run", "encode_note", "encode_run", "open_block", "run_data"]

_MAGIC = b"wsnote1\n"  # other programs may use the same type of block
RUN = b"R"
NOTE = b"N"
_HEAD = struct.Struct("<QQIIIIQ")  # first, wire size, rows, batches, changed, JSON size, dropped size


def encode_note(values: dict[str, Any]) -> bytes:
    """Return a block of JSON values."""
    return _own_block(NOTE, json.dumps(values, separators=(",", ":")).encode())


def _own_block(kind: bytes, data: bytes) -> bytes:
    head = _MAGIC + kind + struct.pack("<3xIQ", zlib.crc32(kind + data), len(data))
    return block(OURS, head + data)


def open_block(body: bytes) -> tuple[bytes, bytes] | None:
    """Return kind and data of a block of ours, or None for a block of another program.

    Raises:
        ValueError: the block is ours and damaged.
    """
    if body[:8] != _MAGIC:
        return None
    if len(body) < 24:
        raise ValueError("a block of wsnotebook that is too short")
    kind = body[8:9]
    crc, size = struct.unpack_from("<IQ", body, 12)
    data = body[24 : 24 + size]
    if len(body) != 24 + size + (-size % 4) or zlib.crc32(kind + data) != crc:
        raise ValueError("a block of wsnotebook is damaged: its CRC differs")
    return kind, data


def encode_run(rows: Rows) -> tuple[bytes, list[bytes]]:
    """Return the block of some rows, and the wire image of each, for the packets that must follow the block."""
    data, frames = _encode(rows)
    return _own_block(RUN, data), frames


def run_data(rows: Rows) -> bytes:
    """Return some rows as one piece of bytes, for Run.with_wire."""
    data, frames = _encode(rows)
    return struct.pack("<Q", len(data)) + data + b"".join(frames)


def _encode(rows: Rows) -> tuple[bytes, list[bytes]]:
    """Return an encoded run, and the wire image of each row.

    Unsent rows never reached the wire: their bytes are in the block, and their wire image is b"".
    """
    frames = wire_frames(rows)
    dropped = []
    if (rows.flags & Flag.STATUS == Flag.UNSENT).any():
        for place in np.flatnonzero(rows.flags & Flag.STATUS == Flag.UNSENT).tolist():
            dropped.append(frames[place])
            frames[place] = b""
    changed = np.flatnonzero(rows.flags & Flag.CHANGED)
    sparse = {
        "headers": {place: len(header) for place, header in rows.headers.items()},
        "details": rows.details,
    }
    words = json.dumps(sparse, separators=(",", ":")).encode()
    dropped_bytes = b"".join(dropped)
    data = b"".join(
        (
            _HEAD.pack(
                rows.first,
                sum(map(len, frames)),
                len(rows),
                len(rows.counts),
                len(changed),
                len(words),
                len(dropped_bytes),
            ),
            *(np.ascontiguousarray(column).tobytes() for column in (rows.heads, rows.flags)),
            *(
                np.asarray(column, "<i8").tobytes()
                for column in (rows.wire_lengths, rows.counts, rows.times, rows.monotonics)
            ),
            *(np.asarray(column, "<i8").tobytes() for column in (rows.codes, np.diff(rows.offsets)[changed])),
            words,
            dropped_bytes,
            *(rows.payload_at(place) for place in changed.tolist()),
        )
    )
    return data, frames


class Run(NamedTuple):
    """A decoded run block."""

    first: int
    """``seq`` of its first row."""
    wire_size: int
    """Payload bytes of the packets that follow the block."""
    heads: bytes
    flags: bytes
    lengths: Array
    """Payload bytes of each row on the wire."""
    batches: Array
    """int64 (4, batches): rows, times, monotonics and codes."""
    sizes: Array
    """Payload bytes of each changed row as the application saw them."""
    headers: dict[int, int]
    """By row of the run: size of a header that is not minimal."""
    details: dict[int, str]
    dropped: bytes
    """Wire images of unsent rows."""
    changed: bytes
    """Payloads of changed rows for the application."""

    @classmethod
    def decode(cls, data: bytes) -> Run:
        """Decode a run block.

        Raises:
            ValueError, struct.error: its parts do not fit together.
        """
        if len(data) < _HEAD.size:
            raise ValueError("a run of rows that is cut off")
        first, wire_size, rows, batches, changed, words_size, dropped_size = _HEAD.unpack_from(data)
        sizes = (rows, rows, 8 * rows, 32 * batches, 8 * changed, words_size, dropped_size)
        if rows > MAX_ROWS or _HEAD.size + sum(sizes) > len(data):
            raise ValueError("a run of rows that does not fit into its block")
        parts, place = [], _HEAD.size
        for size in sizes:
            parts.append(data[place : place + size])
            place += size
        heads, flags, lengths, table, app_sizes, words, dropped = parts
        sparse = json.loads(words)
        return cls(
            first,
            wire_size,
            heads,
            flags,
            np.frombuffer(lengths, "<i8"),
            np.frombuffer(table, "<i8").reshape(4, batches),
            np.frombuffer(app_sizes, "<i8"),
            {int(place): int(size) for place, size in sparse["headers"].items()},
            {int(place): str(detail) for place, detail in sparse["details"].items()},
            dropped,
            data[place:],
        )

    @classmethod
    def with_wire(cls, data: bytes) -> tuple[Run, bytes]:
        """Decode the bytes that ``run_data`` returned: a run, and the wire images of its rows.

        Raises:
            ValueError, struct.error: the bytes are damaged.
        """
        if len(data) < 8:
            raise ValueError("a run of rows that is cut off")
        end = 8 + int.from_bytes(data[:8], "little")
        return cls.decode(data[8:end]), data[end:]

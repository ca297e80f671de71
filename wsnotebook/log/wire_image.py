"""The bytes of rows on the wire: the exact image of each frame, rebuilt from the columns."""

from __future__ import annotations

from collections.abc import Iterator

from wsnotebook.log.rows import Rows
from wsnotebook.wire.batch import Flag, minimal_header
from wsnotebook.wire.masking import apply_mask

__all__ = ["wire_frames", "wire_parts"]


def wire_frames(rows: Rows) -> list[bytes]:
    """Return header and payload of each row, masked where the frame was; also of unsent rows."""
    payload, wire = memoryview(rows.payload), memoryview(rows.wire)
    ends, wire_ends = rows.offsets.tolist(), rows.wire_offsets.tolist()
    keys = rows.mask_keys
    key_at = changed = 0
    frames = []
    for row, (head, flags) in enumerate(zip(rows.heads.tolist(), rows.flags.tolist(), strict=True)):
        if flags & Flag.CHANGED:
            body = bytes(wire[wire_ends[changed] : wire_ends[changed + 1]])
            changed += 1
        else:
            body = bytes(payload[ends[row] : ends[row + 1]])
        key = None
        if flags & Flag.MASKED:
            key = keys[key_at : key_at + 4]
            key_at += 4
        header = rows.headers[row] if flags & Flag.HEADER else minimal_header(head, len(body), key)
        frames.append(header + (apply_mask(body, key) if key and body else body))
    return frames


def wire_parts(rows: Rows, wanted: set[int]) -> Iterator[bytes]:
    """Yield the bytes of each row of a run whose code is wanted and that was not left unsent."""
    frames = wire_frames(rows)
    start = 0
    for count, code in zip(rows.counts.tolist(), rows.codes.tolist(), strict=True):
        if code in wanted:
            for row in range(start, start + count):
                if rows.flags[row] & Flag.STATUS != Flag.UNSENT:
                    yield frames[row]
        start += count

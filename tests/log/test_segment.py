"""Segment: rows come back as they were appended, from any window, open, sealed or spilled, up to its very limits."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from wsnotebook.log.arena import Arena
from wsnotebook.log.rows import Rows, read_rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS, Segment
from wsnotebook.log.spill import Spill
from wsnotebook.wire.batch import Batch, Flag, minimal_header


class Row(NamedTuple):
    """What a row says, told without the columns."""

    head: int
    payload: bytes
    wire: bytes
    mask_key: bytes | None
    header: bytes
    detail: str | None
    batch: tuple[int, int, int]
    """Code, wall clock and monotonic clock of its batch."""


def rows_of(rows: Rows) -> list[Row]:
    """Return what the columns say."""
    assert rows.counts.sum() == len(rows) and ((rows.counts > 0).all() or not len(rows))
    batches = [
        batch
        for count, *batch in zip(rows.counts, rows.codes, rows.times, rows.monotonics, strict=True)
        for _ in range(count)
    ]
    return [
        Row(
            int(rows.heads[place]),
            rows.payload_at(place),
            rows.wire_at(place),
            rows.mask_key_at(place),
            rows.header_at(place),
            rows.details.get(place),
            (int(batches[place][0]), int(batches[place][1]), int(batches[place][2])),
        )
        for place in range(len(rows))
    ]


def some_batch(draw: random.Random, count: int, stamp: tuple[int, int, int]) -> tuple[Batch, list[Row]]:
    """Return a batch of rows of all kinds, and what they are."""
    batch, rows = Batch(), []
    for _ in range(count):
        head = draw.choice((0x81, 0x82, 0x01, 0x80, 0x89, 0xC1))
        payload = wire = draw.randbytes(draw.choice((0, 1, 5, 125, 126, 300)))
        key = draw.randbytes(4) if draw.random() < 0.4 else None
        place = batch.add(head, payload, mask_key=key)
        if draw.random() < 0.3:
            wire = draw.randbytes(draw.randrange(9))
            batch.set_wire(place, wire, payload)
        header = minimal_header(head, len(wire), key)
        if draw.random() < 0.2:
            header = bytes((head, 127 | (0x80 if key else 0))) + len(wire).to_bytes(8, "big") + (key or b"")
            batch.flags[place] |= Flag.HEADER
            batch.headers[place] = header
        detail = None
        if draw.random() < 0.2:
            detail = f"wrong {place}"
            batch.mark(place, Flag.VIOLATION, detail)
        rows.append(Row(head, payload, wire, key, header, detail, stamp))
    return batch, rows


def some_segment(seed: int = 1) -> tuple[Segment, list[Row]]:
    """Return an open segment of 60 rows in batches of 1 to 7, and what they are."""
    draw, segment = random.Random(seed), Segment(100, 1024, 64 << 10)
    rows: list[Row] = []
    while len(rows) < 60:
        stamp = (draw.randrange(4), len(rows) * 1000, len(rows))
        batch, added = some_batch(draw, draw.randint(1, 7), stamp)
        assert segment.has_room(batch)
        segment.append(batch, *stamp)
        rows += added
    return segment, rows


def sealed(segment: Segment) -> None:
    segment.seal(Arena().trim)


def spilled(segment: Segment) -> None:
    segment.seal(Arena().trim)
    segment.spill(Spill())


def still_open(segment: Segment) -> None:
    pass


Become = Callable[[Segment], None]

in_each_state = pytest.mark.parametrize("become", [still_open, sealed, spilled])


@in_each_state
def test_every_window_gives_back_its_rows(become: Become) -> None:
    """Inside a batch, across batches, empty or all: keys, wire payloads, odd headers, details and times stay with their rows."""
    segment, rows = some_segment()
    become(segment)
    for start in range(len(rows) + 1):
        for stop in range(start, len(rows) + 1):
            window = read_rows(segment, start, stop)
            assert rows_of(window) == rows[start:stop] and window.first == 100 + start
            heads, payloads = segment.frames(start, stop)
            assert heads == bytes(row.head for row in rows[start:stop])
            assert payloads == [row.payload for row in rows[start:stop]]


@in_each_state
def test_each_row_is_found_in_its_batch(become: Become) -> None:
    """batch_of is the batch that the row was appended in, at both edges too."""
    segment, rows = some_segment()
    become(segment)
    stamps = list(dict.fromkeys(row.batch for row in rows))
    assert [segment.batch_of(place) for place in range(len(rows))] == [
        stamps.index(row.batch) for row in rows
    ]


def test_a_window_of_an_open_segment_does_not_change_with_it() -> None:
    """What was read stays: rows that come later and marks that are made later are not in it."""
    segment, rows = some_segment()
    window = read_rows(segment, 0, len(rows))
    batch, _ = some_batch(random.Random(2), 5, (0, 0, 0))
    segment.append(batch, 0, 0, 0)
    segment.mark(3, Flag.UNSENT, "never sent")
    assert rows_of(window) == rows
    assert not (window.flags & Flag.STATUS == Flag.UNSENT).any()


@pytest.mark.parametrize("become", [sealed, spilled])
def test_a_mark_reaches_later_windows_and_no_earlier_one(become: Become) -> None:
    """A row that is sealed or on disk can still be marked as dropped; every other row stays as it is."""
    segment, rows = some_segment()
    become(segment)
    before = read_rows(segment, 0, len(rows))
    segment.mark(7, Flag.UNSENT, "never sent")
    after = read_rows(segment, 0, len(rows))
    assert rows_of(before) == rows
    assert not (before.flags & Flag.STATUS == Flag.UNSENT).any()
    assert np.flatnonzero(after.flags & Flag.STATUS == Flag.UNSENT).tolist() == [7]
    assert rows_of(after) == [*rows[:7], rows[7]._replace(detail="never sent"), *rows[8:]]


def test_a_spilled_segment_needs_no_memory() -> None:
    """Its bytes are on disk, as many as it said."""
    segment, _ = some_segment()
    held = segment.nbytes
    segment.seal(Arena().trim)
    assert segment.nbytes == held
    size = segment.spill(Spill())
    assert segment.is_spilled and segment.nbytes == 0
    assert size >= segment.size


def test_an_empty_segment_can_be_spilled() -> None:
    """A segment without rows, payload, keys or wire payloads moves all the same."""
    segment = Segment(5)
    segment.seal(Arena().trim)
    segment.spill(Spill())
    assert len(read_rows(segment, 0, 0)) == 0 and segment.frames(0, 0) == (b"", [])


def test_a_full_disk_leaves_the_segment_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is said before anything was moved, and every row can still be read and spilled later."""
    segment, rows = some_segment()
    segment.seal(Arena().trim)
    with monkeypatch.context() as full:
        full.setattr(os, "posix_fallocate", _no_space)
        with pytest.raises(OSError, match="No space left"):
            segment.spill(Spill())
    assert not segment.is_spilled and segment.nbytes > 0 and rows_of(read_rows(segment, 0, len(rows))) == rows
    segment.spill(Spill())
    assert segment.is_spilled and rows_of(read_rows(segment, 0, len(rows))) == rows


def _no_space(descriptor: int, offset: int, length: int) -> None:
    raise OSError(28, "No space left on device")


def batch_of_sizes(*sizes: int) -> Batch:
    batch = Batch()
    for size in sizes:
        batch.add(0x82, bytes(size))
    return batch


def test_room_ends_exactly_at_the_limits() -> None:
    """A batch that fills the last byte or the last row fits, one byte or one row more does not."""
    segment = Segment(0, 10, 1000)
    segment.append(batch_of_sizes(400, 400), 0, 0, 0)
    assert segment.has_room(batch_of_sizes(150, 50)) and not segment.has_room(batch_of_sizes(150, 51))
    assert segment.has_room(batch_of_sizes(*8 * [1])) and not segment.has_room(batch_of_sizes(*9 * [1]))
    segment.append(batch_of_sizes(150, 50), 0, 0, 0)
    assert segment.size == 1000 and segment.frames(3, 4)[1] == [bytes(50)]
    assert segment.has_room(batch_of_sizes(0)) and not segment.has_room(batch_of_sizes(1))


def test_segments_grow_by_four_up_to_their_largest() -> None:
    """Nothing before the first frame, so that a quiet session costs little; each successor follows the seq of the last row."""
    segment, seen = Segment(0), []
    assert not segment.has_room(batch_of_sizes(0)) and segment.capacity == 0
    for _ in range(9):
        segment = segment.successor(batch_of_sizes(1), Arena().allocate)
        segment.append(batch_of_sizes(*segment.max_rows * [1]), 0, 0, 0)
        seen.append((segment.first, segment.max_rows, segment.max_payload))
    assert seen == [
        (0, 16, 512),
        (16, 64, 2 << 10),
        (80, 256, 8 << 10),
        (336, 1024, 32 << 10),
        (1360, 4096, 128 << 10),
        (5456, 16_384, 512 << 10),
        (21_840, MAX_ROWS, 2 << 20),
        (87_376, MAX_ROWS, MAX_PAYLOAD),
        (152_912, MAX_ROWS, MAX_PAYLOAD),
    ]


def test_room_for_rows_follows_the_rows_that_came() -> None:
    """Large frames fill a segment by their bytes; the next one has room for four times as many, and no less than the first.

    Small ones, which fill it by their number, or nearly so, find the next one as large as ever.
    """
    segment = Segment(0, MAX_ROWS, MAX_PAYLOAD)
    for _ in range(100):
        segment.append(batch_of_sizes(MAX_PAYLOAD // 100), 0, 0, 0)
    after = segment.successor(batch_of_sizes(1), Arena().allocate)
    assert (after.max_rows, after.max_payload) == (400, MAX_PAYLOAD)
    after.append(batch_of_sizes(MAX_PAYLOAD), 0, 0, 0)
    assert after.successor(batch_of_sizes(1), Arena().allocate).max_rows == 16
    small = Segment(0, 1024, 32 << 10)
    small.append(batch_of_sizes(*[100] * 300), 0, 0, 0)
    assert small.successor(batch_of_sizes(1), Arena().allocate).max_rows == 4096


def test_a_successor_has_room_for_a_batch_over_every_limit() -> None:
    """However large a batch is, by rows or by bytes, the next segment takes it whole."""
    for batch in (batch_of_sizes(*[0] * (MAX_ROWS + 1)), batch_of_sizes(100, MAX_PAYLOAD + 3)):
        segment = Segment(0).successor(batch, Arena().allocate)
        assert segment.has_room(batch)
        segment.append(batch, 0, 0, 0)
        assert segment.rows == len(batch) and segment.size == batch.size


def test_a_large_frame_alone_is_kept_without_a_copy() -> None:
    """Its segment is for it only: the payload object itself, and no room for another."""
    batch = batch_of_sizes(2 << 20)
    assert batch.is_lone
    segment = Segment(0, 16, 512)
    assert not segment.has_room(batch)
    segment.append(batch_of_sizes(1), 0, 0, 0)
    lone = segment.successor(batch, Arena().allocate)
    lone.append(batch, 1, 2, 3)
    lone.seal(Arena().trim)
    assert lone.frames(0, 1)[1][0] is batch.payloads[0]
    assert not lone.has_room(batch) and not lone.has_room(batch_of_sizes(0))
    after = lone.successor(batch_of_sizes(1), Arena().allocate)
    assert after.first == 2 and not after.for_lone and after.has_room(batch_of_sizes(1))

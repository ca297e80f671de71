"""A close frame alone in its read or its write takes a short way, and comes out as by the long one (RFC 6455 §5.5.1)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from wsnotebook.wire.batch import Single, batch_of
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.scanner import ScannedBatch
from wsnotebook.wire.serializer import Serializer
from wsnotebook.wire.wire import Wire

NORMAL = b"\x88\x02\x03\xe8"
CLOSES = [
    b"\x88\x00",
    NORMAL,
    b"\x88\x06\x03\xe8done",
    b"\x88\x7d\x03\xe8" + b"x" * 123,
    b"\x88\x01\x03",  # half a code
    b"\x88\x02\x03\xed",  # 1005 is never sent
    b"\x88\x04\x03\xe8\xff\xfe",  # no UTF-8
    b"\x88\x82key!\x68\x8d",  # masked
    b"\x08\x02\x03\xe8",  # a fragment
    b"\xc8\x02\x03\xe8",  # RSV1
    NORMAL + NORMAL,
    b"\x88\x7e\x00\x02\x03\xe8",  # a length that is not the shortest
]
BEFORE = [b"", b"\x81\x01a", b"\x01\x01a", b"\x83\x00", NORMAL, b"\x81\x05Hel"]


def facts_of(readings: Iterable[Reading | None]) -> list[object]:
    """Return what is known of the frames, their rows, and what follows from them."""
    found: list[object] = []
    count = deliverable = 0
    end: int | None = None
    for each in readings:
        assert each is not None
        batch = each.batch
        if each.end is not None and end is None:
            end = count + each.end
        count += len(batch)
        deliverable += each.deliverable
        rows = zip(batch.heads, batch.flags, map(bytes, batch.payloads), strict=True)
        found += [
            (*row, batch.details.get(place), batch.headers.get(place)) for place, row in enumerate(rows)
        ]
        found += [("close", payload) for payload in each.closes]
        found += [("fault", str(each.fault))] if each.fault is not None else []
    return [*found, ("end", end, deliverable)]


def reading_of(single: Single, *, raw: bool) -> Reading:
    """Return the reading that means the same as a frame that was read alone."""
    head, flags, payload, _ = single
    batch = ScannedBatch()
    batch.add(head, payload, flags)
    if head != 0x88:
        return Reading(batch, deliverable=1)
    return Reading(batch, closes=[payload], end=int(raw), deliverable=int(raw))


@pytest.mark.parametrize("limit", [None, 5])
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("data", CLOSES)
def test_a_close_in_one_read_is_that_in_several(
    data: bytes, before: bytes, raw: bool, limit: int | None
) -> None:
    """Whatever was received before it, right or wrong: rows, consequences, and what is received after it."""
    whole, cut = (Wire(raw=raw, max_frame_size=limit) for _ in range(2))
    found = []
    for wire, pieces in ((whole, [data]), (cut, [data[place : place + 1] for place in range(len(data))])):
        readings = [*wire.judge.receive(before)]
        for piece in [*pieces, b"\x81\x01z"]:
            single = wire.judge.receive_single(piece)
            readings += wire.judge.receive(piece) if single is None else [reading_of(single, raw=raw)]
        end = wire.judge.receive_end()
        found.append(facts_of([*readings, *([] if end is None else [end])]))
    rows = [[fact for fact in facts if isinstance(fact, tuple) and len(fact) == 5] for facts in found]
    assert rows[0] == rows[1]
    others = [[fact for fact in facts if fact[0] in ("close", "fault", "end")] for facts in found]  # type: ignore[index]
    assert others[0] == others[1]


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x03\xe8done", b"\x03\xe8" + b"x" * 123])
def test_a_close_that_is_written_alone_is_that_of_a_batch(payload: bytes) -> None:
    """The row, the bytes, and the judgement of what would follow it."""
    alone, batched = (Serializer(masking=True, random=lambda count: bytes(range(count))) for _ in range(2))
    item = (0x88, payload, 0, None)
    batch, data = batched.serialize([item])
    short = alone.serialize_close(item)
    assert short is not None
    row, key, short_data = short
    same = batch_of(row, key)
    assert (short_data, same.heads, same.flags) == (data, batch.heads, batch.flags)
    assert (same.payloads, same.mask_keys) == (batch.payloads, batch.mask_keys)
    assert alone.is_between_messages is batched.is_between_messages is False
    assert alone.serialize_close(item) is None  # a second one is wrong
    assert alone.serialize([item])[0].details == batched.serialize([item])[0].details != {}


@pytest.mark.parametrize(
    "item",
    [
        (0x88, b"\x03", 0, None),
        (0x88, b"\x03\xed", 0, None),
        (0x88, b"\x03\xe8", 0, b"key!"),
        (0x89, b"", 0, None),
        (0x08, b"\x03\xe8", 0, None),
        (0x88, b"\x03\xe8" + b"x" * 124, 0, None),
    ],
)
def test_what_is_no_right_close_goes_the_long_way(item: tuple[int, bytes, int, bytes | None]) -> None:
    """And nothing has changed by the question."""
    serializer = Serializer(masking=True, random=lambda count: bytes(count))
    assert serializer.serialize_close(item) is None
    assert serializer.is_between_messages
    assert serializer.serialize_close((0x88, b"\x03\xe8", 0, None)) is not None


def test_an_unmasked_close_goes_the_long_way() -> None:
    """It is a client's fault, and marked."""
    serializer = Serializer(masking=False, random=lambda count: bytes(count))
    assert serializer.serialize_close((0x88, b"", 0, None)) is None

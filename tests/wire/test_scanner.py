"""The scanner finds every frame, right or wrong, however its bytes were cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.wire.batch import LONE, Flag
from wsnotebook.wire.scanner import MAX_BATCH_FRAMES, MAX_ODD_FRAMES, ScannedBatch, Scanner


class Row(NamedTuple):
    """Everything that the scanner says of one frame."""

    head: int
    flags: int
    payload: bytes
    mask_key: bytes | None
    header: bytes | None
    detail: str | None
    declared: int | None
    is_odd: bool


def encode(head: int, payload: bytes, key: bytes | None = None, form: int = 0) -> bytes:
    """Return a frame's bytes; ``form`` is the size of its extended length in bytes, or 0 for the shortest."""
    length = len(payload)
    if form < 8:
        form = max(form, 0 if length < 126 else 2 if length < 0x10000 else 8)
    short = length if form == 0 else 126 if form == 2 else 127
    masked = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload)) if key else payload
    return (
        bytes((head, short | (0x80 if key else 0)))
        + (length.to_bytes(form, "big") if form else b"")
        + (key or b"")
        + masked
    )


def rows_of(batch: ScannedBatch) -> list[Row]:
    keys = iter(batch.mask_keys)
    return [
        Row(
            batch.heads[place],
            batch.flags[place],
            batch.payloads[place],
            next(keys) if batch.flags[place] & Flag.MASKED else None,
            batch.headers.get(place),
            batch.details.get(place),
            batch.declared.get(place),
            place in batch.odd,
        )
        for place in range(len(batch))
    ]


def feed(scanner: Scanner, pieces: Iterable[bytes]) -> list[Row]:
    """Feed the pieces and the end of the stream; return all rows."""
    rows: list[Row] = []
    for piece in pieces:
        scanner.feed(piece)
        while (batch := scanner.scan()) is not None:
            assert 0 < len(batch) <= MAX_BATCH_FRAMES
            rows += rows_of(batch)
    last = scanner.finish()
    return rows + (rows_of(last) if last is not None else [])


def one_by_one(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut the data at some places, which may lie beyond its end."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[low:high] for low, high in zip(edges, edges[1:], strict=False)]


def on_the_wire(row: Row) -> int:
    """Return how many bytes of the stream a row stands for."""
    if row.header is not None:
        return len(row.header) + len(row.payload)
    return len(encode(row.head, row.payload, row.mask_key))


HEADS = st.sampled_from((0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8A)) | st.integers(0, 255)
PAYLOADS = (
    st.binary(max_size=12)
    | st.text(max_size=6).map(str.encode)
    | st.sampled_from((124, 125, 126, 127, 1500, 0xFFFF, 0x10000)).map(lambda size: b"x" * size)
)
KEYS = st.none() | st.binary(min_size=4, max_size=4)
FRAMES = st.builds(encode, HEADS, PAYLOADS, KEYS, st.sampled_from((0, 0, 0, 2, 8)))
RUNS = st.integers(1, 40).map(lambda count: b"\x81\x02ok" * count)
GARBAGE = st.binary(max_size=16) | st.sampled_from((b"\x81\x7f" + b"\xff" * 8, b"\x82\x7f\x40" + bytes(7)))
STREAMS = st.builds(
    lambda parts, end: b"".join(parts) + end, st.lists(FRAMES | RUNS | GARBAGE, max_size=8), GARBAGE
)
LIMITS = st.none() | st.sampled_from((1, 5, 125, 126, 1500))


@pytest.mark.parametrize(
    ("data", "head", "payload", "mask_key"),
    [
        ("8105 48656c6c6f", 0x81, b"Hello", None),
        ("8185 37fa213d 7f9f4d5158", 0x81, b"Hello", "37fa213d"),
        ("0103 48656c", 0x01, b"Hel", None),
        ("8002 6c6f", 0x80, b"lo", None),
        ("8905 48656c6c6f", 0x89, b"Hello", None),
        ("8a85 37fa213d 7f9f4d5158", 0x8A, b"Hello", "37fa213d"),
        ("827e 0100" + "00" * 256, 0x82, bytes(256), None),
        ("827f 0000000000010000" + "00" * 65536, 0x82, bytes(65536), None),
    ],
)
def test_the_examples_of_rfc_6455_section_5_7(
    data: str, head: int, payload: bytes, mask_key: str | None
) -> None:
    """Behaviours 1, 3 and 4: each example of the RFC is one row, whole and in one-byte reads."""
    for pieces in ([bytes.fromhex(data)], one_by_one(bytes.fromhex(data))):
        (row,) = feed(Scanner(), pieces)
        assert (row.head, row.payload) == (head, payload)
        assert row.mask_key == (None if mask_key is None else bytes.fromhex(mask_key))
        assert row.header is None


@pytest.mark.parametrize(
    ("header", "size"),
    [("817e0006", 6), ("817f0000000000000006", 6), ("817e007d", 125), ("827f000000000000ffff", 0xFFFF)],
)
def test_a_length_that_is_not_the_shortest_is_read_and_its_header_kept(header: str, size: int) -> None:
    """Behaviour 2: such a header is accepted, and its bytes stay known."""
    data = bytes.fromhex(header) + b"a" * size
    for pieces in ([data], one_by_one(data), [data[:3], data[3:]]):
        (row,) = feed(Scanner(), pieces)
        assert row.payload == b"a" * size
        assert row.header == bytes.fromhex(header)


@pytest.mark.parametrize("size", [0, 1, 124, 125, 126, 127, 0xFFFF, 0x10000])
@pytest.mark.parametrize("key", [None, b"mask"])
def test_the_shortest_header_is_not_kept(size: int, key: bytes | None) -> None:
    """Whole and in pieces: what can be made again is not stored."""
    data = encode(0x82, b"x" * size, key)
    for pieces in ([data], [data[:1], data[1:]], [data[: len(data) // 2], data[len(data) // 2 :]]):
        (row,) = feed(Scanner(), pieces)
        assert row.header is None and len(row.payload) == size


def test_a_length_with_its_top_bit_set_ends_what_can_be_read() -> None:
    """Behaviour 3: the frame is a row without a body; all that follows is counted and belongs to no row."""
    data = b"\x81\x01a" + b"\x82\x7f\x80" + bytes(7) + b"\x81\x01b" * 100
    for pieces in ([data], one_by_one(data)):
        scanner = Scanner()
        first, second = feed(scanner, pieces)
        assert first.payload == b"a"
        assert (second.payload, second.declared) == (b"", 1 << 63)
        assert scanner.skipped == 300


@settings(deadline=None)
@given(STREAMS, LIMITS, st.lists(st.integers(0, 1 << 17), max_size=12))
def test_how_the_bytes_are_cut_makes_no_difference(data: bytes, limit: int | None, places: list[int]) -> None:
    """Whole, byte by byte and at any cuts: the rows are the same."""
    whole = feed(Scanner(limit), [data])
    assert feed(Scanner(limit), cut(data, places)) == whole
    assert feed(Scanner(limit), one_by_one(data)) == whole


@settings(deadline=None)
@given(STREAMS, LIMITS)
def test_the_lengths_of_the_rows_add_up_to_the_bytes_fed(data: bytes, limit: int | None) -> None:
    """No byte is lost or counted twice: rows and what was skipped are the whole stream."""
    scanner = Scanner(limit)
    rows = feed(scanner, [data])
    assert sum(map(on_the_wire, rows)) + scanner.skipped == len(data)


@settings(deadline=None)
@given(st.lists(st.tuples(HEADS, PAYLOADS, KEYS), max_size=8))
def test_what_was_encoded_is_what_is_found(frames: list[tuple[int, bytes, bytes | None]]) -> None:
    """First byte, payload and mask key of every frame come out as they went in, in order."""
    data = b"".join(encode(*frame) for frame in frames)
    assert [(row.head, row.payload, row.mask_key) for row in feed(Scanner(), [data])] == frames


@pytest.mark.parametrize("limit", [1, 125, 126, 1000, 0xFFFF, 0x10000])
@pytest.mark.parametrize("key", [None, b"\x01\x02\x03\x04"])
def test_a_frame_passes_at_the_limit_and_loses_its_body_one_byte_over(limit: int, key: bytes | None) -> None:
    """Limit - 1 and limit pass, limit + 1 is a row that knows its declared length; the frame after it is found."""
    for size in (limit - 1, limit, limit + 1):
        data = encode(0x82, b"x" * size, key) + b"\x81\x01z"
        for pieces in ([data], one_by_one(data), [data[:5], data[5:]]):
            scanner = Scanner(limit)
            row, after = feed(scanner, pieces)
            assert after.payload == b"z"
            if size <= limit:
                assert (row.payload, row.declared, scanner.skipped) == (b"x" * size, None, 0)
            else:
                assert (row.payload, row.declared, scanner.skipped) == (b"", size, size)


@pytest.mark.parametrize("before", [1, 2, 3, 60])
def test_a_limit_lowered_in_the_middle_of_a_frame_holds_from_the_next_frame_on(before: int) -> None:
    """A frame whose length was accepted when its header came is taken whole; what follows it is not lost."""
    data = encode(0x82, b"x" * 100)
    scanner = Scanner(None)
    scanner.feed(data[:before])
    assert scanner.scan() is None
    scanner.limit = 10
    rows = feed(scanner, [data[before:] + b"\x81\x01z" + encode(0x82, b"y" * 11)])
    accepted = before >= 2
    assert [(row.payload, row.declared) for row in rows] == [
        (b"x" * 100, None) if accepted else (b"", 100),
        (b"z", None),
        (b"", 11),
    ]
    assert scanner.skipped == (11 if accepted else 111)


@pytest.mark.parametrize(
    ("frame", "limit"),
    [
        (b"\x81\x00", MAX_BATCH_FRAMES),
        (b"\x81\x7e\x00\x00", MAX_BATCH_FRAMES),
        (b"\x01\x00", MAX_ODD_FRAMES),
        (b"\x89\x00", MAX_ODD_FRAMES),
    ],
)
@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_batch_has_a_bounded_number_of_frames(frame: bytes, limit: int, over: int) -> None:
    """One read of any size becomes batches of at most so many frames, fewer of the costly ones, and none is lost."""
    scanner = Scanner()
    scanner.feed(frame * (limit + over))
    sizes = []
    while (batch := scanner.scan()) is not None:
        sizes.append(len(batch))
    assert sizes == ([limit, 1] if over > 0 else [limit + over])


def test_a_batch_that_begins_with_the_rest_of_a_frame_is_bounded_too() -> None:
    """The frame that an earlier read began counts like the others."""
    scanner = Scanner()
    data = b"\x81\x00" * (MAX_BATCH_FRAMES + 1)
    scanner.feed(data[:1])
    assert scanner.scan() is None
    scanner.feed(data[1:])
    sizes = []
    while (batch := scanner.scan()) is not None:
        sizes.append(len(batch))
    assert sizes == [MAX_BATCH_FRAMES, 1]


@pytest.mark.parametrize("key", [None, b"\x01\x02\x03\x04"])
@pytest.mark.parametrize("size", [1, 200, 70_000])
def test_a_frame_that_the_end_cuts_off_is_a_row_with_the_bytes_that_came(
    size: int, key: bytes | None
) -> None:
    """However little of it came: the row is marked truncated and stands for exactly those bytes."""
    data = encode(0x81, b"t" * size, key)
    for end in (*range(1, min(len(data), 20)), len(data) - 1):
        (row,) = feed(Scanner(), [data[:end]])
        assert row.flags & Flag.STATUS == Flag.TRUNCATED
        assert row.head == 0x81
        assert on_the_wire(row) == end
        assert row.payload == b"t" * len(row.payload)
        assert str(end) in (row.detail or "")


@pytest.mark.parametrize("between", [0x03, 0x83, 0x89])
def test_a_frame_that_is_no_part_of_a_message_leaves_it_open(between: int) -> None:
    """After a reserved opcode, as after a ping, the next whole text is odd: it comes within a message."""
    data = encode(0x01, b"a") + encode(between, b"b") + encode(0x81, b"c") + encode(0x81, b"d")
    assert [row.is_odd for row in feed(Scanner(), [data])] == [True, True, True, False]


def test_an_end_between_two_frames_cuts_nothing_off() -> None:
    """A stream that ends where a frame ends leaves no row of its own, and nothing at all leaves none either."""
    scanner = Scanner()
    assert scanner.finish() is None
    assert len(feed(scanner, [b"\x81\x01a"])) == 1
    assert scanner.finish() is None


def feed_memory(scanner: Scanner, pieces: Iterable[bytes]) -> list[Row]:
    """As feed(), of pieces that lie in memory which holds something else after the first scan of each."""
    rows: list[Row] = []
    memory = bytearray()
    for piece in pieces:
        memory[: len(piece)] = piece
        with memoryview(memory) as view, view[: len(piece)] as read:
            scanner.feed(read)
            while (batch := scanner.scan()) is not None:
                view[:] = b"\x88" * len(view)
                rows += rows_of(batch)
            view[:] = b"\x88" * len(view)
    last = scanner.finish()
    return rows + (rows_of(last) if last is not None else [])


LONG = encode(0x81, b"l" * 1024) + encode(0x82, b"m" * 0x10000)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.just(LONG) | FRAMES | RUNS | GARBAGE, max_size=6).map(b"".join),
    LIMITS,
    st.lists(st.integers(0, 1 << 18), max_size=8),
)
def test_memory_that_is_used_again_after_a_scan_gives_the_same_rows(
    data: bytes, limit: int | None, places: list[int]
) -> None:
    """Read after read into the same memory: small frames first, large ones first, and a frame that goes on."""
    whole = feed(Scanner(limit), [data])
    assert feed_memory(Scanner(limit), [data]) == whole
    assert feed_memory(Scanner(limit), cut(data, places)) == whole


def test_the_rest_of_a_read_outlasts_its_memory() -> None:
    """A batch is full before its read is: the frames of the next one are those that were fed."""
    data = LONG + b"\x89\x02ok" * (MAX_ODD_FRAMES + 5) + LONG
    assert feed_memory(Scanner(), [data]) == feed(Scanner(), [data])


class Memory:
    """Gives memory, and remembers what it gave."""

    def __init__(self) -> None:
        self.given: list[memoryview] = []

    def __call__(self, size: int) -> memoryview:
        self.given.append(memoryview(bytearray(size)))
        return self.given[-1]


def read_into_place(scanner: Scanner, pieces: Iterable[bytes]) -> list[Row]:
    """Feed the pieces as a socket that is read into ``room()`` whenever there is one would."""
    rows: list[Row] = []
    for piece in pieces:
        while piece:
            room = scanner.room()
            if room is None:
                scanner.feed(piece)
                piece = b""
            else:
                count = min(len(room), len(piece))
                room[:count] = piece[:count]
                piece = piece[count:]
                scanner.filled(count)
            while (batch := scanner.scan()) is not None:
                rows += rows_of(batch)
    last = scanner.finish()
    return rows + (rows_of(last) if last is not None else [])


LARGE = encode(0x82, bytes(range(256)) * (LONE // 256)) + encode(0x81, b"z" * (LONE - 1)) + b"\x81\x02ok"


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from((LARGE, b"\x89\x00", b"\x01\x01a", b"\x80\x01b", b"\x81\x02ok")), max_size=4),
    st.lists(st.integers(0, 1 << 21), max_size=8),
)
def test_reading_into_place_gives_the_same_rows(frames: list[bytes], places: list[int]) -> None:
    """Wherever a large frame is cut, its rest may be put where it will stay; end of stream in it included."""
    data = b"".join(frames)
    whole = feed(Scanner(), [data])
    assert read_into_place(Scanner(None, Memory()), cut(data, places)) == whole
    assert feed(Scanner(None, Memory()), cut(data, places)) == whole
    cut_off = data[: places[0] % (len(data) + 1)] if places else b""
    assert read_into_place(Scanner(None, Memory()), cut(cut_off, places)) == feed(Scanner(), [cut_off])


def test_a_large_payload_is_the_memory_that_it_was_received_into() -> None:
    """Nothing of it is copied, and nobody may write to it any more."""
    memory = Memory()
    scanner = Scanner(None, memory)
    scanner.feed(encode(0x82, bytes(LONE))[:20])
    assert scanner.scan() is None
    room = scanner.room()
    assert room is not None
    scanner.filled(len(room))
    batch = scanner.scan()
    assert batch is not None and batch.is_lone
    (payload,) = batch.payloads
    assert isinstance(payload, memoryview) and payload.readonly
    assert payload.obj is memory.given[0].obj


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(encode(0x81, b"z" * (LONE - 1)), id="too small"),
        pytest.param(encode(0x8A, b"z" * LONE), id="a control frame"),
        pytest.param(encode(0x01, b"z" * LONE), id="a part of a message"),
        pytest.param(encode(0xC1, b"z" * LONE), id="compressed"),
        pytest.param(encode(0x81, b"z" * LONE, b"mask"), id="masked"),
        pytest.param(
            encode(0x82, b"")[:1] + b"\x7f" + (1 << 40).to_bytes(8, "big"), id="a length that may be a lie"
        ),
    ],
)
def test_what_has_to_be_changed_or_is_not_believed_gets_no_memory(frame: bytes) -> None:
    """Such a frame is put together from its pieces."""
    memory = Memory()
    scanner = Scanner(None, memory)
    scanner.feed(frame[:20])
    assert scanner.scan() is None
    assert scanner.room() is None
    assert memory.given == []

"""Where frames begin, found in bytes whose beginning is missing: never wrong, and soon."""

from __future__ import annotations

import random

import pytest

from wsnotebook.files.pcapng.framesearch import ASKED, SURE, FrameSearch
from wsnotebook.files.pcapng.tcpstream import Gap, Piece
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.masking import apply_mask


def frame(payload: bytes, head: int = 0x81, key: bytes | None = None) -> bytes:
    mask = 0x80 if key else 0
    size = len(payload)
    length = bytes((mask | size,)) if size < 126 else bytes((mask | 126,)) + size.to_bytes(2, "big")
    return bytes((head,)) + length + (key + apply_mask(payload, key) if key else payload)


def found(search: FrameSearch, *pieces: bytes | int) -> int | None:
    """Return the offset that a search finds in some pieces; a number is the size of a gap."""
    for piece in pieces:
        part = Gap(piece, 0, False) if isinstance(piece, int) else Piece(piece, 0)
        offset = search.add(part)
        if offset is not None:
            return offset
    return None


def feed(chance: random.Random, sender: Sender, *, is_text: bool, count: int = 60) -> list[bytes]:
    """Return frames of 0 to 300 random bytes."""
    frames = []
    for _ in range(count):
        payload = chance.randbytes(chance.randrange(300))
        if is_text:
            payload = payload.hex().encode()[: len(payload)]
        key = chance.randbytes(4) if sender == "client" else None
        frames.append(frame(payload, 0x81 if is_text else 0x82, key))
    return frames


@pytest.mark.parametrize("sender", ["server", "client"])
@pytest.mark.parametrize("is_text", [True, False])
@pytest.mark.parametrize("size", [1, 7, 100, 1460])
def test_a_feed_cut_anywhere_is_found_again(sender: Sender, is_text: bool, size: int) -> None:
    """Segments that are cut without regard to frames: what is found is the beginning of a frame, soon after the cut.

    Of random and masked bytes some look like headers, so that a few frames pass before no doubt is left.
    """
    chance = random.Random(f"{sender} {is_text} {size}")
    for _ in range(20):
        frames = feed(chance, sender, is_text=is_text)
        stream = b"".join(frames)
        starts = [sum(map(len, frames[:number])) for number in range(len(frames))]
        cut = chance.randrange(len(frames[0]))
        rest = stream[cut:]
        offset = found(FrameSearch(sender), *(rest[at : at + size] for at in range(0, len(rest), size)))
        assert offset is not None and offset + cut in starts
        assert starts.index(offset + cut) <= (3 if is_text and sender == "server" else 8)


@pytest.mark.parametrize("content", [b"\0", b"\1", b"\x81", b"\x82\x01", b" ", b"\x89\x80", b"\xff"])
def test_bytes_that_repeat_are_no_frames(content: bytes) -> None:
    """Zeros are not a chain of empty fragments, as they are in a picture or a table of numbers."""
    data = content * 20_000
    wrong = found(FrameSearch("server"), *(data[at : at + 1460] for at in range(0, len(data), 1460)))
    assert wrong is None or content in (b"\x82\x01",)  # which is a chain of frames indeed


def test_random_bytes_are_no_frames() -> None:
    """One megabyte for each side."""
    chance = random.Random(1)
    for sender in ("server", "client"):
        search = FrameSearch(sender)
        assert found(search, *(chance.randbytes(1460) for _ in range(700))) is None
        assert search.settle() is None


def test_frames_that_fill_their_segments_are_found_at_once() -> None:
    """Three in a row where more may follow; one where the stream ends."""
    assert found(FrameSearch("server"), b"\x81\x02s6", b"\x81\x02s8") is None
    assert found(FrameSearch("server"), b"\x81\x02s6", b"\x81\x02s8", b"\x81\x02s0") == 0
    search = FrameSearch("server")
    assert found(search, b"\x81\x02s6") is None and search.settle() == 0
    search = FrameSearch("server")
    assert found(search, b"\x81\x02s6x") is None and search.settle() is None


def test_what_somebody_asks_for_needs_one_header() -> None:
    """At the beginning of a segment; bytes that are no header are passed over."""
    assert found(FrameSearch("server", ASKED), b"rest of a frame", b"\x81\x7e\x01\x00long") == 15


def test_a_chain_goes_on_over_gaps() -> None:
    """A snap length cuts each payload, and the header says where the next one begins."""
    head = b"\x82\x7e\x01\x00" + bytes(range(50))
    assert found(FrameSearch("server"), *(head, 206) * 3) == 0


def test_too_much_is_given_up_and_counted() -> None:
    """Memory is bounded: after four megabytes without a frame the search begins anew."""
    search = FrameSearch("server", SURE)
    assert found(search, *([b"\xff" * (1 << 20)] * 5)) is None
    assert search.passed == 4 << 20 and search.size == 5 << 20
    assert found(search, 5 << 20, b"\x81\x05Hello" * 9) == 0 and search.passed == 10 << 20


def test_a_text_that_is_not_utf8_is_no_frame() -> None:
    """A header that leads to one is a wrong guess."""
    assert found(FrameSearch("server"), b"\x81\x01\xff" * 20) is None
    assert found(FrameSearch("server"), b"\x82\x01\xff" * 20) == 12

"""Inflater and DeflateEncoder with each library that may do the work: zlib, and zlib-ng from the first large message on."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from types import ModuleType

import pytest

from wsnotebook.errors import FrameTooBig
from wsnotebook.wire.batch import RSV1
from wsnotebook.wire.deflate import DeflateDecoder, DeflateEncoder, Inflater
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits
from wsnotebook.wire.zlibs import DEFLATE_ERRORS, QUICK, QUICK_FROM

LARGE = random.Random(7692).randbytes(2 * QUICK_FROM)
"""A message that does not get smaller: what follows it is inflated by the library that is tested."""
TAIL = b"\x00\x00\xff\xff"


@pytest.fixture(params=["zlib", "zlib_ng.zlib_ng"])
def library(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """Each library; zlib-ng comes with the extra of that name."""
    module: ModuleType = pytest.importorskip(request.param)
    yield module


def deflated(payloads: list[bytes], bits: int = 15, *, takeover: bool = True) -> list[bytes]:
    """Return compressed messages as zlib makes them."""
    encoder = zlib.compressobj(wbits=-bits)
    messages = []
    for payload in payloads:
        encoder = encoder if takeover else zlib.compressobj(wbits=-bits)
        messages.append((encoder.compress(payload) + encoder.flush(zlib.Z_SYNC_FLUSH))[:-4])
    return messages


def inflate(inflater: Inflater, data: bytes, *, final: bool = True, limit: int | None = None) -> bytes:
    """Inflate one frame."""
    steps = inflater.inflate(data, final=final, limit=limit)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return bytes(stop.value)


def messages_of(inflater: Inflater, messages: list[bytes], limit: int | None = None) -> list[bytes]:
    """Inflate messages of one frame, as a session does: in one step, or in several."""
    found = []
    for data in messages:
        whole = inflater.start_whole(data, limit)
        found.append(whole if whole is not None else inflate(inflater, data, limit=limit))
    return found


def last_library(inflater: Inflater) -> str:
    """Return the name of the library that inflates now, as its decoder says."""
    return type(inflater._decoder).__module__


def test_zlib_ng_is_used_where_it_is_installed() -> None:
    """For what is sent from the first message on, for what is received from the first large one on."""
    zlib_ng = pytest.importorskip("zlib_ng.zlib_ng")
    assert QUICK is zlib_ng
    inflater = Inflater()
    small, large, other = deflated([b"Hello", LARGE, b"Hello"])
    names = [
        (messages_of(inflater, [message]), last_library(inflater))[1] for message in (small, large, other)
    ]
    assert names == ["zlib", "zlib_ng", "zlib_ng"]


@pytest.mark.parametrize("bits", [9, 12, 15])
@pytest.mark.parametrize("takeover", [True, False])
def test_messages_refer_to_those_before_a_change_of_library(
    library: ModuleType, bits: int, takeover: bool
) -> None:
    """Windows of each size, small messages before and after the large one: every byte is there."""
    payloads = [b"Hello" * number for number in range(9)] + [LARGE, b"Hello" * 9, LARGE[-300:], b"", LARGE]
    payloads += [LARGE[::-1], LARGE * 100, LARGE[-200:]]
    inflater = Inflater(bits, context_takeover=takeover, library=library)
    assert messages_of(inflater, deflated(payloads, bits, takeover=takeover)) == payloads


def test_window_bits_of_8_are_inflated(library: ModuleType) -> None:
    """No zlib deflates raw data with a window of 256 bytes, and both inflate it (RFC 7692 §7.1.2.1)."""
    with pytest.raises(ValueError):
        library.compressobj(-1, wbits=-8)
    literal = b"\x00" + len(LARGE).to_bytes(2, "little") + (len(LARGE) ^ 0xFFFF).to_bytes(2, "little") + LARGE
    stored = literal + b"\x00"  # a stored block, and the head of the empty one
    inflater = Inflater(8, library=library)
    assert messages_of(inflater, [stored, *deflated([LARGE[:100]])]) == [LARGE, LARGE[:100]]


@pytest.mark.parametrize("takeover", [True, False])
def test_final_blocks_end_no_stream(library: ModuleType, takeover: bool) -> None:
    """RFC 7692 §7.2.3.4: BFINAL=1 in each message, which refers to the window of those before where it is kept."""
    payloads = [LARGE, b"Hello", b"Hello", LARGE[-400:], b"Hello" * 100]
    window, messages = b"", []
    for payload in payloads:
        encoder = zlib.compressobj(wbits=-15, zdict=window) if window else zlib.compressobj(wbits=-15)
        messages.append(encoder.compress(payload) + encoder.flush(zlib.Z_FINISH) + b"\x00")
        window = (window + payload)[-32768:] if takeover else b""
    inflater = Inflater(context_takeover=takeover, library=library)
    assert messages_of(inflater, messages) == payloads


def test_empty_final_blocks_in_a_row(library: ModuleType) -> None:
    """Each needs a decoder of its own; what follows is inflated still."""
    first, last = deflated([LARGE]), deflated([b"Hello"])[0]
    inflater = Inflater(library=library)
    assert messages_of(inflater, [*first, b"\x03\x00" * 600 + last]) == [LARGE, b"Hello"]


def test_a_large_fragment_within_a_message_changes_no_library(library: ModuleType) -> None:
    """Between fragments a decoder is within a block: only a message begins with another library."""
    payload = b"Hello" + LARGE
    other = LARGE[::-1]
    data = deflated([payload, other])
    inflater = Inflater(library=library)
    parts = [data[0][:5], data[0][5:-7], data[0][-7:]]
    found = b"".join(inflate(inflater, part, final=part is parts[-1]) for part in parts)
    assert found == payload
    assert last_library(inflater) == "zlib"
    assert messages_of(inflater, data[1:]) == [other]
    assert last_library(inflater) == library.__name__.partition(".")[0]


@pytest.mark.parametrize("limit", [100_000, 99_999])
def test_the_limit_holds(library: ModuleType, limit: int) -> None:
    """A bomb behind a large message: equal passes, one more fails."""
    large, bomb = deflated([LARGE, bytes(100_000)])
    inflater = Inflater(library=library)
    assert messages_of(inflater, [large]) == [LARGE]
    if limit == 100_000:
        assert messages_of(inflater, [bomb], limit) == [bytes(100_000)]
    else:
        with pytest.raises(FrameTooBig):
            messages_of(inflater, [bomb], limit)


DAMAGED = {
    "07": "invalid block type",
    "ffffff": "invalid block type",
    "058010": "invalid code lengths set",
    "ab2c5f4c": "invalid distance code",
}


@pytest.mark.parametrize("payload", DAMAGED)
def test_damaged_data_fails_with_the_same_words(library: ModuleType, payload: str) -> None:
    """1007 with the rule that names the damage, whatever library has found it; the rows keep the bytes."""
    judge = Judge("server", raw=False, limits=Limits())
    judge.negotiate(RSV1, (DeflateDecoder(library=library),))
    large, damaged = deflated([LARGE])[0], bytes.fromhex(payload)
    stream = b"\xc2\x7e" + len(large).to_bytes(2, "big") + large + bytes((0xC2, len(damaged))) + damaged
    readings = [reading for reading in judge.receive(stream) if reading is not None]
    fault = next(reading.fault for reading in readings if reading.fault is not None)
    assert fault.code == 1007
    assert f"Error -3 while decompressing data: {DAMAGED[payload]}" in str(fault.exception)
    rows = [payload for reading in readings for payload in reading.batch.payloads]
    assert rows == [LARGE, damaged]


def test_the_errors_of_both_libraries_are_known(library: ModuleType) -> None:
    """zlib-ng's is no zlib.error."""
    assert library.error in DEFLATE_ERRORS


@pytest.mark.parametrize("bits", [9, 15])
@pytest.mark.parametrize("level", [-1, 0, 1, 9])
@pytest.mark.parametrize("takeover", [True, False])
def test_what_each_deflates_every_peer_inflates(
    library: ModuleType, bits: int, level: int, takeover: bool
) -> None:
    """zlib inflates it, with the empty block back that each message lacks (RFC 7692 §7.2.2), also in fragments."""
    encoder = DeflateEncoder(bits, context_takeover=takeover, level=level, library=library)
    decoder = zlib.decompressobj(-bits)
    for payload in (b"", b"Hello", b"Hello", LARGE, bytes(70_000), LARGE):
        half = len(payload) // 2
        for parts in ([payload], [payload[:half], payload[half:]]):
            data = b"".join(
                encoder.encode(part, begins=number == 0, final=number == len(parts) - 1)
                for number, part in enumerate(parts)
            )
            decoder = decoder if takeover else zlib.decompressobj(-bits)
            assert decoder.decompress(data + TAIL) == payload


def test_a_frame_that_was_begun_is_finished_before_another_message() -> None:
    """A message of one frame is refused meanwhile, and forgets nothing of the fragment, also without context takeover."""
    compressor = zlib.compressobj(wbits=-15)
    zeros = bytes(5 << 20)
    part = compressor.compress(zeros) + compressor.flush(zlib.Z_SYNC_FLUSH)
    inflater = Inflater(context_takeover=False)
    assert inflater.start(part, final=False, limit=None) is None
    assert inflater.start_whole(b"\x00", None) is None and inflater.start_run([b"\x00"], None, 1) == []
    steps = inflater.rest()
    with pytest.raises(StopIteration) as ended:
        while True:
            next(steps)
    assert ended.value.value == zeros

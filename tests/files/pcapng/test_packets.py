"""Packets of pcap and pcapng: every block of packets, times, and damage that costs what it hit."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from captures import Packet, ip4, pcap, talk, tcp

from wsnotebook.errors import FileError
from wsnotebook.files.formats import SAVABLE
from wsnotebook.files.loading import load
from wsnotebook.files.pcapng.packets import Capture
from wsnotebook.files.pcapng.pcapngblocks import ENHANCED, INTERFACE, PACKET, SECTION, SIMPLE, block, option

HELLO = bytes.fromhex("810548656c6c6f")  # RFC 6455 §5.7
MASKED_HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # the same
TALK = talk((True, MASKED_HELLO), *[(False, HELLO)] * 6)
BEGIN = block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
STAMP = 1_700_000_000_000_000  # µs


def enhanced(number: int, data: bytes, stamp: int = STAMP) -> bytes:
    time = stamp + number * 1000
    return block(
        ENHANCED, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data
    )


def obsolete(number: int, data: bytes) -> bytes:
    time = STAMP + number * 1000
    return block(
        PACKET, struct.pack("<HHIIII", 0, 7, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data
    )


def simple(number: int, data: bytes) -> bytes:
    return block(SIMPLE, struct.pack("<I", len(data)) + data)


def interface(snap: int = 0, options: bytes = b"") -> bytes:
    return block(INTERFACE, struct.pack("<HHI", 101, 0, snap) + options)


def pcapng(
    make: Callable[[int, bytes], bytes] = enhanced, options: bytes = b"", packets: list[Packet] = TALK
) -> bytes:
    """Return a pcapng of packets, one a millisecond."""
    parts = [BEGIN, interface(0, options)]
    for number, (sent, seq, data, flags) in enumerate(packets):
        parts.append(make(number, ip4(sent, tcp(sent, seq, data, flags))))
    return b"".join(parts)


@pytest.mark.parametrize("make", [enhanced, obsolete])
@pytest.mark.parametrize("offset", [0, 3600, -86_400])
def test_a_time_has_the_offset_of_its_interface(
    make: Callable[[int, bytes], bytes], offset: int, tmp_path: Path
) -> None:
    """if_tsoffset, in the block of today and in the former one."""
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng(make, option(14, struct.pack("<q", offset)) + option(0, b"")))
    df = load(path).df
    assert df["time"].iloc[0].value == (STAMP + 5000) * 1000 + offset * 1_000_000_000
    assert df["text"].tolist() == ["Hello"] * 7


@pytest.mark.parametrize("suffix", [None, *SAVABLE])
def test_simple_packets_have_no_time_and_an_event(suffix: str | None, tmp_path: Path) -> None:
    """NaT, in every format that the log is saved to; the order is that of the file."""
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng(simple))
    log = load(path)
    if suffix is not None:
        log = load(log.save(tmp_path / f"saved{suffix}"))
    assert log.df["time"].isna().all() and log.df["text"].tolist() == ["Hello"] * 7
    assert log.df["direction"].tolist() == ["out", *["in"] * 6]
    assert log.events["detail"].tolist() == [
        "no time in 12 packets of the capture, nor in the frames that they carry"
    ]
    assert log.events["time"].isna().all()


def test_a_simple_packet_ends_at_the_snap_length(tmp_path: Path) -> None:
    """The draft's section 4.4: the captured bytes are the lesser of both."""
    data = bytes(range(60))
    path = tmp_path / "x.pcapng"
    path.write_bytes(BEGIN + interface(50) + block(SIMPLE, struct.pack("<I", 60) + data[:50] + b"\0\0"))
    (packet,) = Capture(path, pytest.fail).packets()
    assert packet.data == data[:50]


@pytest.mark.parametrize("where", range(12))
@pytest.mark.parametrize("at", [4, 8, 20, 30, -2])
@pytest.mark.parametrize("is_pcapng", [True, False])
def test_a_damaged_packet_costs_itself(where: int, at: int, is_pcapng: bool, tmp_path: Path) -> None:
    """A byte changed in its header, its lengths or its addresses: the others are read, and strict refuses the file.

    A pcap has no lengths at the end, so that damage in a length may cost the packet after it too.
    """
    data = bytearray(pcapng() if is_pcapng else pcap(TALK))
    starts = starts_of(bytes(data), is_pcapng)
    data[starts[where] + at if at >= 0 else starts[where + 1] + at] ^= 0x40
    path = tmp_path / "x.pcapng"
    path.write_bytes(data)
    damage: list[str] = []
    packets = list(Capture(path, lambda place, problem: damage.append(f"{place}: {problem}")).packets())
    assert len(packets) >= 12 - (1 if is_pcapng else 2)
    if len(packets) < 12:
        assert damage and all(sentence.startswith("byte ") for sentence in damage)
        with pytest.raises(FileError, match="byte"):
            load(path, strict=True)
    if where > 4 and len(packets) < 12:
        log = load(path)
        assert len(log) >= 5 and "x.pcapng, byte" in " ".join(log.events["detail"])


def starts_of(data: bytes, is_pcapng: bool) -> list[int]:
    """Return where the packets of a file begin, and its end."""
    starts, place = [], len(BEGIN) + len(interface()) if is_pcapng else 24
    while place < len(data):
        starts.append(place)
        size = int.from_bytes(data[place + (4 if is_pcapng else 8) :][:4], "little")
        place += size if is_pcapng else 16 + size
    return [*starts, place]


@pytest.mark.parametrize("is_pcapng", [True, False])
def test_a_file_that_is_cut_off_is_read_to_its_end(is_pcapng: bool, tmp_path: Path) -> None:
    """At every byte of the last packet, plain and in gzip: an event says it, and strict refuses it."""
    data = pcapng() if is_pcapng else pcap(TALK)
    *_, last, end = starts_of(data, is_pcapng)
    path = tmp_path / "x.pcap"
    for stop in range(last + 1, end, 7):
        for content in (data[:stop], gzip.compress(data[:stop])):
            path.write_bytes(content)
            log = load(path)
            assert len(log) == 6 and "is missing" in log.events["detail"].iloc[0]
            with pytest.raises(FileError, match="is missing"):
                load(path, strict=True)
    path.write_bytes(data[:last])
    assert len(load(path, strict=True)) == 6


def test_a_damaged_gzip_is_read_up_to_the_damage(tmp_path: Path) -> None:
    """What was inflated before it counts."""
    packed = gzip.compress(pcap(TALK), 0)
    path = tmp_path / "x.pcap.gz"
    path.write_bytes(packed[:-60])
    log = load(path)
    assert len(log) >= 5 and "gzip" in log.events["detail"].iloc[0]
    with pytest.raises(FileError, match="gzip"):
        load(path, strict=True)


def test_a_gzip_bomb_is_bounded(tmp_path: Path) -> None:
    """A block that claims a gigabyte is not read, however much of it is there."""
    path = tmp_path / "x.pcapng.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(pcapng() + struct.pack("<II", ENHANCED, 1 << 30))
        for _ in range(30):
            file.write(bytes(1 << 20))
    assert len(load(path)) == 7

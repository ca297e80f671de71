"""Packets of a foreign capture, as pcap and pcapng files have them, compressed with gzip or not.

A damaged place is passed over up to the next packet that is whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wsnotebook.errors import FileError
from wsnotebook.files.content import DAMAGED_GZIP, open_plain
from wsnotebook.files.pcapng.pcapngblocks import (
    ENHANCED,
    INTERFACE,
    PACKET,
    SECRETS,
    SECTION,
    SIMPLE,
    Block,
    Damaged,
    Torn,
    options,
    read,
)
from wsnotebook.files.pcapng.synthetic import epb_crc
from wsnotebook.log.restore import NO_TIME

__all__ = ["Capture", "Packet"]

_PCAP = {  # first bytes of the file: byte order, and ns per tick
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
_PCAPNG = struct.pack("<I", SECTION)
_MAX_PACKET = 1 << 20  # bytes; four times the limit of capture programs
_SEARCHED = 4 << 20  # bytes after a damaged packet in which a whole one is searched
_MAX_TIME = 1 << 62  # ns
_SECOND = 1_000_000_000


class Packet(NamedTuple):
    """One packet."""

    number: int
    """From 1, as Wireshark counts frames."""
    time_ns: int
    """Wall clock, or NO_TIME where the file does not say it."""
    link: int
    """Link type."""
    data: bytes


class Capture:
    """Read the packets of a file, once or several times.

    Args:
        path: pcap or pcapng.
        damaged: called with the place and the problem of each damage; it may raise.
    """

    def __init__(self, path: Path, damaged: Callable[[str, str], object]) -> None:
        self._path = path
        self._damaged = damaged
        self.has_secrets = False
        """Whether keys of TLS were read."""
        self.untimed = 0
        """Packets without a time."""

    @property
    def is_known(self) -> bool:
        """Whether it is pcap or pcapng; tshark knows others."""
        with open_plain(self._path) as file:
            try:
                start = file.read(4)
            except DAMAGED_GZIP:
                return True  # packets() names the damage
        return start in _PCAP or start == _PCAPNG or len(start) < 4

    def packets(self) -> Iterator[Packet]:
        """Yield the packets in the order of the file.

        Raises:
            FileError: the file is neither, or its beginning is damaged.
        """
        self.untimed = 0
        with open_plain(self._path) as file:
            try:
                start = file.read(4)
                file.seek(0)
                if start in _PCAP:
                    yield from self._pcap(file)
                elif start == _PCAPNG:
                    yield from self._pcapng(file)
                else:
                    raise FileError(self._path, "byte 0", "neither pcap nor pcapng")
            except DAMAGED_GZIP as error:
                self._damaged(f"byte {file.tell()}", f"the rest of the gzip file cannot be read: {error}")

    def _pcap(self, file: BinaryIO) -> Iterator[Packet]:
        head = file.read(24)
        order, scale = _PCAP[head[:4]]
        if len(head) < 24:
            raise FileError(self._path, "byte 0", "the header of the pcap file is cut off")
        link = struct.unpack(order + "I", head[20:24])[0] & 0xFFFF
        record = _Record(order, _SECOND // scale)
        position, before, number = 24, 24, 0
        while start := file.read(16):
            captured = record.size_of(start)
            if captured is None and len(start) == 16:
                found = self._next_record(file, record, before, position)
                if found is None:
                    return
                position = before = found
                file.seek(found)
                continue
            data = file.read(captured or 0)
            if captured is None or len(data) < captured:
                self._damaged(f"byte {position}", "the end of the last packet is missing")
                return
            seconds, fraction = struct.unpack_from(order + "II", start)
            number += 1
            yield Packet(number, seconds * _SECOND + fraction * scale, link, data)
            before, position = position, position + 16 + captured

    def _next_record(self, file: BinaryIO, record: _Record, before: int, position: int) -> int | None:
        """Return where the next whole packet begins: the damage may be the length of the one before."""
        file.seek(before + 1)
        data = file.read(_SEARCHED)
        place = next(record.places(data), None)
        if place is None:
            self._damaged(f"byte {position}", "no packet begins here, nor in what follows")
            return None
        found = before + 1 + place
        self._damaged(f"byte {position}", f"no packet begins here; the next whole one is at byte {found}")
        return found

    def _pcapng(self, file: BinaryIO) -> Iterator[Packet]:
        interfaces: list[_Interface] = []
        number = 0
        for block in read(self._path, file, is_strict=False):
            if isinstance(block, Torn):
                self._damaged(f"byte {block.position}", "the end of the last block is missing")
            elif isinstance(block, Damaged):
                self._damaged(
                    f"byte {block.position}", f"{block.problem}; {block.size} bytes are passed over"
                )
            elif block.kind == SECTION:
                interfaces = []
            elif block.kind in _BODIES or block.kind == INTERFACE:
                try:
                    if block.kind == INTERFACE:
                        interfaces.append(_interface(block))
                        continue
                    number += 1
                    time_ns, link, data = _BODIES[block.kind](block, interfaces)
                except (ValueError, IndexError, struct.error) as error:
                    self._damaged(f"byte {block.position}", f"a damaged block: {error}")
                    continue
                self.untimed += time_ns == NO_TIME
                yield Packet(number, time_ns, link, data)
            else:
                self.has_secrets |= block.kind == SECRETS


class _Record(NamedTuple):
    """The header of a packet in a pcap file."""

    order: str
    ticks: int
    """Ticks per second."""

    def size_of(self, data: bytes, place: int = 0) -> int | None:
        """Return the captured bytes of a packet; None where no header can be."""
        if len(data) - place < 16:
            return None
        captured, size = struct.unpack_from(self.order + "8xII", data, place)
        return captured if captured <= _MAX_PACKET and captured <= size else None

    def places(self, data: bytes) -> Iterator[int]:
        """Yield the offsets of packets that another one follows, or the end."""
        for place in range(len(data) - 15):
            fraction = struct.unpack_from(self.order + "4xI", data, place)[0]
            captured = self.size_of(data, place) if fraction < self.ticks else None
            if captured:
                after = place + 16 + captured
                if after == len(data) or self.size_of(data, after):
                    yield place


class _Interface(NamedTuple):
    link: int
    snap: int
    """Most bytes of a packet; 0 for all."""
    ticks: int
    """Ticks per second."""
    offset: int
    """Seconds to add to each time."""


def _interface(block: Block) -> _Interface:
    link, snap = struct.unpack_from(block.order + "HxxI", block.body)
    found = options(block.body[8:], block.order)
    resolution = found.get(9, b"")[:1] or b"\x06"
    power = resolution[0] & 0x7F
    ticks = 2**power if resolution[0] & 0x80 else 10 ** min(power, 18)
    offset = found.get(14, b"")
    return _Interface(
        link, snap, ticks, struct.unpack(block.order + "q", offset)[0] if len(offset) == 8 else 0
    )


def _enhanced(block: Block, interfaces: list[_Interface]) -> tuple[int, int, bytes]:
    number, high, low, captured = struct.unpack_from(block.order + "IIII", block.body)
    packet = _timed(block, interfaces[number], high, low, captured)
    crc = epb_crc(block.body[20 + captured + (-captured % 4) :])
    if crc is not None and crc != zlib.crc32(packet[2]):
        raise ValueError("a packet is damaged: its CRC differs")
    return packet


def _obsolete(block: Block, interfaces: list[_Interface]) -> tuple[int, int, bytes]:
    number, _, *rest = struct.unpack_from(block.order + "HHIII", block.body)
    return _timed(block, interfaces[number], *rest)


def _timed(block: Block, interface: _Interface, high: int, low: int, captured: int) -> tuple[int, int, bytes]:
    if 20 + captured > len(block.body):
        raise ValueError("a packet that is longer than its block")
    time_ns = (high << 32 | low) * _SECOND // interface.ticks + interface.offset * _SECOND
    if not -_MAX_TIME < time_ns < _MAX_TIME:
        raise ValueError("a time that is beyond the year 2116")
    return time_ns, interface.link, block.body[20 : 20 + captured]


def _simple(block: Block, interfaces: list[_Interface]) -> tuple[int, int, bytes]:
    interface = interfaces[0]
    size = struct.unpack_from(block.order + "I", block.body)[0]
    return NO_TIME, interface.link, block.body[4 : 4 + min(size, interface.snap or size)]


_BODIES = {ENHANCED: _enhanced, PACKET: _obsolete, SIMPLE: _simple}
"""Block type: function that returns time, link type and bytes of its packet."""

"""Packets of a foreign capture: pcap and pcapng files, down to the segments of TCP.

Link layers: Ethernet (also with VLAN tags), Linux cooked, loopback and raw IP; IPv4 and IPv6. IP fragments are skipped:
TCP avoids them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wsnotebook.errors import FileError
from wsnotebook.files.pcapng.pcapngblocks import (
    ENHANCED,
    INTERFACE,
    SECTION,
    SIMPLE,
    Block,
    Torn,
    options,
    read,
)

__all__ = ["FIN", "RST", "SYN", "Segment", "segments"]

FIN, SYN, RST = 1, 2, 4

_PCAP = {  # first bytes of the file: byte order, and ns per tick
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
_MAX_PACKET = 1 << 20  # bytes; four times the limit of capture programs
_IP4, _IP6 = 0x0800, 0x86DD
_VLAN = (0x8100, 0x88A8)
_IP6_OPTIONS = (0, 43, 60)  # extension headers that may stand before TCP


class Segment(NamedTuple):
    """One segment of TCP."""

    time_ns: int
    source: tuple[bytes, int]
    """Address and port."""
    target: tuple[bytes, int]
    seq: int
    flags: int
    data: bytes
    cut: int
    """Payload bytes that the capture truncated (a snap length)."""


def segments(path: Path) -> Iterator[Segment]:
    """Yield the TCP segments of a pcap or pcapng file, in order of capture.

    Raises:
        FileError: the file is neither, or damaged.
    """
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic in _PCAP:
            packets = _pcap_packets(path, file)
        elif magic == struct.pack("<I", SECTION):
            packets = _pcapng_packets(path, file)
        else:
            raise FileError(path, "byte 0", "neither pcap nor pcapng")
        for time_ns, link, data in packets:
            segment = _segment(time_ns, link, data)
            if segment is not None:
                yield segment


Packet = tuple[int, int, bytes]
"""Time in ns, link type, bytes."""


def _pcap_packets(path: Path, file: BinaryIO) -> Iterator[Packet]:
    head = file.read(24)
    order, scale = _PCAP[head[:4]]
    if len(head) < 24:
        raise FileError(path, "byte 0", "the header of the pcap file is cut off")
    link = struct.unpack(order + "I", head[20:24])[0] & 0xFFFF
    position, size = 24, path.stat().st_size
    while position + 16 <= size:
        seconds, fraction, captured, _ = struct.unpack(order + "IIII", file.read(16))
        if captured > _MAX_PACKET:
            raise FileError(path, f"byte {position}", f"a packet cannot have {captured} bytes")
        if position + 16 + captured > size:
            return  # truncated: the capture was stopped within this packet
        yield seconds * 1_000_000_000 + fraction * scale, link, file.read(captured)
        position += 16 + captured


class _Interface(NamedTuple):
    link: int
    ticks: int
    """Ticks per second."""


def _pcapng_packets(path: Path, file: BinaryIO) -> Iterator[Packet]:
    interfaces: list[_Interface] = []
    for block in read(path, file):
        if isinstance(block, Torn):
            return
        try:
            if block.kind == SECTION:
                interfaces = []
            elif block.kind == INTERFACE:
                interfaces.append(_interface(block))
            elif block.kind == ENHANCED:
                number, high, low, captured = struct.unpack_from(block.order + "IIII", block.body)
                if 20 + captured > len(block.body):
                    raise ValueError("a packet that is longer than its block")
                link, ticks = interfaces[number]
                stamp = (high << 32 | low) * 1_000_000_000 // ticks
                yield stamp % (1 << 62), link, block.body[20 : 20 + captured]
            elif block.kind == SIMPLE:
                yield 0, interfaces[0].link, block.body[4:]
        except (ValueError, IndexError, struct.error) as error:
            raise FileError(path, f"byte {block.position}", f"a damaged block: {error}") from error


def _interface(block: Block) -> _Interface:
    link = struct.unpack_from(block.order + "H", block.body)[0]
    resolution = options(block.body[8:], block.order).get(9, b"\x06")[:1] or b"\x06"
    power = resolution[0] & 0x7F
    return _Interface(link, 2**power if resolution[0] & 0x80 else 10 ** min(power, 18))


def _ethernet(data: bytes) -> tuple[int, int]:
    place = 12
    while int.from_bytes(data[place : place + 2], "big") in _VLAN:
        place += 4
    return int.from_bytes(data[place : place + 2], "big"), place + 2


def _null(data: bytes) -> tuple[int, int]:
    """BSD loopback: the address family in the byte order of the capturing host."""
    family = {2: _IP4, 24: _IP6, 28: _IP6, 30: _IP6, 10: _IP6}
    return family.get(max(data[:1] + data[3:4], default=0), 0), 4


def _raw(data: bytes) -> tuple[int, int]:
    return {4: _IP4, 6: _IP6}.get(data[0] >> 4 if data else 0, 0), 0


_LINKS: dict[int, Callable[[bytes], tuple[int, int]]] = {
    0: _null,
    1: _ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    108: _null,
    113: lambda data: (int.from_bytes(data[14:16], "big"), 16),
    228: lambda data: (_IP4, 0),
    229: lambda data: (_IP6, 0),
    276: lambda data: (int.from_bytes(data[0:2], "big"), 20),
}
"""Link type: function that returns the EtherType and the offset of the IP packet."""


def _segment(time_ns: int, link: int, data: bytes) -> Segment | None:
    """Return the TCP segment of a packet, or None for another protocol."""
    if link not in _LINKS:
        return None
    kind, start = _LINKS[link](data)
    parse = _PROTOCOLS.get(kind)
    found = parse(data[start:]) if parse is not None else None
    if found is None:
        return None
    source, target, tcp, length = found
    if len(tcp) < 20:
        return None
    source_port, target_port, seq, _, offset, flags = struct.unpack_from(">HHIIBB", tcp)
    head = (offset >> 4) * 4
    payload = tcp[head:] if head >= 20 else b""
    return Segment(
        time_ns,
        (source, source_port),
        (target, target_port),
        seq,
        flags,
        payload,
        max(0, length - max(len(tcp), head)),
    )


def _ip4(packet: bytes) -> tuple[bytes, bytes, bytes, int] | None:
    """Return both addresses, the captured TCP bytes, and their number on the wire."""
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != 6:
        return None
    head = (packet[0] & 0x0F) * 4
    total = int.from_bytes(packet[2:4], "big") or len(packet)  # 0: the network card does the segmentation
    if head < 20 or int.from_bytes(packet[6:8], "big") & 0x3FFF:
        return None
    return packet[12:16], packet[16:20], packet[head:total], total - head


def _ip6(packet: bytes) -> tuple[bytes, bytes, bytes, int] | None:
    if len(packet) < 40 or packet[0] >> 4 != 6:
        return None
    following, place = packet[6], 40
    length = int.from_bytes(packet[4:6], "big") or len(packet) - 40
    while following in _IP6_OPTIONS and place + 2 <= len(packet):
        following, place = packet[place], place + 8 * (packet[place + 1] + 1)
    if following != 6:
        return None
    return packet[8:24], packet[24:40], packet[place : 40 + length], 40 + length - place


_PROTOCOLS = {_IP4: _ip4, _IP6: _ip6}

"""Segments of TCP in the packets of a capture, and which packets this reader does not know.

Link layers: Ethernet, Linux cooked, both also with VLAN tags, loopback and raw IP; IPv4 and IPv6. tshark knows the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from wsnotebook.files.pcapng.packets import Packet

__all__ = ["ACK", "FIN", "RST", "SYN", "Segment", "Unread", "segment_of"]

FIN, SYN, RST, ACK = 1, 2, 4, 16

_IP4, _IP6 = 0x0800, 0x86DD
_TCP, _UDP, _FRAGMENT = 6, 17, 44
_VLAN = (0x8100, 0x88A8, 0x9100)
_IP6_OPTIONS = (0, 43, 60)  # extension headers that may stand before TCP
_TCP_HEADER = 20


class Segment(NamedTuple):
    """One segment of TCP."""

    time_ns: int
    source: tuple[bytes, int]
    """Address and port."""
    target: tuple[bytes, int]
    seq: int
    ack: int
    flags: int
    data: bytes
    cut: int
    """Payload bytes that the capture truncated (a snap length)."""


class Unread(NamedTuple):
    """A packet that may carry TCP in a way that is not known here."""

    reason: str
    """Name of the link layer, tunnel or other thing; for a person."""
    is_cut: bool = False
    """The snap length has left no header: nobody can read it."""


_LINK_NAMES = {
    9: "PPP",
    50: "PPP",
    51: "PPPoE",
    105: "IEEE 802.11",
    119: "IEEE 802.11 with a Prism header",
    127: "IEEE 802.11 with radiotap",
    163: "IEEE 802.11 with AVS",
    192: "PPI",
    195: "IEEE 802.15.4",
    204: "PPP",
    249: "USB",
}
"""Names of link types that captures of IP have; of others the number is said."""
_ETHERTYPES = {
    0x6558: "transparent Ethernet bridging",
    0x8847: "MPLS",
    0x8848: "MPLS",
    0x8864: "PPPoE",
    0x88E5: "MACsec",
    0x88E7: "provider backbone bridging",
    0x894F: "NSH",
}
_TUNNELS = {4: "IP in IP", 41: "IPv6 in IP", 47: "GRE", 97: "Ethernet in IP", 115: "L2TP", 137: "MPLS in IP"}
_UDP_TUNNELS = {
    1701: "L2TP",
    2152: "GTP",
    3544: "Teredo",
    4789: "VXLAN",
    4790: "VXLAN",
    6081: "Geneve",
    6635: "MPLS in UDP",
    8472: "VXLAN",
}
_LLC = 0x0600  # a smaller EtherType is the length of an LLC frame


class _Transport(NamedTuple):
    source: bytes
    target: bytes
    protocol: int
    data: bytes
    cut: int
    """Bytes that the capture truncated."""


def segment_of(packet: Packet) -> Segment | Unread | None:
    """Return the TCP segment of a packet; None for another protocol."""
    link = _LINKS.get(packet.link)
    if link is None:
        return Unread(_LINK_NAMES.get(packet.link, f"link type {packet.link}"))
    data = packet.data
    kind, start = link(data)
    while kind in _VLAN:
        kind, start = int.from_bytes(data[start + 2 : start + 4], "big"), start + 4
    parse = _PROTOCOLS.get(kind)
    if parse is None:
        return _unread(_ETHERTYPES.get(kind, "LLC" if 0 < kind < _LLC else None))
    found = parse(data[start:])
    if not isinstance(found, _Transport):
        return found
    if found.protocol == _TCP:
        return _segment(packet.time_ns, found)
    if found.protocol == _UDP and len(found.data) >= 4:
        return _unread(_UDP_TUNNELS.get(int.from_bytes(found.data[2:4], "big")))
    return _unread(_TUNNELS.get(found.protocol))


def _unread(reason: str | None) -> Unread | None:
    return None if reason is None else Unread(reason)


def _segment(time_ns: int, found: _Transport) -> Segment | Unread | None:
    tcp = found.data
    if len(tcp) < _TCP_HEADER:
        return Unread("TCP header", is_cut=True) if found.cut else None
    source, target, seq, ack, offset, flags = struct.unpack_from(">HHIIBB", tcp)
    head = (offset >> 4) * 4
    payload = tcp[head:] if head >= _TCP_HEADER else b""
    cut = max(0, len(tcp) + found.cut - max(len(tcp), head))
    return Segment(time_ns, (found.source, source), (found.target, target), seq, ack, flags, payload, cut)


def _ethernet(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[12:14], "big"), 14


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
"""Link type: function that returns the EtherType and the offset of what it announces."""


def _ip4(packet: bytes) -> _Transport | Unread | None:
    if len(packet) < 20:
        return Unread("IP header", is_cut=True) if packet else None
    if packet[0] >> 4 != 4:
        return None
    head = (packet[0] & 0x0F) * 4
    total = int.from_bytes(packet[2:4], "big") or len(packet)  # 0: the network card does the segmentation
    protocol = packet[9]
    if head < 20:
        return None
    if int.from_bytes(packet[6:8], "big") & 0x3FFF:
        return Unread("IP fragments") if protocol == _TCP or protocol in _TUNNELS else None
    return _Transport(
        packet[12:16], packet[16:20], protocol, packet[head:total], max(0, total - max(len(packet), head))
    )


def _ip6(packet: bytes) -> _Transport | Unread | None:
    if len(packet) < 40:
        return Unread("IP header", is_cut=True) if packet else None
    if packet[0] >> 4 != 6:
        return None
    following, place = packet[6], 40
    end = 40 + (int.from_bytes(packet[4:6], "big") or len(packet) - 40)
    while following in _IP6_OPTIONS and place + 2 <= len(packet):
        following, place = packet[place], place + 8 * (packet[place + 1] + 1)
    if following == _FRAGMENT and place < len(packet):
        return Unread("IP fragments") if packet[place] == _TCP or packet[place] in _TUNNELS else None
    cut = max(0, end - max(len(packet), place))
    return _Transport(packet[8:24], packet[24:40], following, packet[place:end], cut)


_PROTOCOLS = {_IP4: _ip4, _IP6: _ip6}

"""Synthetic packets: the bytes of a connection as TCP over IP in pcapng, so that Wireshark decodes them fully.

The client's port is the real one where it is free; the server's is always 80, where Wireshark expects HTTP, also for a
connection that was encrypted on 443. The real addresses are in the Host header and in the private blocks.
"""

from __future__ import annotations

import ipaddress
import struct
import zlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from websockets.utils import accept_key

from wsnotebook.files.pcapng.pcapngblocks import ENHANCED, INTERFACE, SECTION, block, option
from wsnotebook.log.connections import Connection

__all__ = ["Conversation", "epb_crc", "preamble", "tcp_payload"]

_RAW_IP = 101  # LINKTYPE_RAW: a packet begins with its IP header
_MAX_PAYLOAD = 60_000  # an IP packet has at most 65,535 bytes
_MAX_FRAMES = 250  # tshark stops at the 500th frame of a segment and decodes the bytes after it wrongly
_FIN, _SYN, _PSH, _ACK = 1, 2, 8, 16
_SERVER_PORT = 80
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # the example of RFC 6455 §1.3, where a log has no handshake
_COMMENT = (
    b"TCP made from a log of WebSocket frames: handshakes are redacted, the server's port is always 80."
)


def preamble() -> bytes:
    """Return the blocks with which a file begins: one section, one interface with times in ns."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    section += option(1, _COMMENT) + option(4, b"wsnotebook") + option(0, b"")
    interface = (
        struct.pack("<HHI", _RAW_IP, 0, 0) + option(2, b"websocket") + option(9, b"\x09") + option(0, b"")
    )
    return block(SECTION, section) + block(INTERFACE, interface)


_WINDOW = 0xFFFF
_IPV4_TCP = struct.Struct(">BBHHHBBH8sIIIHHHH")  # both addresses, and both ports, are a field each
_IPV6_TCP = struct.Struct(">IHBB32sIIIHHHH")
_BLOCK_HEAD = struct.Struct("<IIIIIII")  # type, length, interface, both halves of the time, size twice
_BLOCK_TAIL = struct.Struct("<HHIHHBI3xII")  # options: direction, CRC-32; then the length again
_BLOCK_SIZE = _BLOCK_HEAD.size + _BLOCK_TAIL.size
_LONG = 1024  # bytes from which an array is summed faster than one long number
_PADDINGS = tuple(bytes(size) for size in range(4))

_End: TypeAlias = tuple[bytes, int]
"""IP address and port."""


class Conversation:
    """The TCP connection of one Connection: its addresses, and the sequence number of each side.

    Args:
        connection: its handshake comes first.
        number: of the connection in the log.
        taken: address and port of other connections; those of this one are added.
    """

    def __init__(self, connection: Connection, number: int, taken: set[tuple[str, int]]) -> None:
        self._connection = connection
        local, remote = connection.local_address, connection.remote_address
        client, server = _addresses(local, remote)
        port = local[1] if local else 0
        while not 1024 <= port <= 0xFFFF or (str(client), port) in taken:
            port = port + 1 if 1024 <= port < 0xFFFF else 20_000 + number % 40_000
        taken.add((str(client), port))
        self._next = [1000, 5000]  # sequence numbers: the server's, ours
        ends = (server.packed, _SERVER_PORT), (client.packed, port)
        self._ways = _Way(*ends), _Way(*ends[::-1])

    def handshake(self) -> bytes:
        """Return the packets up to the 101."""
        time_ns = self._connection.opened_ns
        parts = [
            self._packet(True, _SYN, b"", time_ns),
            self._packet(False, _SYN | _ACK, b"", time_ns),
            self._packet(True, _ACK, b"", time_ns),
        ]
        for sent, head in zip((True, False), _heads(self._connection), strict=True):
            parts += self.packets([head], sent, time_ns)
        return b"".join(parts)

    def packets(self, frames: Sequence[bytes], sent: bool, time_ns: int) -> list[bytes]:
        """Return the packets that carry some frames of one direction."""
        if not frames:
            return []
        data = b"".join(frames)
        if len(data) <= _MAX_PAYLOAD and len(frames) <= _MAX_FRAMES:  # as nearly all are
            return [self._packet(sent, _PSH | _ACK, data, time_ns)]
        groups: list[list[bytes]] = [[]]
        size = 0
        for frame in frames:
            if groups[-1] and (size + len(frame) > _MAX_PAYLOAD or len(groups[-1]) == _MAX_FRAMES):
                groups.append([])
                size = 0
            groups[-1].append(frame)
            size += len(frame)
        return [
            self._packet(sent, _PSH | _ACK, joined[start : start + _MAX_PAYLOAD], time_ns)
            for joined in map(b"".join, groups)
            for start in range(0, len(joined), _MAX_PAYLOAD)
        ]

    def _packet(self, sent: bool, flags: int, data: bytes, time_ns: int) -> bytes:
        """Return one packet as an enhanced packet block; ``sent`` by the side that recorded."""
        sequence = self._next[sent]
        acknowledged = self._next[not sent] if flags & _ACK else 0
        self._next[sent] = (sequence + len(data) + (flags & _SYN > 0)) & 0xFFFFFFFF
        header = self._ways[sent].header(sequence, acknowledged, flags, data)
        size = len(header) + len(data)
        padding = -size % 4
        length = _BLOCK_SIZE + size + padding
        crc = zlib.crc32(data, zlib.crc32(header))
        stamp = time_ns & 0xFFFFFFFFFFFFFFFF
        head = _BLOCK_HEAD.pack(ENHANCED, length, 0, stamp >> 32, stamp & 0xFFFFFFFF, size, size)
        tail = _BLOCK_TAIL.pack(2, 4, 2 if sent else 1, 3, 5, 2, crc, 0, length)
        return b"".join((head, header, data, _PADDINGS[padding], tail))


class _Way:
    """One direction of a TCP connection: all of its packets' headers that is the same in each, and the sum of that.

    A checksum is a sum modulo 65,535 (RFC 1071), where it makes no difference which parts are added first.
    """

    def __init__(self, source: _End, target: _End) -> None:
        self._addresses = source[0] + target[0]
        self._ports = source[1] << 16 | target[1]
        self._is_ipv6 = len(source[0]) == 16
        addresses = int.from_bytes(self._addresses, "big")
        self._ip_sum = 0x4500 + 0x4000 + 0x4006 + addresses  # version, don't fragment, 64 hops and TCP
        self._tcp_sum = addresses + 6 + source[1] + target[1] + _WINDOW

    def header(self, sequence: int, acknowledged: int, flags: int, data: bytes) -> bytes:
        """Return the headers of an IP packet with a TCP segment."""
        size, offset_and_flags = 20 + len(data), 0x5000 | flags
        checksum = _complement(
            self._tcp_sum + size + sequence + acknowledged + offset_and_flags + _content_sum(data)
        )
        # the fields of TCP, which follow those of IP
        tcp = self._ports, sequence, acknowledged, offset_and_flags, _WINDOW, checksum, 0
        if self._is_ipv6:
            return _IPV6_TCP.pack(0x60000000, size, 6, 64, self._addresses, *tcp)
        ip_checksum = _complement(self._ip_sum + 20 + size)
        return _IPV4_TCP.pack(0x45, 0, 20 + size, 0, 0x4000, 64, 6, ip_checksum, self._addresses, *tcp)


def _addresses(
    local: tuple[str, int] | None, remote: tuple[str, int] | None
) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return both IP addresses; where one is not known, two that RFC 5737 reserves for documentation."""
    try:
        if local and remote:
            client, server = (ipaddress.ip_address(end[0].partition("%")[0]) for end in (local, remote))
            if client.version == server.version:
                return client, server
    except ValueError:
        pass  # a unix socket, or a name
    return ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address("192.0.2.2")


def _heads(connection: Connection) -> tuple[bytes, bytes]:
    """Return both heads of the handshake: the recorded ones where a dissector can parse them, else generated ones."""
    request, response = connection.request, connection.response
    if not (request.startswith(b"GET ") and request.endswith(b"\r\n\r\n")):
        request = (
            f"GET / HTTP/1.1\r\nHost: {connection.session.encode('ascii', 'replace').decode()}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode("ascii", "replace")
    if not (response.startswith(b"HTTP/1.1 101") and response.endswith(b"\r\n\r\n")):
        response = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_key(_KEY)}\r\n\r\n"
        ).encode()
    return request, response


def _content_sum(data: bytes) -> int:
    """Return a number that is the sum of the big-endian words of a payload, modulo 65,535."""
    summed = len(data) // 4 * 4 if len(data) >= _LONG else 0
    rest = int.from_bytes(data[summed:], "big") << (len(data) % 2 * 8)
    if not summed:
        return rest
    # 211 µs of 60,000 bytes as one long number, 14 as an array: in either order of bytes the sum is the same, swapped
    swapped = int(np.frombuffer(data, "<u4", summed // 4).sum(dtype=np.uint64)) % 0xFFFF
    return int.from_bytes(swapped.to_bytes(2, "little"), "big") + rest


def _complement(total: int) -> int:
    """Return the Internet checksum of a sum (RFC 1071): in one's complement it is the number modulo 65,535."""
    return (0xFFFF - total % 0xFFFF) % 0xFFFF


def tcp_payload(packet: bytes) -> bytes:
    """Return the TCP payload of a packet that Conversation made."""
    return packet[60 if packet[0] >> 4 == 6 else 40 :]


def epb_crc(tail: bytes) -> int | None:
    """Return the CRC-32 in the options of a packet that Conversation made, or None without one."""
    if len(tail) < 21 or tail[8:13] != b"\x03\x00\x05\x00\x02":
        return None
    return int.from_bytes(tail[13:17], "little")

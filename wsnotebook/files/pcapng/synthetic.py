"""Synthetic packets: the bytes of a connection as TCP over IP in pcapng, so that Wireshark decodes them fully.

The client's port is the real one where it is free; the server's is always 80, where Wireshark expects HTTP, also for a
connection that was encrypted on 443. The real addresses are in the Host header and in the private blocks.
"""

from __future__ import annotations

import ipaddress
import struct
import zlib
from collections.abc import Iterator, Sequence

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
        self._ends = ((server.packed, _SERVER_PORT), (client.packed, port))

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

    def packets(self, frames: Sequence[bytes], sent: bool, time_ns: int) -> Iterator[bytes]:
        """Yield the packets that carry some frames of one direction."""
        group: list[bytes] = []
        size = 0
        for frame in frames:
            if group and (size + len(frame) > _MAX_PAYLOAD or len(group) == _MAX_FRAMES):
                yield from self._segments(b"".join(group), sent, time_ns)
                group, size = [], 0
            group.append(frame)
            size += len(frame)
        if group:
            yield from self._segments(b"".join(group), sent, time_ns)

    def _segments(self, data: bytes, sent: bool, time_ns: int) -> Iterator[bytes]:
        for start in range(0, len(data), _MAX_PAYLOAD):
            yield self._packet(sent, _PSH | _ACK, data[start : start + _MAX_PAYLOAD], time_ns)

    def _packet(self, sent: bool, flags: int, data: bytes, time_ns: int) -> bytes:
        """Return one packet as an enhanced packet block; ``sent`` by the side that recorded."""
        source, source_port = self._ends[sent]
        target, target_port = self._ends[not sent]
        acknowledged = self._next[not sent] if flags & _ACK else 0
        size = 20 + len(data)
        ports = struct.pack(">HHII", source_port, target_port, self._next[sent], acknowledged)
        flow = struct.pack(">BBH", 0x50, flags, 0xFFFF)
        pseudo = source + target + struct.pack(">II", size, 6)
        checksum = _checksum(pseudo + ports + flow + b"\0\0\0\0" + data)
        packet = _ip_header(source, target, size) + ports + flow + struct.pack(">HH", checksum, 0) + data
        self._next[sent] = (self._next[sent] + len(data) + (flags & _SYN > 0)) & 0xFFFFFFFF
        stamp = time_ns & 0xFFFFFFFFFFFFFFFF
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(packet), len(packet))
        tail = struct.pack("<HHIHHBI3xI", 2, 4, 2 if sent else 1, 3, 5, 2, zlib.crc32(packet), 0)
        return block(ENHANCED, head + packet + b"\0" * (-len(packet) % 4) + tail)


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


def _ip_header(source: bytes, target: bytes, size: int) -> bytes:
    if len(source) == 16:
        return struct.pack(">IHBB", 0x60000000, size, 6, 64) + source + target
    start = struct.pack(">BBHHHBB", 0x45, 0, 20 + size, 0, 0x4000, 64, 6)
    return start + struct.pack(">H", _checksum(start + source + target)) + source + target


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071): the sum in one's complement is the number modulo 65,535."""
    number = int.from_bytes(data if len(data) % 2 == 0 else data + b"\0", "big")
    return (0xFFFF - number % 0xFFFF) % 0xFFFF


def tcp_payload(packet: bytes) -> bytes:
    """Return the TCP payload of a packet that Conversation made."""
    return packet[60 if packet[0] >> 4 == 6 else 40 :]


def epb_crc(tail: bytes) -> int | None:
    """Return the CRC-32 in the options of a packet that Conversation made, or None without one."""
    if len(tail) < 21 or tail[8:13] != b"\x03\x00\x05\x00\x02":
        return None
    return int.from_bytes(tail[13:17], "little")

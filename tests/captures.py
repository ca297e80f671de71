"""Captures made by hand: TCP packets of a WebSocket, as a pcap file of somebody else."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

CLIENT, SERVER = (b"\x0a\0\0\x01", 40_000), (b"\x0a\0\0\x02", 8765)
GET = (
    b"GET /feed HTTP/1.1\r\nHost: feed.test:8765\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

Packet: TypeAlias = tuple[bool, int, bytes, int]
"""Sent by the client, sequence number, data, TCP flags."""


def ip4(sent: bool, tcp: bytes) -> bytes:
    (source, _), (target, _) = (CLIENT, SERVER) if sent else (SERVER, CLIENT)
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source + target + tcp


def tcp(sent: bool, seq: int, data: bytes, flags: int) -> bytes:
    ports = (CLIENT[1], SERVER[1]) if sent else (SERVER[1], CLIENT[1])
    return struct.pack(">HHIIBBHHH", *ports, seq % (1 << 32), 0, 0x50, flags, 65535, 0, 0) + data


def talk(*data: tuple[bool, bytes], start: int = 1000, answer: bytes = ANSWER) -> list[Packet]:
    """Return a connection that says this, with its three-way handshake; both sides count from ``start``."""
    packets = [(True, start, b"", 2), (False, start, b"", 0x12), (True, start + 1, b"", 0x10)]
    at = {True: start + 1, False: start + 1}
    for sent, part in ((True, GET), (False, answer), *data):
        packets.append((sent, at[sent], part, 0x18))
        at[sent] += len(part)
    return packets


def pcap(
    packets: list[Packet],
    link: int = 101,
    head: bytes = b"",
    ip: Callable[..., bytes] = ip4,
    order: str = "<",
) -> bytes:
    """Return a pcap file of packets, one a millisecond."""
    parts = [struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)]
    for number, (sent, seq, data, flags) in enumerate(packets):
        packet = head + ip(sent, tcp(sent, seq, data, flags))
        parts += [struct.pack(order + "IIII", 1000, number * 1000, len(packet), len(packet)), packet]
    return b"".join(parts)

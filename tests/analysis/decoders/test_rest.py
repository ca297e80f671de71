"""What a peer cuts into very many messages, or puts into one, is read once: by the square of its size it would take hours."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
import zstandard

from wsnotebook.analysis.decoders.rest import Rest

COUNT = 100_000
"""Messages into which one packet is cut, and packets in one message."""
CONNECT = bytes.fromhex("100e00044d5154540402003c00026331")
BODY = bytes(200 * COUNT)
PUBLISH = b"\x30\x83\xda\xc4\x09\0\x01t" + BODY
PACKED = msgpack.packb([1, {}, None, "t", [BODY]])
FRAME = (
    bytes(
        (
            len(PACKED) & 0x7F | 0x80,
            len(PACKED) >> 7 & 0x7F | 0x80,
            len(PACKED) >> 14 & 0x7F | 0x80,
            len(PACKED) >> 21,
        )
    )
    + PACKED
)
SEND = f"SEND\n\n{'x' * len(BODY)}\0"
RECORD = json.dumps({"type": 1, "target": "t", "arguments": ["x" * len(BODY)]}) + "\x1e"


def cut(data: Any) -> list[Any]:
    """The data in a hundred thousand parts."""
    step = -(-len(data) // COUNT)
    return [data[at : at + step] for at in range(0, len(data), step)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "before", "packet"),
    [("mqtt", [CONNECT], PUBLISH), ("signalr", [], FRAME), ("signalr", [], RECORD), ("stomp", [], SEND)],
    ids=["mqtt", "signalr-packed", "signalr-json", "stomp"],
)
def test_a_packet_in_very_many_messages_is_joined_once(
    decoded: Callable[..., Any], name: str, before: list[Any], packet: Any
) -> None:
    """It lies in all of them."""
    parts = cut(packet)
    found = decoded(name, *before, *parts)[-1]
    assert found.error is None and (found.first, found.last) == (len(before), len(before) + len(parts) - 1)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "packet"),
    [
        ("mqtt", b"\x30\x03\0\x01t"), ("stomp", "SEND\na:b\n\nbody\0"), ("signalr", '{"type":6}\x1e'), ("signalr", b"\x02\x91\x06"),
        ("msgpack", b"\x01"), ("json", '{"a":1}\n'),
    ],
)  # fmt: skip
def test_very_many_packets_in_one_message_are_read_once(
    decoded: Callable[..., Any], name: str, packet: Any
) -> None:
    """Each is a row."""
    before = [CONNECT] if name == "mqtt" else []
    found = decoded(name, *before, packet * COUNT)
    assert len(found) == len(before) + COUNT and found[-1].error is None


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "member"),
    [("gzip", gzip.compress(b"a", mtime=0)), ("zstd", zstandard.ZstdCompressor().compress(b"a"))],
)
def test_very_many_members_in_one_message_are_inflated_once(
    decoded: Callable[..., Any], name: str, member: bytes
) -> None:
    """A decompressor copies what follows a member, so that it gets little at a time."""
    (found,) = decoded(name, member * COUNT)
    assert found.error is None and found.value == b"a" * COUNT


def test_a_rest_is_given_when_it_is_enough() -> None:
    """And joined in the order in which it came."""
    rest = Rest()
    assert rest.add(b"a") == b"a" and rest.size == 0
    rest.keep(b"ab", 4)
    assert rest.add(b"c") is None and (rest.size, rest.head(2)) == (3, b"ab")
    assert rest.add(b"de") == b"abcde" and rest.head(2) == b""
    rest.keep(b"a", 0, until=b"!")
    assert rest.add(b"b") is None and rest.add(b"!c") == b"ab!c" and rest.add(b"d") == b"d"

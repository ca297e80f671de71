"""What servers of other makers say to right and wrong frames is the same with and without a proxy in between.

The cases are samples of the groups into which the Autobahn test suite sorts the rules of RFC 6455 and RFC 7692.
"""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from wsnotebook.middle.proxy import proxy

from .conftest import ask, framed

pytestmark = pytest.mark.long

KEY = b"\x01\x02\x03\x04"
_ENOUGH = 10.0  # seconds, of which a working server needs some ms


def close(payload: bytes = b"\x03\xe8") -> bytes:
    """Return a client's close frame."""
    return framed(0x88, payload, KEY)


def deflated(text: bytes) -> bytes:
    """Return a compressed payload."""
    deflate = zlib.compressobj(wbits=-15)
    return (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


CASES = {
    "1 framing: an empty text": framed(0x81, b"", KEY) + close(),
    "1 framing: 125 bytes": framed(0x81, b"*" * 125, KEY) + close(),
    "1 framing: 126 bytes": framed(0x82, b"\xfe" * 126, KEY) + close(),
    "1 framing: 64 KiB": framed(0x82, b"\xfe" * 65536, KEY) + close(),
    "2 pings: without payload": framed(0x89, b"", KEY) + close(),
    "2 pings: of 125 bytes": framed(0x89, b"\xfe" * 125, KEY) + close(),
    "2 pings: too long": framed(0x89, b"\xfe" * 126, KEY),
    "2 pings: a pong that nobody asked for": framed(0x8A, b"?", KEY) + framed(0x89, b"!", KEY) + close(),
    "3 reserved bits: RSV1": framed(0xC1, b"Hello", KEY),
    "3 reserved bits: RSV3 behind a text": framed(0x81, b"a", KEY) + framed(0x91, b"b", KEY),
    "4 opcodes: 3": framed(0x83, b"", KEY),
    "4 opcodes: 11 behind a text": framed(0x81, b"a", KEY) + framed(0x8B, b"", KEY),
    "5 fragments: a text of two": framed(0x01, b"frag", KEY) + framed(0x80, b"ment", KEY) + close(),
    "5 fragments: a ping between": (
        framed(0x01, b"frag", KEY) + framed(0x89, b"?", KEY) + framed(0x80, b"ment", KEY) + close()
    ),
    "5 fragments: a ping in two": framed(0x09, b"pi", KEY) + framed(0x80, b"ng", KEY),
    "5 fragments: a continuation of nothing": framed(0x80, b"?", KEY),
    "5 fragments: a text within a text": framed(0x01, b"a", KEY) + framed(0x81, b"b", KEY),
    "6 UTF-8: right": framed(0x81, "κόσμε 🐙".encode(), KEY) + close(),
    "6 UTF-8: cut between two fragments": (
        framed(0x01, "κ".encode()[:1], KEY) + framed(0x80, "κ".encode()[1:], KEY) + close()
    ),
    "6 UTF-8: wrong": framed(0x81, b"\xce\xba\xed\xa0\x80", KEY),
    "6 UTF-8: wrong in a later fragment": framed(0x01, b"right", KEY) + framed(0x80, b"\xff", KEY),
    "7 close: without a code": close(b""),
    "7 close: a code and a reason": close(b"\x03\xe9bye"),
    "7 close: half a code": close(b"\x03"),
    "7 close: a code that must not be sent": close(b"\x03\xed"),
    "7 close: a reason that is no UTF-8": close(b"\x03\xe8\xff"),
    "7 close: of the application": close(b"\x0f\xa0"),
    "7 close: frames behind it": close() + framed(0x81, b"late", KEY),
    "9 limits: 1 MiB": framed(0x81, b"*" * (1 << 20), KEY) + close(),
    "9 limits: a thousand messages": framed(0x82, b"*", KEY) * 1000 + close(),
    "10 fragments of a fixed size": (
        framed(0x01, b"*" * 1300, KEY) + framed(0x00, b"*" * 1300, KEY) * 49 + framed(0x80, b"", KEY) + close()
    ),
    "12 compression: a text": framed(0xC1, deflated(b"Hello" * 100), KEY) + close(),
    "12 compression: in fragments": (
        framed(0x41, deflated(b"Hello" * 99)[:4], KEY) + framed(0x80, deflated(b"Hello" * 99)[4:], KEY) + close()
    ),
    "12 compression: what does not inflate": framed(0xC1, b"\xff\xff\xff", KEY),
    "13 compression: not used": framed(0x81, b"plain", KEY) + close(),
}  # fmt: skip
"""Bytes that a client sends, by the group and what they are."""


_JUDGED = "12 compression: what does not inflate"
"""Ends the conversation in a proxy that has to inflate."""


class Verdict(NamedTuple):
    """What a server has said."""

    messages: list[tuple[int, bytes]]
    """Opcode and inflated payload of each message."""
    pongs: list[bytes]
    code: bytes
    """First two bytes of its close frame; the words of a server are its own."""


def read_verdict(data: bytes) -> Verdict:
    """Return the verdict in what a server has sent."""
    verdict = Verdict([], [], b"none")
    inflate, parts, begun = zlib.decompressobj(wbits=-15), bytearray(), (0, False)
    while data:
        head, size, at = data[0], data[1], 2
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        payload, data = data[at : at + size], data[at + size :]
        if head & 15 == 10:
            verdict.pongs.append(payload)
        elif head & 15 == 8:
            return verdict._replace(code=payload[:2])
        elif head & 15 < 8:
            begun = (head & 15, head & 0x40 > 0) if head & 15 else begun
            parts += payload
            if head & 0x80:
                whole = inflate.decompress(parts + b"\0\0\xff\xff") if begun[1] else bytes(parts)
                verdict.messages.append((begun[0], whole))
                parts.clear()
    return verdict


async def verdict_of(url: str, sent: bytes, *fields: str) -> Verdict:
    """Send bytes after the handshake, and return what the server says until it ends."""
    async with asyncio.timeout(_ENOUGH):
        port = urlsplit(url).port
        assert port is not None
        peer = await ask(port, *fields)
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.write(sent)
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := await peer.reader.read(1 << 16):
                data += chunk
        peer.writer.close()
    return read_verdict(data)


@pytest.mark.parametrize("options", [{}, {"transparent": True}], ids=["frames", "bytes"])
async def test_a_server_says_the_same_through_a_proxy(
    peer_url: str, compression: str, options: dict[str, Any]
) -> None:
    """Messages, pongs and close code of each case; and some cases are refused, or this would prove nothing."""
    codes, different = set(), {}
    async with proxy(peer_url, proxy=None, **options) as p:
        for name, sent in CASES.items():
            offer = ["Sec-WebSocket-Extensions: permessage-deflate"] if name[:2] in ("12", "13") else []
            if not options and (name == _JUDGED or (name[:2] == "12" and compression == "plain")):
                continue  # there the proxy compresses and inflates for itself
            direct, through = await verdict_of(peer_url, sent, *offer), await verdict_of(p.url, sent, *offer)
            codes.add(direct.code)
            if through != direct:
                different[name] = (direct, through)
    assert not different
    assert len(codes) > 2, codes

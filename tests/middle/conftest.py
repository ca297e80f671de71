"""What tests of the proxy share: an upstream and a client made of bytes, with a proxy between them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

import pytest
from bytepeer import BytePeer, ByteServer

from wsnotebook.middle.proxy import proxy

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Ends(NamedTuple):
    """Both ends of one conversation, and the proxy between them."""

    proxy: proxy
    client: BytePeer
    upstream: BytePeer
    answer: bytes
    """Head of the response that the client got."""


class Converse(Protocol):
    """Opens a conversation through a proxy of its own."""

    def __call__(
        self,
        *fields: str,
        target: str = "/",
        answer: tuple[str, ...] = (),
        early: bytes = b"",
        prepare: Callable[[proxy], None] | None = None,
        **options: Any,
    ) -> AbstractAsyncContextManager[Ends]: ...


def framed(head: int, payload: bytes, key: bytes | None = None, *, form: int = 0) -> bytes:
    """Return a frame; ``form`` is the number of bytes of a length that is longer than it has to be."""
    bit = 0 if key is None else 0x80
    if form == 8 or len(payload) > 0xFFFF:
        size = bytes((bit | 127,)) + len(payload).to_bytes(8, "big")
    elif form == 2 or len(payload) > 125:
        size = bytes((bit | 126,)) + len(payload).to_bytes(2, "big")
    else:
        size = bytes((bit | len(payload),))
    if key is not None:
        payload = bytes(a ^ b for a, b in zip(payload, itertools.cycle(key), strict=False))
    return bytes((head,)) + size + (key or b"") + payload


async def ask(port: int, *fields: str, target: str = "/", rest: bytes = b"") -> BytePeer:
    """Connect, send the request of an opening handshake, and leave the answer unread."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26)
    lines = [f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", *fields, "", ""]
    writer.write("\r\n".join(lines).encode() + rest)
    return BytePeer(reader, writer)


@pytest.fixture
def converse(byte_server: ByteServer) -> Converse:
    """A function that opens a conversation; both ends are bytes."""

    @contextlib.asynccontextmanager
    async def open_one(
        *fields: str,
        target: str = "/",
        answer: tuple[str, ...] = (),
        early: bytes = b"",
        prepare: Callable[[proxy], None] | None = None,
        **options: Any,
    ) -> AsyncIterator[Ends]:
        async with proxy(byte_server.url, proxy=None, **options) as p:
            if prepare is not None:
                prepare(p)
            client = await ask(p.port, *fields, target=target)
            upstream = await byte_server.accept()
            await upstream.upgrade(*answer, early=early)
            head = await client.reader.readuntil(b"\r\n\r\n")
            try:
                yield Ends(p, client, upstream, head)
            finally:
                if not client.writer.is_closing():
                    client.reset()
                while p.sessions and not p.is_stopped:  # noqa: ASYNC110 - so that the record ends with the client's end
                    await asyncio.sleep(0.001)

    return open_one

"""A proxy between clients and servers that others made: Node's ws, aiohttp, tornado, websockets; compressed or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

import aiohttp
import pytest
import pytest_asyncio
import websockets.asyncio.client
from websockets.exceptions import ConnectionClosedError

from wsnotebook.middle.proxy import proxy

pytestmark = pytest.mark.long

LARGE = 20 << 20  # bytes
NAMES = ("client-1", "upstream-1")


@pytest_asyncio.fixture
async def p(peer_url: str) -> AsyncIterator[proxy]:
    """A proxy of it."""
    async with proxy(peer_url, proxy=None) as middle:
        yield middle


async def test_messages_of_websockets_come_back(p: proxy, compression: str) -> None:
    """Each form of the length; 20 MiB; fragments; pings; and the record has them as they were on either wire."""
    texts = ["", "Hello", "grüße 🐙", *("a" * size for size in (125, 126, 65535, 65536))]
    large = Random(1).randbytes(LARGE)
    async with websockets.asyncio.client.connect(p.url, proxy=None, max_size=None) as client:
        for text in texts:
            await client.send(text)
            assert await client.recv() == text
        await client.send([b"frag", b"men", b"ted"])
        assert await client.recv() == b"fragmented"
        await (await client.ping())
        await client.send(large)
        assert await client.recv() == large
    df = p.log.df
    assert (df["status"] == "ok").all()
    sizes = [df[df["session"] == name].query("opcode == 'continuation'")["length"].tolist() for name in NAMES]
    assert sizes[0] == sizes[1] and sum(sizes[0]) == len("mented")
    compressed = df[df["rsv1"]].groupby("session", observed=True).size()
    assert ("upstream-1" in compressed) is (compression == "deflate")
    assert "client-1" in compressed


async def test_messages_of_aiohttp_come_back(p: proxy) -> None:
    """Compressed by another implementation."""
    async with aiohttp.ClientSession() as http, http.ws_connect(p.url, compress=15) as client:
        for size in (5, 1000, 100_000):
            await client.send_str("x" * size)
            assert (await client.receive_str()) == "x" * size


async def test_a_close_with_its_code_reaches_the_client(p: proxy) -> None:
    async with websockets.asyncio.client.connect(p.url, proxy=None) as client:
        await client.send("close me")
        with pytest.raises(ConnectionClosedError) as caught:
            await client.recv()
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4321, "grüße")

"""A proxy between clients and servers that others made: Node's ws, aiohttp, tornado, websockets, Chromium; compressed or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import websockets.asyncio.client
from chromium import debugged_chromium
from websockets.exceptions import ConnectionClosedError

from wsnotebook.lab import embedded_server
from wsnotebook.lab.messages import Response
from wsnotebook.middle.proxy import proxy

PEERS = Path(__file__).parents[1] / "peers"

pytestmark = pytest.mark.long

LARGE = 20 << 20  # bytes
NAMES = ("client-1", "upstream-1")


@pytest.fixture(params=[False, True], ids=["frames", "bytes"])
def transparent(request: pytest.FixtureRequest) -> bool:
    """Whether the proxy hands bytes on."""
    return bool(request.param)


@pytest_asyncio.fixture
async def p(peer_url: str, transparent: bool) -> AsyncIterator[proxy]:
    """A proxy of it."""
    async with proxy(peer_url, proxy=None, transparent=transparent) as middle:
        yield middle


async def test_messages_of_websockets_come_back(p: proxy, compression: str, transparent: bool) -> None:
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
    assert ("client-1" in compressed) is (compression == "deflate" or not transparent)


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


async def test_messages_of_nodes_ws_come_back(p: proxy, ws_folder: Path) -> None:
    """A text, fragments, a ping, 20 MiB, and the close of the server with its words."""
    command = ["node", PEERS / "client.mjs", ws_folder, p.url, str(LARGE)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert json.loads(said) == {
        "texts": ["grüße 🐙", "fragmented"],
        "large": True,
        "pong": "are you there?",
        "code": 4321,
        "reason": "grüße",
    }
    assert (p.log.df["status"] == "ok").all()


_PAGE = """<script>
const socket = new WebSocket("%s"), large = new Uint8Array(20 << 20).fill(7), texts = [];
socket.binaryType = "arraybuffer";
socket.onopen = () => { socket.send("grüße 🐙"); socket.send(large); };
socket.onmessage = ({ data }) => {
  if (typeof data === "string") texts.push(data);
  else {
    texts.push(new Uint8Array(data).every((byte) => byte === 7) && data.byteLength);
    socket.close(3999, "grüße");
  }
};
socket.onclose = ({ code, wasClean }) => fetch("/done", { method: "POST", body: JSON.stringify({ texts, code, wasClean }) });
</script>"""


async def test_messages_of_a_page_in_chromium_come_back(
    chromium: str, transparent: bool, tmp_path: Path
) -> None:
    """It is compressed, as Chromium offers; the page is of the upstream, and its origin is listed."""
    told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def answer(request: Any) -> Response:
        if request.method == "POST":
            told.set_result(await request.read())
            return Response(204)
        return Response(200, (_PAGE % p.url).encode(), {"Content-Type": "text/html; charset=utf-8"})

    async with (
        embedded_server("echo", http=answer) as server,
        proxy(server.url, origins=[server.http_url], transparent=transparent) as p,
    ):
        manager = debugged_chromium(chromium, tmp_path, server.http_url)
        await asyncio.to_thread(manager.__enter__)
        try:
            said = json.loads(await asyncio.wait_for(told, 60))
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)
    assert said == {"texts": ["grüße 🐙", LARGE], "code": 3999, "wasClean": True}
    df = p.log.df
    assert (df["status"] == "ok").all() and df["rsv1"].any()

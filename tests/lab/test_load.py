"""Many clients, many frames: the lab and the session lose nothing, on either side."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect as plain_connect

import wsnotebook
from wsnotebook.lab import Expect, Send, Wait, embedded_server, playback, ticker

pytestmark = pytest.mark.long


async def test_a_hundred_clients_at_once_lose_nothing():
    """Each gets its own ten answers in order, the server has a row for every frame of each."""
    clients, messages = 100, 10

    async def talk(url: str, number: int) -> list[str | bytes]:
        async with plain_connect(url) as client:
            for n in range(messages):
                await client.send(f"{number}: {n}")
            return [await client.recv() for _ in range(messages)]

    async with embedded_server() as server:
        answers = await asyncio.gather(*(talk(server.url, number) for number in range(clients)))
        assert server.accepted == clients
    assert answers == [[f"{number}: {n}" for n in range(messages)] for number in range(clients)]
    texts = server.df.query("opcode == 'text'")
    counts = texts.groupby(["session", "direction"], observed=True).size()
    assert len(counts) == 2 * clients and set(counts) == {messages}
    assert server.errors == []


async def test_both_ends_of_a_fast_feed_have_every_frame():
    """Ten thousand texts as fast as the client reads: in order in its log, and the same in the server's."""
    count = 10_000
    async with embedded_server(ticker(rate=None, count=count)) as server:
        async with wsnotebook.connect(server.url) as session:
            received = [json.loads(text)["seq"] async for text in session]
    assert received == list(range(count))
    ours = session.df.query("direction == 'in' and opcode == 'text'")["text"]
    theirs = server.df.query("direction == 'out' and opcode == 'text'")["text"]
    assert list(ours) == list(theirs) and len(ours) == count


async def test_an_hours_script_in_scaled_time():
    """A recording of an hour, a text a second, played 36,000 times faster: every text, in order."""
    hour = {
        "monotonic": [n * 1_000_000_000 for n in range(3_600)],
        "direction": ["in"] * 3_600,
        "opcode": ["text"] * 3_600,
        "payload": [b"%d" % n for n in range(3_600)],
    }
    async with embedded_server(playback(hour, speed=36_000.0)) as server:
        async with wsnotebook.connect(server.url) as session:
            assert [text async for text in session] == [str(n) for n in range(3_600)]


async def test_a_long_script_is_played_to_its_end():
    """Three thousand steps with a client that follows them."""
    steps = [step for n in range(1_000) for step in (Expect(str(n)), Wait(0), Send(str(n)))]
    async with embedded_server(steps) as server:
        async with wsnotebook.connect(server.url) as session:
            for n in range(1_000):
                await session.send(str(n))
                assert await session.receive() == str(n)
        assert server.errors == []

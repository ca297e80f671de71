"""The named behaviours, each seen from a client: by ``websockets``, or by the bytes where these are the fact."""

from __future__ import annotations

import asyncio
import inspect
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from wsnotebook.lab import (
    BEHAVIOURS,
    VIOLATIONS,
    chat,
    closer,
    echo,
    embedded_server,
    fragments,
    pings,
    playback,
    rude,
    silent,
    slow,
    ticker,
)

RECORDED = ("direction", "opcode", "payload", "monotonic", "fin", "session")
"""Columns of a recording."""


def masked(opcode: int, payload: bytes = b"") -> bytes:
    """Return a client frame whose mask key is zero."""
    return bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4) + payload


@pytest.mark.parametrize("name", sorted(BEHAVIOURS))
async def test_every_name_serves(name: str):
    """Each named behaviour can be had by its name alone, by its maker, and made with defaults; the client is let in."""
    for behaviour in (name, BEHAVIOURS[name], BEHAVIOURS[name]()):
        async with embedded_server(behaviour) as server:
            client = await connect(server.url)
            await client.close()
            assert not server.errors


def test_a_behaviour_says_how_it_was_made():
    """Its repr is the call; the registry has every maker by its own name, and playback, which needs a recording, not."""
    made = [echo(), slow(delay=1), closer(4001, "bye"), rude(violations=["rsv1"])]
    assert list(map(repr, made)) == [
        "echo()",
        "slow(delay=1)",
        "closer(4001, 'bye')",
        "rude(violations=['rsv1'])",
    ]
    assert {maker.__name__ for maker in BEHAVIOURS.values()} == set(BEHAVIOURS)
    assert "playback" not in BEHAVIOURS and repr(playback({name: [] for name in RECORDED})).count("...") == 1


def test_a_maker_keeps_its_signature_and_its_words():
    """``slow?`` and the terminal read both."""
    assert str(inspect.signature(slow)).startswith("(*, delay: 'float' = 1.0)") and "seconds" in slow.__doc__


# ---- echo ----


async def test_echo_keeps_the_type():
    """Text comes back as text, binary as binary, an empty text as an empty text."""
    async with embedded_server(echo()) as server, connect(server.url) as client:
        for message in ("", "text", "größer", b"", b"\x00\xff"):
            await client.send(message)
            assert await client.recv() == message


async def test_echo_of_a_thousand_unread():
    """A client that sends 1000 messages before it reads gets all of them, in order."""
    async with embedded_server("echo") as server, connect(server.url, max_queue=None) as client:
        for n in range(1000):
            await client.send(str(n))
        assert [await client.recv() for _ in range(1000)] == [str(n) for n in range(1000)]


# ---- ticker ----


async def test_ticker_sends_a_market_feed():
    """Texts are JSON with a running seq, one of the symbols, a positive price, a number of shares and a time."""
    async with embedded_server(ticker(rate=None, count=500)) as server, connect(server.url) as client:
        ticks = [json.loads(message) async for message in client]
    assert [tick["seq"] for tick in ticks] == list(range(500))
    assert {tick["symbol"] for tick in ticks} == {"ACME", "BOLT", "CORE", "DUNE"}
    assert {tuple(tick) for tick in ticks} == {("type", "seq", "symbol", "price", "size", "time")}
    assert all(tick["type"] == "tick" and tick["price"] > 0 and tick["size"] >= 100 for tick in ticks)
    assert len({tick["price"] for tick in ticks}) > 100
    assert client.close_code == 1000


async def test_ticker_walk_is_the_seed():
    """The same seed gives the same walk to every session, another seed another one."""

    async def walk(url: str) -> list[float]:
        async with connect(url) as client:
            return [json.loads(message)["price"] async for message in client]

    async with (
        embedded_server(ticker(rate=None, count=50)) as one,
        embedded_server(ticker(rate=None, count=50, seed=2)) as two,
    ):
        first = await walk(one.url)
        assert await walk(one.url) == first != await walk(two.url)


async def test_ticker_size_pads():
    """With a size every text has exactly that many bytes, and is still JSON."""
    async with (
        embedded_server(ticker(rate=None, count=50, size=150)) as server,
        connect(server.url) as client,
    ):
        messages = [message async for message in client]
    assert {len(message) for message in messages} == {150}
    assert all(set(json.loads(message)["pad"]) == {"x"} for message in messages)


async def test_ticker_symbols_are_escaped():
    """A symbol with a quote in it does not break the JSON."""
    behaviour = ticker(rate=None, count=3, symbols=['A"B'])
    async with embedded_server(behaviour) as server, connect(server.url) as client:
        assert [json.loads(message)["symbol"] async for message in client] == ['A"B'] * 3


async def test_ticker_sends_many_in_one_read(raw_upgrade):
    """At a high rate frames go out in batches, whole and in order: 20,000 arrive with nothing lost."""
    async with (
        embedded_server(ticker(rate=100_000, count=20_000, size=120)) as server,
        raw_upgrade(server.port) as (reader, _),
    ):
        data = await reader.readexactly(20_000 * 122)
        assert all(data[n * 122 : n * 122 + 2] == b"\x81\x78" for n in range(20_000))
        assert json.loads(data[-120:])["seq"] == 19_999


async def test_ticker_acknowledges_and_subscribes():
    """Every text is acknowledged; a subscription limits the symbols of what follows; an empty one stops the ticks."""
    async with embedded_server(ticker(rate=1000)) as server, connect(server.url) as client:

        async def ask(text: str) -> dict[str, object]:
            await client.send(text)
            async for message in client:
                answer = json.loads(message)
                if answer["type"] == "ack":
                    return answer
            raise AssertionError("closed")

        assert await ask("hello") == {
            "type": "ack",
            "received": "hello",
            "symbols": ["ACME", "BOLT", "CORE", "DUNE"],
        }
        assert (await ask('{"subscribe": ["BOLT", "NONE"]}'))["symbols"] == ["BOLT"]
        assert {json.loads(await client.recv())["symbol"] for _ in range(20)} == {"BOLT"}
        assert (await ask('{"subscribe": []}'))["symbols"] == []
        await client.send("[" * 100_000)  # too deep for any JSON reader: still only an acknowledgement
        assert json.loads(await client.recv())["type"] == "ack"
        assert not server.errors


def test_ticker_refuses_what_cannot_be():
    """A rate that is not positive and an empty list of symbols raise at once."""
    for wrong in ({"rate": 0}, {"rate": -1}, {"symbols": []}):
        with pytest.raises(ValueError):
            ticker(**wrong)
    with pytest.raises(TypeError, match="speed"):
        ticker(speed=3)  # type: ignore[call-arg]  # that it is refused is the fact


# ---- chat ----


async def test_chat_reaches_everybody():
    """What one says reaches all, the sender too, with the sender's name; comings and goings are announced."""
    async with embedded_server("chat") as server, connect(server.url) as one:
        assert json.loads(await one.recv()) == {"type": "joined", "name": "guest-1", "members": ["guest-1"]}
        async with connect(server.url) as two:
            joined = {"type": "joined", "name": "guest-2", "members": ["guest-1", "guest-2"]}
            assert json.loads(await one.recv()) == json.loads(await two.recv()) == joined
            await one.send("hello")
            said = {"type": "message", "from": "guest-1", "text": "hello"}
            assert json.loads(await one.recv()) == json.loads(await two.recv()) == said
            await two.send(b"\x01")
            assert await one.recv() == await two.recv() == b"\x01"
        assert json.loads(await one.recv()) == {"type": "left", "name": "guest-2", "members": ["guest-1"]}


async def test_chat_without_announcements():
    """announce=False relays messages only."""
    async with embedded_server(chat(announce=False)) as server, connect(server.url) as one:
        await one.send("x")
        assert json.loads(await one.recv())["type"] == "message"


# ---- slow, silent ----


async def test_slow_answers_after_the_delay():
    """Each echo comes no earlier than the delay after the one before: three messages take three delays."""
    loop = asyncio.get_running_loop()
    async with embedded_server(slow(delay=0.05)) as server, connect(server.url) as client:
        start = loop.time()
        for text in "abc":
            await client.send(text)
        assert [await client.recv() for _ in "abc"] == ["a", "b", "c"]
        assert loop.time() - start >= 0.15


async def test_silent_answers_pings_and_nothing_else(raw_upgrade):
    """A message is followed by nothing; a ping by its pong."""
    async with embedded_server("silent") as server, raw_upgrade(server.port) as (reader, writer):
        writer.write(masked(0x1, b"hello") + masked(0x9, b"p"))
        assert await reader.readexactly(3) == b"\x8a\x01p"
        writer.write(masked(0x8, b"\x03\xe8"))
        assert await reader.read() == b"\x88\x02\x03\xe8"


async def test_silent_that_does_not_read_leaves_pings_unanswered(raw_upgrade, until):
    """With reading=False not even a ping is answered; the server still stops."""
    async with embedded_server(silent(reading=False)) as server, raw_upgrade(server.port) as (reader, writer):
        await until(lambda: server.sessions and not server.sessions[0].transport.is_reading())
        writer.write(masked(0x9, b"p"))
        stopping = asyncio.create_task(server.stop(timeout=0.05))
        assert await reader.readexactly(16) == b"\x88\x0e\x03\xe9server stops"  # and no pong before it
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        await stopping


# ---- fragments, pings ----


async def test_fragments_on_the_wire(raw_upgrade):
    """'Hello' in pieces of two: text without FIN, a continuation without, a last one with."""
    async with embedded_server(fragments(size=2)) as server, raw_upgrade(server.port) as (reader, writer):
        writer.write(masked(0x1, b"Hello"))
        assert await reader.readexactly(11) == b"\x01\x02He\x00\x02ll\x80\x01o"
        writer.write(masked(0x2, b"ab"))
        assert await reader.readexactly(4) == b"\x82\x02ab"


async def test_fragments_with_pings_between(raw_upgrade):
    """A ping stands between two fragments, and the message is whole for a client that joins."""
    async with (
        embedded_server(fragments(size=2, ping_between=True, delay=0.001)) as server,
        raw_upgrade(server.port) as (reader, writer),
    ):
        writer.write(masked(0x1, b"abcde"))
        assert await reader.readexactly(4 + 8 + 4 + 8 + 3) == (
            b"\x01\x02ab" + b"\x89\x06ping 1" + b"\x00\x02cd" + b"\x89\x06ping 2" + b"\x80\x01e"
        )
        assert not server.errors


@pytest.mark.parametrize("compression", ["deflate", None])
@pytest.mark.parametrize("message", ["", "a", "größer €", b"", bytes(1000)])
async def test_fragments_join_to_the_message(message: str | bytes, compression: str | None):
    """Cut inside characters, empty, compressed: what the client joins is what it sent."""
    async with (
        embedded_server(fragments(size=1)) as server,
        connect(server.url, compression=compression) as client,
    ):
        await client.send(message)
        assert await client.recv() == message


def test_fragments_have_a_size():
    """A fragment of no bytes would never end."""
    with pytest.raises(ValueError, match="at least 1"):
        fragments(size=0)


async def test_pings_are_numbered_and_stop(raw_upgrade):
    """Pings '1' to '5', and an echo still answers meanwhile and after."""
    async with (
        embedded_server(pings(interval=0.001, count=5)) as server,
        raw_upgrade(server.port) as (reader, writer),
    ):
        assert await reader.readexactly(15) == b"".join(b"\x89\x01%d" % n for n in range(1, 6))
        writer.write(masked(0x1, b"x"))
        assert await reader.readexactly(3) == b"\x81\x01x"


async def test_pings_end_with_the_client():
    """A client that leaves between two pings leaves no task and no error behind."""
    async with embedded_server(pings(interval=60.0)) as server:
        async with connect(server.url) as client:
            await client.send("x")
            assert await client.recv() == "x"
        assert not server.errors


# ---- closer ----


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1013, "later"), (4002, "mine"), (3500, "")])
async def test_closer_closes_at_once(code: int, reason: str):
    """The code and the reason are the first thing that the client learns."""
    async with embedded_server(closer(code, reason)) as server, connect(server.url) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (code, reason)


async def test_closer_after_some_messages():
    """after=2 echoes two messages and closes then."""
    async with embedded_server(closer(after=2)) as server, connect(server.url) as client:
        await client.send("a")
        await client.send("b")
        assert [message async for message in client] == ["a", "b"]


async def test_closer_without_a_code(raw_upgrade):
    """code=None sends a close frame with nothing in it."""
    async with embedded_server(closer(None)) as server, raw_upgrade(server.port) as (reader, writer):
        assert await reader.readexactly(2) == b"\x88\x00"
        writer.write(masked(0x8))
        assert await reader.read() == b""


@pytest.mark.parametrize(
    ("code", "reason"), [(1005, ""), (999, ""), (1006, ""), (1000, "x" * 124), (1000, "é" * 62)]
)
def test_closer_refuses_what_may_not_be_sent(code: int, reason: str):
    """A code that never crosses the wire and a reason that does not fit raise when the behaviour is made."""
    with pytest.raises(ValueError):
        closer(code, reason)


# ---- rude ----


@pytest.mark.parametrize("name", list(VIOLATIONS))
async def test_rude_sends_the_violation(name: str, raw_upgrade):
    """The bytes of the table are on the wire at once when asked for beforehand, and again when the client asks."""
    async with embedded_server(rude([name])) as server, raw_upgrade(server.port) as (reader, writer):
        assert await reader.readexactly(len(VIOLATIONS[name])) == VIOLATIONS[name]
        writer.write(masked(0x1, name.encode()))
        assert await reader.readexactly(len(VIOLATIONS[name])) == VIOLATIONS[name]


# A terabyte is over a limit and no violation; the top bit too, for a client that looks at its limit first.
_FAILED_WITH = {
    "huge-length": 1009,
    "length-top-bit": 1009,
    "bad-utf8": 1007,
    "truncated-utf8": 1007,
    "close-bad-utf8": 1007,
}


@pytest.mark.parametrize("name", sorted(set(VIOLATIONS) - {"after-close"}))
async def test_rude_is_refused_by_a_correct_client(name: str):
    """Each violation makes an independent client fail the connection, with 1007 for UTF-8 and 1009 for the length."""
    async with (
        embedded_server(rude([name])) as server,
        connect(server.url, compression=None, max_size=2**20) as client,
    ):
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.sent is not None and closed.value.sent.code == _FAILED_WITH.get(name, 1002)


async def test_rude_tells_its_names():
    """Any other text is answered with the list, so that one can explore without reading the source."""
    async with embedded_server("rude") as server, connect(server.url) as client:
        await client.send("help")
        assert json.loads(await client.recv()) == {"type": "violations", "names": list(VIOLATIONS)}


def test_rude_refuses_an_unknown_violation():
    """A misspelt name raises at once and lists the names."""
    with pytest.raises(ValueError, match="masked, bad-utf8"):
        rude(["masc"])

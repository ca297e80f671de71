"""The deck of a test: what of a recorded conversation is on its tape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

import wsnotebook
from wsnotebook.cassettes.background import Background
from wsnotebook.cassettes.deck import Deck
from wsnotebook.lab import closer, echo, embedded_server
from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.named import Behaviour

CLOSED = ['{"in": {"close": 4001, "reason": "done"}}', '{"out": {"close": 4001, "reason": "done"}}']


async def opened(url: str, *offered: Subprotocol) -> ClientConnection:
    """Return a client."""
    return await connect(url, proxy=None, subprotocols=offered or None)


async def talk(url: str) -> ClientConnection:
    """Return a client whose message was answered."""
    client = await opened(url)
    await client.send("a")
    await client.recv()
    return client


@pytest.mark.parametrize(
    ("behaviour", "leaves", "closes"),
    [
        (echo(), False, []),
        (echo(), True, ['{"out": {"close": 1000, "reason": ""}}', '{"in": {"close": 1000, "reason": ""}}']),
        (closer(4001, "done", after=1), True, CLOSED),
    ],
    ids=["the proxy", "the client", "the server"],
)
def test_a_close_is_on_the_tape_where_client_or_server_sent_it(
    behaviour: Behaviour, leaves: bool, closes: list[str], tmp_path: Path
) -> None:
    """That of the proxy, which ends with the test, is not: a tape would play it as one of the server."""
    server = embedded_server(behaviour)
    with Background() as background:
        background.run(server.__aenter__())
        deck = Deck(tmp_path, "x", "once", background)
        client = background.run(talk(deck(server.url)))
        if leaves:
            background.run(client.close())
        assert deck.stop(is_failed=False) == []
        background.run(client.close())
        background.run(server.stop())
    lines = (tmp_path / "x.jsonl").read_text().splitlines()
    assert lines == ['{"cassette": 1}', '{"connection": 1}', '{"out": "a"}', '{"in": "a"}', *closes]


def test_a_client_that_says_nothing_is_a_connection_of_the_tape(tmp_path: Path) -> None:
    """A test that opens it again opens as many as were recorded."""
    server = embedded_server()
    with Background() as background:
        background.run(server.__aenter__())
        deck = Deck(tmp_path, "x", "once", background)
        client = background.run(opened(deck(server.url)))
        assert deck.stop(is_failed=False) == []
        background.run(client.close())
        background.run(server.stop())
    assert (tmp_path / "x.jsonl").read_text() == '{"cassette": 1}\n{"connection": 1}\n'


def test_each_connection_of_a_tape_has_its_subprotocol(tmp_path: Path) -> None:
    """The lab's own choice, the first that is offered, is that of tapes which have none."""
    tape = [
        '{"cassette": 1}',
        '{"connection": 1, "offered": ["mqtt", "wamp"], "subprotocol": "wamp"}',
        '{"connection": 2, "offered": ["mqtt", "wamp"], "subprotocol": null}',
        '{"connection": 3}',
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(tape))
    with Background() as background:
        deck = Deck(tmp_path, "x", "none", background)
        url = deck("ws://127.0.0.1:9/")
        clients = [background.run(opened(url, Subprotocol("mqtt"), Subprotocol("wamp"))) for _ in range(3)]
        for client in clients:
            background.run(client.close())
        assert deck.stop(is_failed=False) == []
    assert [client.subprotocol for client in clients] == ["wamp", None, "mqtt"]


async def say(url: str) -> None:
    """Connect, send a message, and leave when the connection has ended."""
    async with wsnotebook.connect(url, proxy=None) as session:
        await session.send("a")
        await session.close_reason


@pytest.mark.parametrize(
    ("wire", "problem"),
    [
        (b"\xa1\x01a", "the server sent .* a reserved bit"),
        (b"\x81\x02\xff\xfe", "the server sent .* not UTF-8"),
        (b"\x88\x01\x03", "the server sent .* a close payload of one byte"),
        (b"\x88\x03\x03\xe8\xff", "the server sent .* a close message that is not UTF-8"),
        (b"\x81\x81abcd\x00", "the server sent .* must not mask"),
        (b"\x83\x02\x03\xe8", "the server sent .* the opcode"),
        (b"\xa1\x64partial", "the server sent .* a reserved bit"),
        (b"\x88\x02\x03\xe8\x81\x01a", None),
    ],
    ids=["RSV2", "text", "short close", "close", "mask", "opcode", "cut", "after a close"],
)
def test_what_is_no_message_is_on_no_tape(wire: bytes, problem: str | None, tmp_path: Path) -> None:
    """A tape would have a valid message of it; a client does not look at what comes after a close."""

    async def behaviour(session: LabConnection) -> None:
        await session.recv()
        await session.send_raw(wire)
        session.transport.close()

    server = embedded_server(behaviour)
    with Background() as background:
        background.run(server.__aenter__())
        deck = Deck(tmp_path, "x", "once", background)
        background.run(say(deck(server.url)))
        problems = deck.stop(is_failed=False)
        background.run(server.stop())
    assert (tmp_path / "x.jsonl").exists() == (not problems)
    if problem is None:
        assert problems == []
    else:
        assert re.search(f"x.jsonl is not written: {problem}", problems[0])

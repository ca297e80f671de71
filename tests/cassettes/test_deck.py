"""The deck of a test: what of a recorded conversation is on its tape."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from wsnotebook.cassettes.background import Background
from wsnotebook.cassettes.deck import Deck
from wsnotebook.lab import closer, echo, embedded_server
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

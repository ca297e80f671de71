"""Recorded clients of other makers sent again: each recorded reply comes, from their recordings played as servers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from programs import PROGRAMS, RECORDINGS

import wsnotebook
from wsnotebook.lab import embedded_server, playback
from wsnotebook.replaying.replayed import Replayed
from wsnotebook.replaying.target import subprotocols_of

pytestmark = pytest.mark.filterwarnings("ignore:secrets of the recording")


async def again(name: str, *, ids: Any = None, **options: Any) -> Replayed:
    """Replay a recorded client on a server that plays the same recording, which has to be asked all that it has."""
    log = wsnotebook.load(RECORDINGS / f"{name}.jsonl")
    async with embedded_server(playback(log, speed=None, **options)) as server:
        done = await wsnotebook.replay(log, server.url, speed=None, rewrite=ids)
        await server.stop(grace=5)
        assert server.errors == []
    assert done.unanswered == ()
    return done


@pytest.mark.parametrize("name", PROGRAMS)
async def test_nothing_is_missing(name: str) -> None:
    """Nor changed, nor in another order; a client that never said good-bye is closed."""
    found = (await again(name, match="equal")).compare()
    assert found.missing.empty and found.changed.empty and found.reordered.empty
    assert set(found.extra["message"]) <= {"close 1000"}


@pytest.mark.parametrize(
    ("name", "key"),
    [("lsp", "id"), ("phoenix-1", "ref"), ("phoenix-2", "[1]"), ("signalr-json", "invocationId")],
)
async def test_nothing_is_missing_by_the_ids_of_requests(name: str, key: str) -> None:
    """Of those that write JSON."""
    found = (await again(name, key=key)).compare()
    assert found.missing.empty and found.changed.empty and found.reordered.empty


@pytest.mark.parametrize(("name", "offered"), [("mcp", ["mcp"]), ("wamp-cbor", ["wamp.2.cbor"]), ("lsp", [])])
def test_the_subprotocol_is_offered_again(name: str, offered: list[str]) -> None:
    """That of the Model Context Protocol is no secret."""
    assert subprotocols_of(wsnotebook.load(RECORDINGS / f"{name}.jsonl")) == offered


async def test_a_client_with_new_ids() -> None:
    """Its cancel names its request, its answer the request of the server, and progress comes with the request's token."""
    numbers = itertools.count(1)
    done = await again("lsp", ids={"id": lambda _: next(numbers)}, key="id", rewrite=True, unordered=True)
    found = done.compare(ignore=["id"])
    assert found.missing.empty and found.changed.empty
    live = done.log.df.ws.pairs()
    assert live["id"][live["direction"] == "out"].tolist() == [1, 2, 4, 5, 6]  # 3 was the id of an answer
    assert live["outcome"].tolist() == done.recorded.df.ws.pairs()["outcome"].tolist()

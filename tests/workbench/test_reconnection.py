"""%ws connect --reconnect: one name and one log, through losses, until somebody closes."""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import weakref
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from wsnotebook.errors import ConnectError, SessionClosed
from wsnotebook.files.loading import load
from wsnotebook.lab import embedded_server
from wsnotebook.lab.server import EmbeddedServer
from wsnotebook.workbench import Workbench, WorkbenchError
from wsnotebook.workbench.verb import Call
from wsnotebook.workbench.verbs import VERBS

PATIENCE = 10.0  # seconds for what takes less than one


async def obey(session: Any) -> None:
    """Echo, but lose the connection at "lose", and close with a code at its number."""
    async for message in session:
        if message == "lose":
            session.transport.abort()
        elif message == "1005":
            await session.close_empty()
        elif message.isdecimal():
            await session.close(int(message))
        else:
            await session.send(message)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    async with embedded_server(obey) as server:
        yield server


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Workbench]:
    """A bench of its own, after which no task is left."""
    before = asyncio.all_tasks()
    bench = Workbench()
    yield bench
    for name in bench.sessions:
        await do(bench, "close", name=name)
    await until(lambda: not asyncio.all_tasks() - before - {asyncio.current_task()})


async def do(bench: Workbench, verb: str, **fields: Any) -> Any:
    """Use a verb as a cell does."""
    declared = VERBS[verb]
    result = declared.run(bench, declared.read(fields))
    return await result if declared.waits else result


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is looked at here is told to nobody
            await asyncio.sleep(0.001)


async def lose(bench: Workbench) -> Any:
    """Lose the current session; return the one that has ended."""
    session = bench.get()
    await session.send("lose")
    assert (await session.close_reason).code == 1006
    return session


async def test_a_lost_session_is_followed_by_one_of_its_name_and_log(
    bench: Workbench, server: EmbeddedServer
) -> None:
    """The verbs mean the new one; the frames of both are in one DataFrame, and each attempt is an event."""
    said = await do(bench, "connect", url=server.url, name="feed", reconnect=True)
    assert str(said).startswith("feed is open")
    first = bench.get()
    await do(bench, "send", text="a")
    assert await do(bench, "recv") == "a"
    await lose(bench)
    await until(lambda: bench.get("feed").state == "open")
    second = bench.get("feed")
    assert second is not first
    assert list(bench.sessions) == ["feed"]
    await do(bench, "send", text="b")
    assert await do(bench, "recv") == "b"
    assert second.log is first.log
    df = await do(bench, "df")
    assert df.query("direction == 'in' and opcode == 'text'")["text"].tolist() == ["a", "b"]
    assert sorted(set(df["attempt"])) == [0, 1]
    assert set(df["session"]) == {"feed"}
    kinds = second.log.events["kind"].tolist()
    assert (kinds.count("connecting"), kinds.count("reconnect")) == (2, 1)


async def test_a_close_leaves_the_whole_recording_in_its_file(
    bench: Workbench, server: EmbeddedServer, tmp_path: Path
) -> None:
    """Of all sessions; the next cell may load it."""
    await bench.connect(server.url, name="feed", reconnect=True, record=tmp_path / "feed.pcapng")
    session = await lose(bench)
    await until(lambda: bench.get().state == "open")
    await do(bench, "close")
    assert load(tmp_path / "feed.pcapng").df["opcode"].tolist() == session.df["opcode"].tolist()
    assert session.df["opcode"].tolist() == ["text", "close", "close"]


async def test_the_ended_session_says_where_the_new_one_is(bench: Workbench, server: EmbeddedServer) -> None:
    """A variable of a cell still points at it."""
    first = await bench.connect(server.url, name="my feed", reconnect=True)
    await lose(bench)
    await until(lambda: bench.get().state == "open")
    for attempt in (first.send("x"), first.receive(), first.ping()):
        with pytest.raises(
            SessionClosed, match='connected anew, .* write session = %ws session --name "my feed"'
        ):
            await attempt
    assert await do(bench, "session", name="my feed") is bench.get()


@pytest.mark.parametrize("verb", ["close", "terminate"])
async def test_our_own_end_is_the_end(bench: Workbench, server: EmbeddedServer, verb: str) -> None:
    """Of the session that is open, also from Python."""
    session = await bench.connect(server.url, reconnect=True)
    await do(bench, verb)
    await session.close()
    assert bench.status_of(session.name) == "closed"
    assert server.accepted == 1


@pytest.mark.parametrize("code", [1000, 1001, 1005])
async def test_a_normal_close_of_the_peer_is_the_end(
    bench: Workbench, server: EmbeddedServer, code: int
) -> None:
    """Nobody asked for more."""
    session = await bench.connect(server.url, reconnect=True)
    await session.send(str(code))
    assert (await session.close_reason).code == code
    await until(lambda: session.state == "closed")
    await until(lambda: bench.status_of(session.name) == "closed")
    assert "reconnect" not in session.log.events["kind"].tolist()


async def test_another_close_of_the_peer_is_a_loss(bench: Workbench, server: EmbeddedServer) -> None:
    """1012 asks for a new connection."""
    session = await bench.connect(server.url, reconnect=True)
    await session.send("1012")
    await until(lambda: bench.get() is not session)
    assert bench.get().state == "open"


@pytest.mark.parametrize("verb", ["close", "terminate"])
async def test_between_two_sessions_the_list_says_so_and_a_close_ends_it(bench: Workbench, verb: str) -> None:
    """The server loses the first connection and refuses all others, until the person gives up."""
    async with serve(lose_it, "127.0.0.1", 0, process_request=refuse_all_but_one()) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        session = await bench.connect(url, name="feed", reconnect=True, proxy=None)
        await until(lambda: "(attempt 3)" in bench.status_of("feed"))
        [state] = (await do(bench, "list"))["state"]
        assert re.fullmatch(r"reconnecting in \d s \(attempt 3\)", state)
        with pytest.raises(SessionClosed, match="connected anew, %ws list shows when"):
            await do(bench, "send", text="too early")
        with pytest.raises(WorkbenchError, match=r"'feed' is reconnecting in .*: close it"):
            await bench.connect(url, name="feed")
        said = await do(bench, verb)
        assert str(said).endswith("; it is not connected again")
        assert bench.status_of("feed") == "closed"
        with pytest.raises(SessionClosed, match="Open a new one"):
            await do(bench, "send", text="too late")
        events = session.log.events.query("kind == 'reconnect'")["detail"].tolist()
        assert "attempt 0 ended with 1006" in events[0]
        assert "attempt 1 failed: status 503 Service Unavailable; next in" in events[1]
        assert events[-1] == "it is not connected again: closed by the user"


async def lose_it(connection: ServerConnection) -> None:
    connection.transport.abort()


def refuse_all_but_one() -> Callable[[ServerConnection, Request], Response | None]:
    numbers = itertools.count()

    def process(connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(503, "busy") if next(numbers) else None

    return process


async def test_a_failure_that_time_does_not_mend_ends_it(bench: Workbench) -> None:
    """It is an event, as no cell waits for it."""

    def process(connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(403, "no") if next(numbers) else None

    numbers = itertools.count()
    async with serve(lose_it, "127.0.0.1", 0, process_request=process) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/?token=s3cret"
        session = await bench.connect(url, name="feed", reconnect=True, proxy=None)
        await until(lambda: session.state == bench.status_of("feed") == "closed")
        detail = session.log.events.iloc[-1]["detail"]
        assert detail.startswith("it is not connected again: ")
        assert "403 Forbidden" in detail
        assert "s3cret" not in detail


async def test_a_removed_session_is_freed(bench: Workbench, server: EmbeddedServer) -> None:
    """What has dialled it does not keep it."""
    session = await bench.connect(server.url, name="feed", reconnect=True)
    await do(bench, "close")
    freed = weakref.ref(session)
    del session
    bench.remove("feed")
    gc.collect()
    assert freed() is None


async def test_the_first_attempt_is_made_once(bench: Workbench) -> None:
    """A wrong address is told, and not tried for ever."""
    with pytest.raises(ConnectError):
        await bench.connect("ws://127.0.0.1:1/", name="feed", reconnect=True, proxy=None)
    assert bench.sessions == {}


async def test_an_ended_session_is_dialled_again_by_a_verb(bench: Workbench, server: EmbeddedServer) -> None:
    """Name and log go on, the verbs mean the new one, and the ended one says so."""
    first = await bench.connect(server.url, name="feed")
    with pytest.raises(ValueError, match="feed is open: close it"):
        await do(bench, "reconnect")
    await do(bench, "close")
    assert str(await do(bench, "reconnect")) == f"feed is open: {server.url}"
    second = bench.get()
    assert second is not first and second.log is first.log and list(bench.sessions) == ["feed"]
    with pytest.raises(SessionClosed, match="session = %ws session --name feed"):
        await first.send("x")
    await lose(bench)
    await until(lambda: bench.status_of("feed") == "closed")


async def test_what_was_connected_again_and_again_is_so_after_a_close(
    bench: Workbench, server: EmbeddedServer
) -> None:
    """A person who dials again wants what --reconnect said: the next loss is followed by another session."""
    first = await bench.connect(server.url, name="feed", reconnect=True)
    await do(bench, "close")
    assert bench.status_of("feed") == "closed"
    await do(bench, "reconnect")
    second = await lose(bench)
    assert second is not first
    await until(lambda: bench.get("feed").state == "open")
    assert bench.get("feed") is not second and server.accepted == 3


async def test_who_dials_again_is_told_that_the_recording_has_ended(
    bench: Workbench, server: EmbeddedServer, tmp_path: Path
) -> None:
    """The file stays as it was written: it could not be told whose frames were appended."""
    await bench.connect(server.url, name="feed", record=tmp_path / "feed.pcapng")
    await do(bench, "close")
    before = (tmp_path / "feed.pcapng").read_bytes()
    assert "not recorded any more: session.log.record_to(path)" in str(await do(bench, "reconnect"))
    await do(bench, "close")
    assert (tmp_path / "feed.pcapng").read_bytes() == before


async def test_the_end_of_a_server_cannot_be_dialled(bench: Workbench, server: EmbeddedServer) -> None:
    """Of a session of nobody's connect(), nothing is known that could be dialled."""
    await bench.connect(server.url)
    with pytest.raises(ValueError, match=r"only what connect\(\) opened"):
        await VERBS["reconnect"].action(Call(Namespace(), server.sessions[0]))

"""connect(record=…): begun before the first frame, ended with the session, and nothing left of what never opened."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wsnotebook
from wsnotebook import ConnectError, FrameLog, connect, lab

if TYPE_CHECKING:
    from tests.session.conftest import Io

Until = Callable[[Callable[[], object]], Awaitable[None]]

GONE = "ws://127.0.0.1:1/"


@pytest.fixture(autouse=True)
def no_marker_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def recorders() -> list[str]:
    """Names of threads that write recordings."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("journal", "parts"))]


@pytest.mark.parametrize("name", ["feed.pcapng", "feed/"])
async def test_a_recording_is_whole_when_the_block_is_left(io: Io, tmp_path: Path, name: str) -> None:
    """Both close frames and the last events are in it, its file is closed, and it loads."""
    path = f"{tmp_path}/{name}"
    async with lab.embedded_server("echo") as server:
        async with connect(server.url, record=path, io=io, proxy=None) as session:
            await session.send("hello")
            assert await session.receive() == "hello"
            assert session.log.recording == Path(path)
        assert session.log.recording is None and recorders() == []
    assert session.log.events.kind.iloc[-1] == "journal off"
    loaded = wsnotebook.load(path)
    assert loaded.df.equals(session.df)
    assert {"journal on", "open", "closed"} <= set(loaded.events.kind)


async def test_a_peer_that_ends_the_session_ends_the_recording(tmp_path: Path, io: Io, until: Until) -> None:
    """Also one that closes before connect() has returned; nobody has to call close()."""
    async with lab.embedded_server(lab.closer(1013, "later")) as server:
        session = await connect(server.url, record=tmp_path / "closed.pcapng", io=io, proxy=None)
        await session.close_reason
        await until(lambda: session.log.recording is None and recorders() == [])
        await session.close()
    assert len(wsnotebook.load(tmp_path / "closed.pcapng")) == len(session.log) == 2


@pytest.mark.parametrize("name", ["feed.pcapng", "feed/"])
async def test_a_connection_that_never_opened_leaves_nothing(tmp_path: Path, name: str) -> None:
    """No file, no thread; the same line works when the server is up."""
    path = f"{tmp_path}/{name}"
    with pytest.raises(ConnectError):
        await connect(GONE, record=path, proxy=None)
    assert [name for name in os.listdir(tmp_path) if name != "state"] == [] and recorders() == []
    async with (
        lab.embedded_server("echo") as server,
        connect(server.url, record=path, proxy=None) as session,
    ):
        await session.send("hello")
    assert len(wsnotebook.load(path)) == len(session.log)


async def test_a_failed_connection_keeps_what_others_have_recorded(tmp_path: Path) -> None:
    """The log has frames of an earlier session: the file that was begun has them, and stays."""
    log, path = FrameLog(), tmp_path / "both.pcapng"
    async with lab.embedded_server("echo") as server:
        async with connect(server.url, log=log, proxy=None) as session:
            await session.send("hello")
        with pytest.raises(ConnectError):
            await connect(GONE, log=log, record=path, proxy=None)
    assert len(wsnotebook.load(path)) == len(log) > 0


async def test_a_recording_that_somebody_else_began_is_not_ended(tmp_path: Path) -> None:
    """log.record_to() is for several sessions: they come and go, and stop_recording() ends it."""
    log, path = FrameLog(), tmp_path / "log.pcapng"
    log.record_to(path)
    async with lab.embedded_server("echo") as server:
        for text in ("one", "two"):
            async with connect(server.url, log=log, record=path, proxy=None) as session:
                await session.send(text)
            assert log.recording == path
    log.stop_recording()
    assert wsnotebook.load(path).df.equals(log.df)


async def test_sessions_that_share_a_recording_end_it_together(tmp_path: Path) -> None:
    """With the last of them, also where another one never opened: the file has all rows of the log."""
    log, path = FrameLog(), tmp_path / "both.pcapng"
    async with lab.embedded_server("echo") as server:
        first = await connect(server.url, log=log, record=path, proxy=None)
        second = await connect(server.url, log=log, record=path, proxy=None)
        with pytest.raises(ConnectError):
            await connect(GONE, log=log, record=path, proxy=None)
        await first.close()
        assert log.recording == path
        await second.send("after")
        await second.close()
        assert log.recording is None and recorders() == []
    assert wsnotebook.load(path).df.equals(log.df)


async def test_a_recording_that_is_begun_again_by_hand_outlives_the_session(tmp_path: Path) -> None:
    """record_to() with the path of the session: from then on stop_recording() ends it."""
    log, path = FrameLog(), tmp_path / "log.pcapng"
    async with lab.embedded_server("echo") as server:
        async with connect(server.url, log=log, record=path, proxy=None):
            log.record_to(path)
        assert log.recording == path
    assert log.stop_recording() == path


async def test_one_recording_goes_on_over_all_attempts(tmp_path: Path, until: Until) -> None:
    """Two that the server ends, then the loop is left: one file has both."""
    path = tmp_path / "attempts.pcapng"
    sessions: list[Any] = []
    async with lab.embedded_server(lab.closer(1012, "restarting")) as server:
        async for session in connect(server.url, record=path, proxy=None):
            sessions.append(session)
            await session.close_reason
            if len(sessions) == 2:
                break
        await sessions[-1].close()
    log = sessions[0].log
    await until(
        lambda: log.recording is None and recorders() == []
    )  # nobody can await the end of a loop left
    assert wsnotebook.load(path).df["attempt"].max() == 1

"""What tests of sessions share: both places of the pump, a peer made of bytes, and the check that nothing outlives its test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any, Literal, Protocol

import pytest
import pytest_asyncio
from bytepeer import BytePeer, ByteServer

from wsnotebook.session.client import connect
from wsnotebook.session.default import DefaultClientWebSocketSession
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.session.state import SessionState

Io = Literal["kernel", "thread"]


@pytest.fixture(params=["kernel", "thread"])
def io(request: pytest.FixtureRequest) -> Any:
    """Where the pump lives: every behaviour holds in both places."""
    return request.param


@pytest_asyncio.fixture(autouse=True)
async def nothing_outlives_its_session() -> AsyncIterator[None]:
    """No task and no thread is left when a test and its fixtures are done."""
    threads = set(threading.enumerate())
    tasks = asyncio.all_tasks()
    yield
    tasks.add(_current())
    deadline = asyncio.get_running_loop().time() + 2.0
    while (left := _left(tasks, threads)) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    assert not left


def _current() -> asyncio.Task[Any]:
    current = asyncio.current_task()
    assert current is not None
    return current


def _left(tasks: set[asyncio.Task[Any]], threads: set[threading.Thread]) -> list[object]:
    new_threads = set(threading.enumerate()) - threads
    # the executor of a loop, which resolves names, ends with its loop
    return [
        *(asyncio.all_tasks() - tasks),
        *(thread for thread in new_threads if not thread.name.startswith("asyncio_")),
    ]


class Opener(Protocol):
    """What ``opened`` is: it takes the options of connect() and returns both ends."""

    async def __call__(
        self, *answer: str, early: bytes = b"", **options: Any
    ) -> tuple[DefaultClientWebSocketSession, BytePeer]: ...


class RawOpener(Protocol):
    """What ``opened_raw`` is."""

    async def __call__(
        self, *answer: str, early: bytes = b"", **options: Any
    ) -> tuple[ClientWebSocketSession, BytePeer]: ...


@pytest_asyncio.fixture
async def _open(byte_server: ByteServer, io: Io) -> AsyncIterator[Any]:
    sessions: list[ClientWebSocketSession] = []

    async def open_session(
        *answer: str, early: bytes = b"", **options: Any
    ) -> tuple[ClientWebSocketSession, BytePeer]:
        async def serve() -> BytePeer:
            peer = await byte_server.accept()
            await peer.upgrade(*answer, early=early)
            return peer

        serving = asyncio.create_task(serve())
        session = await connect(byte_server.url, io=io, proxy=None, **options)
        sessions.append(session)
        return session, await serving

    yield open_session
    for session in sessions:
        if session.state is not SessionState.CLOSED:
            session.terminate()
        await session.close()


@pytest.fixture
def opened(_open: Any) -> Any:
    """``session, peer = await opened(early=…, **options)``: a default session and the bytes at its other end."""

    async def open_default(*answer: str, early: bytes = b"", **options: Any) -> Any:
        options.setdefault("compression", None)
        return await _open(*answer, early=early, **options)

    return open_default


@pytest.fixture
def opened_raw(_open: Any) -> Any:
    """``session, peer = await opened_raw(early=…, **options)``: a raw session and the bytes at its other end."""

    async def open_raw(*answer: str, early: bytes = b"", **options: Any) -> Any:
        return await _open(*answer, early=early, raw=True, **options)

    return open_raw

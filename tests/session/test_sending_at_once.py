"""What is sent leaves before the cell goes on to block: the peer reads it while the loop of the notebook stands still."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import socket
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio

from wsnotebook import connect
from wsnotebook.session.session import ClientWebSocketSession

if TYPE_CHECKING:
    from tests.session.conftest import Io

FRAME = 6 + 1
"""Bytes of a masked frame with a payload of one byte."""
PATIENCE = 10.0
"""Seconds after which a read of the peer gives up, so that a failing test ends."""
WORK = 0.02
"""Seconds that a cell works between two frames."""


def accept(listener: socket.socket) -> socket.socket:
    """Accept and upgrade one connection, without an event loop."""
    peer = listener.accept()[0]
    peer.settimeout(PATIENCE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.recv(65536)
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)
    assert key is not None
    digest = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    peer.sendall(upgrade + b"Sec-WebSocket-Accept: " + digest + b"\r\n\r\n")
    return peer


def read(peer: socket.socket, count: int) -> bytes:
    """Block this thread, and with it the notebook's loop, until so many bytes came."""
    data = b""
    while len(data) < count:
        data += peer.recv(count - len(data))
    return data


@pytest_asyncio.fixture
async def ends(io: Io) -> AsyncIterator[tuple[ClientWebSocketSession, socket.socket]]:
    """A session, and the blocking socket of its peer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = asyncio.get_running_loop().run_in_executor(None, accept, listener)
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        session = await connect(url, io=io, proxy=None, compression=None)
        with await accepting as peer:
            yield session, peer
            session.terminate()
            await session.close()


async def test_a_frame_leaves_before_a_blocking_cell(
    ends: tuple[ClientWebSocketSession, socket.socket],
) -> None:
    """The loop does not come round between the send and the end of the peer's read."""
    session, peer = ends
    await session.send("x")
    assert read(peer, FRAME)[0] == 0x81


async def test_frames_leave_while_a_cell_sends_and_works(
    ends: tuple[ClientWebSocketSession, socket.socket],
) -> None:
    """All but the last two of a loop that never waits, and yet gives the loop its turns."""
    session, peer = ends
    for _ in range(10):
        await session.send("x")
        time.sleep(WORK)  # noqa: ASYNC251 - a cell that computes
    assert len(read(peer, 8 * FRAME)) == 8 * FRAME


async def test_a_close_with_nothing_before_it_leaves_in_the_same_turn_of_the_loop(
    ends: tuple[ClientWebSocketSession, socket.socket],
) -> None:
    """Where the connection lives on this loop; its row is in the log, and is the only one."""
    session, peer = ends
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await session.close(wait=False)
    if session.thread is None:
        assert turns == []
    assert read(peer, FRAME + 1)[:1] == b"\x88"
    assert list(session.df.opcode) == ["close"]


async def test_a_close_follows_the_frames_that_wait(
    ends: tuple[ClientWebSocketSession, socket.socket],
) -> None:
    """A burst shares one write; its close is the last of it."""
    session, peer = ends
    for _ in range(3):
        await session.send("x")
    await session.close(wait=False)
    read(peer, 3 * FRAME)
    assert read(peer, FRAME + 1)[:1] == b"\x88"
    assert list(session.df.opcode) == ["text"] * 3 + ["close"]

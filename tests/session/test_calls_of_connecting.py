"""How many functions of this package a session passes from connect() to the end of close(): time follows it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from calls import calls_of_ours

from wsnotebook import connect

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer

MOST = 326
"""Python functions of ours, each coroutine that goes on counted once more."""
SESSIONS = 10


async def test_connecting_and_closing_are_few_calls(byte_server: ByteServer) -> None:
    """The cheapest of some sessions, as the first one loads modules, and a tick of the heartbeat may come between."""
    found = []
    for _ in range(SESSIONS):
        with calls_of_ours() as names:
            opening = asyncio.ensure_future(
                connect(byte_server.url, compression=None, proxy=None, io="kernel")
            )
            peer = await byte_server.accept()
            await peer.upgrade()
            session = await opening
            closing = asyncio.ensure_future(session.close())
            await peer.read_frame()
            await peer.send(b"\x88\x02\x03\xe8")
            peer.hang_up()
            reason = await closing
        assert reason.code == 1000
        found.append(names)
    assert len(min(found, key=len)) <= MOST, min(found, key=len)

"""How many objects an open session adds to those that the collector of cycles visits: a thousand sessions that are opened at
once take their time from it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect as connect_websockets

from wsnotebook import FrameLog, connect

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer

SESSIONS = 20
OWN_LOG, SHARED_LOG = 15, 6
"""Objects that a session may have beside one of websockets, which has no log: of 103 or 89, and 87 there, with those of the
peer, which is in this process too."""


async def objects_of(server: ByteServer, opener: Callable[[], Awaitable[object]]) -> float:
    """Return how many objects that the collector knows each of some open sessions has made and kept, with its peer's."""

    async def opened() -> object:
        opening = asyncio.ensure_future(opener())
        peer = await server.accept()
        await peer.upgrade()
        return await opening, peer

    kept = [await opened() for _ in range(3)]  # they load modules
    gc.collect()
    gc.disable()
    try:
        before = gc.get_count()[0]
        kept += [await opened() for _ in range(SESSIONS)]
        return (gc.get_count()[0] - before) / SESSIONS
    finally:
        gc.enable()


async def test_a_session_has_hardly_more_objects_than_one_without_a_log(byte_server: ByteServer) -> None:
    """With a log of its own some more, and with one for all a few: nothing is made before it is used."""
    url = byte_server.url
    theirs = await objects_of(
        byte_server, lambda: connect_websockets(url, compression=None, proxy=None, ping_interval=None)
    )
    own = await objects_of(byte_server, lambda: connect(url, compression=None, proxy=None, io="kernel"))
    log = FrameLog()
    shared = await objects_of(
        byte_server, lambda: connect(url, compression=None, proxy=None, io="kernel", log=log)
    )
    assert own <= theirs + OWN_LOG
    assert shared <= theirs + SHARED_LOG

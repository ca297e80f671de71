"""How many functions of this package a session passes from connect() to the end of close(): time follows it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import wsnotebook
from wsnotebook import connect

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer

PACKAGE = str(Path(wsnotebook.__file__).parent)
MOST = 370
"""Python functions of ours, each coroutine that goes on counted once more."""
SESSIONS = 10


async def test_connecting_and_closing_are_few_calls(byte_server: ByteServer) -> None:
    """The cheapest of some sessions, as the first one loads modules, and a tick of the heartbeat may come between."""
    names: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            names.append(frame.f_code.co_qualname)

    found = []
    for _ in range(SESSIONS):
        names.clear()
        sys.setprofile(note)
        opening = asyncio.ensure_future(connect(byte_server.url, compression=None, proxy=None, io="kernel"))
        peer = await byte_server.accept()
        await peer.upgrade()
        session = await opening
        closing = asyncio.ensure_future(session.close())
        await peer.read_frame()
        await peer.send(b"\x88\x02\x03\xe8")
        peer.hang_up()
        assert (await closing).code == 1000
        sys.setprofile(None)
        found.append(list(names))
    assert len(min(found, key=len)) <= MOST, min(found, key=len)

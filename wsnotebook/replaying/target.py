"""opened(): the session of a replay: the one that was given, or one that is opened with the recorded subprotocols."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from wsnotebook.files.framelog import FrameLog
from wsnotebook.redaction import is_harmless
from wsnotebook.session.client import connect
from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["opened", "subprotocols_of"]


@contextlib.asynccontextmanager
async def opened(
    target: str | ClientWebSocketSession, recorded: FrameLog, name: str | None, connection: int | None
) -> AsyncIterator[ClientWebSocketSession]:
    """Return the session to replay on: ``async with opened(url, log, None, None) as session:``; one opened here is closed.

    Args:
        target: a session, or the URL of a server.
        recorded: the recording; its subprotocols are offered.
        name: name of the recorded session, None for the only one.
        connection: number of its connection, None for the only one.
    """
    if not isinstance(target, str):
        yield target
        return
    async with connect(target, subprotocols=subprotocols_of(recorded, name, connection)) as session:
        yield session


def subprotocols_of(recorded: FrameLog, name: str | None = None, connection: int | None = None) -> list[str]:
    """Return the subprotocols that a recorded client offered, without those that may be a token."""
    heads = [
        each.request
        for number, each in enumerate(recorded.connections)
        if name in (None, each.session) and connection in (None, number)
    ]
    fields = (line.partition(":") for line in heads[0].decode("latin-1").split("\r\n")) if heads else ()
    return [
        part.strip()
        for name, _, value in fields
        if name.strip().lower() == "sec-websocket-protocol"
        for part in value.split(",")
        if is_harmless("subprotocol", part.strip())
    ]

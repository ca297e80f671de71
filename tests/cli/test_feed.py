"""What has crossed the wire since the last look, over the end of a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import wsnotebook
from wsnotebook.cli.feed import Feed
from wsnotebook.lab import embedded_server


async def test_a_message_that_was_cut_is_not_joined_to_one_of_the_next_session() -> None:
    """The log goes on with the next connection; the half message before it is none."""

    async def cut(session: Any) -> None:
        async def half() -> AsyncIterator[str]:
            yield "half a"
            session.transport.abort()

        if session.request.path == "/cut":
            await session.send(half())
        await session.send("whole")

    log = wsnotebook.FrameLog()
    async with embedded_server(cut) as server:
        lost = await wsnotebook.connect(f"{server.url}/cut", log=log)
        await lost.close_reason
        feed = Feed(lost)
        assert list(feed) == []
        async with wsnotebook.connect(server.url, log=log) as session:
            assert await session.receive() == "whole"
        assert [seen.frame.read_text() for seen in feed] == ["whole"]

"""The result of a replay: the recorded conversation compared with the live one."""

from __future__ import annotations

import pytest
from recordings import recording, texts

import wsnotebook
from wsnotebook.lab import Expect, Send, embedded_server
from wsnotebook.replaying.replay import replay
from wsnotebook.wire.frames import CloseReason, Frame

CLOSE = (9.0, "out", Frame.close(CloseReason(1000, "")))
ROWS = texts(("out", '{"id":1}'), ("in", '{"id":1,"price":3}'))
SERVER = [Expect(), Send({"id": 1, "price": 4})]


async def test_a_reply_that_changed_is_found() -> None:
    """With its path; ignored it is the same."""
    async with embedded_server(SERVER) as server:
        done = await replay(recording(ROWS), server.url, speed=None)
    found = done.compare()
    assert found.changed[["path", "a", "b"]].values.tolist() == [["price", 3, 4]] and len(found.missing) == 0
    assert len(done.compare(ignore=["price"]).changed) == 0
    with pytest.raises(AssertionError, match="price"):
        found.check()


async def test_only_the_replayed_conversation_is_compared() -> None:
    """Neither what the session did before, nor another recorded session; and what a server recorded is turned round."""
    log = recording(texts(("in", "a"), ("out", "a")), "other", "feed")
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        await session.send("before")
        await session.receive()
        done = await replay(log, session, speed=None, direction="in", name="feed")
        assert done.compare().same and len(done.compare().timing) == 2


async def test_sessions_of_one_name_in_one_log_are_not_mixed() -> None:
    """The replies are those to the session that was given, and so is what is compared."""
    log = wsnotebook.FrameLog()
    async with (
        embedded_server() as server,
        wsnotebook.connect(server.url, log=log, name="x") as session,
        wsnotebook.connect(server.url, log=log, name="x") as other,
    ):
        await other.send("another")
        await other.receive()
        done = await replay(recording(texts(("out", "a"), ("in", "a"))), session, speed=None, timeout=0.2)
        await other.send("b")
        await other.receive()
        found = done.compare()
    assert done.unanswered == () and found.extra.empty and found.missing.empty


async def test_a_replay_of_the_same_is_the_same() -> None:
    """With the close."""
    async with embedded_server() as server:
        done = await replay(recording([*texts(("out", "a"), ("in", "a")), CLOSE]), server.url, speed=None)
    assert done.compare().missing.empty and done.compare().changed.empty

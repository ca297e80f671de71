"""receive_frames() on a real session: a number, all, the newest, and too few in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from wsnotebook.errors import SessionClosed
from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.workbench.receiving import read_amount, receive_frames


@pytest.fixture
async def session() -> AsyncIterator[Any]:
    """A session with an echo server, three answers waiting."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        for text in ("one", "two", "three"):
            await session.send(text)
        await session.ping()  # the echoes came before its pong
        yield session


async def texts(session: Any, amount: Any, timeout: float | None = None) -> list[str]:
    """The texts that are taken."""
    return [frame.read_text() for frame in (await receive_frames(session, amount, timeout)).frames]


async def test_a_number_all_and_the_newest(session: Any) -> None:
    """In order, and none twice."""
    assert await texts(session, 1) == ["one"]
    assert await texts(session, "all") == ["two", "three"]
    assert await texts(session, "all") == []
    for text in ("four", "five"):
        await session.send(text)
    await session.ping()
    taken = await receive_frames(session, "newest", None)
    assert taken.frames[0].read_text() == "five" and taken.passed_over == 1
    await session.send("six")
    assert await texts(session, "newest") == ["six"], "it waits where none is there"


async def test_all_with_a_time_takes_what_comes_within_it(session: Any) -> None:
    """The end of the time is no failure."""
    await session.send("four")
    assert await texts(session, "all", 0.2) == ["one", "two", "three", "four"]


async def test_too_few_in_time_says_what_came(session: Any) -> None:
    """And where it is now."""
    with pytest.raises(TimeoutError, match=r"3 of 5 messages .* 'one', 'two', 'three'.*%ws log"):
        await receive_frames(session, 5, 0.05)
    with pytest.raises(TimeoutError, match="no message came"):
        await receive_frames(session, 1, 0.05)


async def test_after_the_end_the_rest_is_there_and_then_the_reason(session: Any) -> None:
    """An empty list would look like a quiet server."""
    await session.close(1000, "bye")
    assert await texts(session, "all") == ["one", "two", "three"]
    with pytest.raises(SessionClosed):
        await receive_frames(session, "all", None)


def test_an_amount_is_a_number_over_0_or_a_word() -> None:
    """Anything else is refused."""
    assert [read_amount(text) for text in ("5", "all", "newest")] == [5, "all", "newest"]
    for text in ("0", "-1", "some", ""):
        with pytest.raises(ValueError, match="neither all nor newest"):
            read_amount(text)

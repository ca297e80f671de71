"""session.expect(): what it returns, what it passes over, and what the failure tells."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from wsnotebook.errors import ExpectationFailed, SessionClosed
from wsnotebook.lab import Close, Expect, Send, Wait, embedded_server
from wsnotebook.session.client import connect

THREE = [Send("one"), Send(b"two"), Send({"n": 3, "more": [1]}), Expect("end")]


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"pattern": "ne"}, "one"),
        ({"pattern": "/^on.$/"}, "one"),
        ({"pattern": re.compile(b"w")}, b"two"),
        ({"json": {"n": 3}}, '{"n": 3, "more": [1]}'),
        ({"pattern": {"more": [1]}}, '{"n": 3, "more": [1]}'),
        ({"pattern": lambda message: len(message) > 3}, '{"n": 3, "more": [1]}'),
        ({}, "one"),
    ],
)
async def test_the_first_message_that_matches(expected: dict[str, Any], message: str | bytes, io: Any):
    """It is returned, whatever came before; the log has all of them."""
    async with embedded_server(THREE) as server, connect(server.url, io=io) as session:
        assert await session.expect(**expected) == message
        await session.send("end")
        await session.close_reason
        assert session.df.query("direction == 'in'")["text"].tolist()[0] == "one"


async def test_messages_after_the_match_are_left():
    """They are for the next to receive."""
    async with embedded_server(THREE) as server, connect(server.url) as session:
        await session.expect("one")
        assert await session.receive() == b"two"
        await session.send("end")


@pytest.mark.parametrize("raw", [False, True])
async def test_the_failure_tells_what_came_instead(raw: bool):
    """The time is over: the sentence has the last messages, escaped, and the path that differs."""
    steps = [Send("a\x1b[2J"), Send({"n": 3}), Expect("end")]
    async with embedded_server(steps) as server, connect(server.url, raw=raw) as session:
        with pytest.raises(ExpectationFailed) as caught:
            await session.expect(json={"n": 4}, timeout=0.2)
        assert caught.value.passed == ("a\x1b[2J", '{"n": 3}')
        assert (caught.value.count, caught.value.ended) == (2, None)
        assert str(caught.value) == (
            "expected JSON with {'n': 4}, but none of 2 messages that came within 0.2 s matched. The nearest is "
            "'{\"n\": 3}': $.n is 3, expected 4. The last are 'a\\x1b[2J', '{\"n\": 3}'. All are in session.log."
        )
        await session.send("end")


async def test_the_nearest_message_is_told():
    """Not the last one: of JSON the one with the fewest paths that differ, and no text before any JSON."""
    texts = ['{"type": "ack", "ok": false}', '{"type": "tick", "price": 1}', "text", b"{}"]
    steps = [*map(Send, texts), Expect("end")]
    async with embedded_server(steps) as server, connect(server.url) as session:
        with pytest.raises(ExpectationFailed) as caught:
            await session.expect(json={"type": "ack", "ok": True}, timeout=0.2)
        assert (caught.value.count, caught.value.nearest) == (4, texts[0])
        assert caught.value.differences == ("$.ok is false, expected true",)
        await session.send("end")


async def test_nothing_came():
    """That is said too."""
    async with embedded_server("silent") as server, connect(server.url) as session:
        with pytest.raises(
            ExpectationFailed, match=r"expected 'x', but no message came within 0.01 s\."
        ) as caught:
            await session.expect("x", timeout=0.01)
        assert caught.value.passed == ()


async def test_the_end_of_the_session_is_told():
    """An ended session fails the expectation at once, with the reason; it is no TimeoutError, so nobody tries again."""
    async with (
        embedded_server([Send("bye"), Close(4000, "enough")]) as server,
        connect(server.url) as session,
    ):
        with pytest.raises(ExpectationFailed, match=r"before the session ended \(.*4000.*enough") as caught:
            await session.expect("hello", timeout=None)
        assert isinstance(caught.value.__cause__, SessionClosed)
        assert caught.value.ended == session.close_reason_now
        assert not isinstance(caught.value, TimeoutError)


async def test_a_feed_cannot_fill_the_memory_nor_stop_the_loop(until: Any):
    """Of many messages the last 20 are kept, and the time runs out although some are always there."""
    steps = [*(Send(f"m{n}") for n in range(3000)), Expect("end")]
    async with embedded_server(steps) as server, connect(server.url) as session:
        await session.ping()
        await until(lambda: len(session.log) >= 3000)
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        with pytest.raises(ExpectationFailed) as caught:
            await session.expect("never", timeout=0.5)
        counting.cancel()
        assert turns > 10
        assert (caught.value.count, caught.value.passed[-1], len(caught.value.passed)) == (3000, "m2999", 20)
        assert "none of 3,000 messages" in str(caught.value) and "The last are 'm2997'" in str(caught.value)
        await session.send("end")


async def test_a_wrong_pattern_reads_nothing():
    """It is refused before a message is taken."""
    async with embedded_server(THREE) as server, connect(server.url) as session:
        with pytest.raises(ValueError, match="no regular expression"):
            await session.expect("/(/")
        assert await session.receive() == "one"
        await session.send("end")


async def test_a_timeout_of_the_pattern_is_its_own():
    """A function that raises TimeoutError is not mistaken for the end of the time."""

    def slow(message: object) -> bool:
        raise TimeoutError("of the function")

    async with embedded_server(THREE) as server, connect(server.url) as session:
        with pytest.raises(TimeoutError, match="of the function"):
            await session.expect(slow)
        await session.send("end")


async def test_from_another_thread():
    """session.threadsafe has it too."""
    async with embedded_server([Wait(0), *THREE]) as server, connect(server.url) as session:
        future = await asyncio.to_thread(session.threadsafe.expect, json={"n": 3})
        assert await asyncio.wrap_future(future) == '{"n": 3, "more": [1]}'
        await session.send("end")

"""Repetition: a message again and again, one for each session, no longer than the session or its Stop."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.errors import FragmentError
from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.workbench import Workbench
from wsnotebook.workbench.repeating import repeat, repetition_of
from wsnotebook.workbench.verbs import VERBS

OFTEN = 0.001  # seconds


async def run(bench: Workbench, verb: str, **fields: Any) -> Any:
    """What a cell shows of a verb."""
    return await VERBS[verb].run(bench, VERBS[verb].read(fields))


async def test_a_message_is_sent_until_it_is_stopped() -> None:
    """The verbs say what they do; a second stop has nothing to stop."""
    bench = Workbench()
    async with embedded_server("echo") as server:
        session = await bench.connect(server.url, name="feed")
        assert "again every 0.001 s" in str(await run(bench, "send", text="tick", every=OFTEN))
        assert [await session.receive() for _ in range(5)] == ["tick"] * 5
        repetition = repetition_of(session)
        assert repetition is not None and repetition.count >= 5
        assert str(await run(bench, "stop")).startswith("feed: stopped after ")
        await session.ping()
        assert repetition.is_over and repetition_of(session) is None
        with pytest.raises(ValueError, match="repeats nothing: %ws send --every"):
            await run(bench, "stop")
        await session.close()


async def test_it_ends_with_the_session() -> None:
    """No task is left, and no error."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        repeat(session, lambda: session.send("tick"), 60.0)
        repetition = repetition_of(session)
        assert repetition is not None
        await session.close()
        await repetition.wait()
        assert repetition_of(session) is None and not list(session.log.df.query("opcode == 'text'").index)


async def test_a_second_one_takes_the_place_of_the_first() -> None:
    """Two that nobody can tell apart could not be stopped one by one."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        repeat(session, lambda: session.send("one"), 60.0)
        first = repetition_of(session)
        repeat(session, lambda: session.send("two"), 60.0)
        assert first is not None and repetition_of(session) is not first
        await first.wait()
        assert first.is_over


async def test_the_answer_says_what_is_no_longer_sent() -> None:
    """As nothing else would; the first of them takes the place of nothing."""
    bench = Workbench()
    async with embedded_server("echo") as server, await bench.connect(server.url, name="feed"):
        one = await run(bench, "send", text="one", every=60.0)
        assert str(one) == "sent text, 3 bytes, and again every 60 s, to feed"
        two = await run(bench, "send", text="two", every=30.0)
        assert "again every 30 s in place of what was sent 1 times, every 60 s, to feed" in str(two)
        await run(bench, "stop")
        assert "in place" not in str(await run(bench, "send", text="three", every=30.0))


async def test_what_cannot_be_sent_ends_it_and_is_an_event() -> None:
    """As inside a message of the user's own that is not finished."""
    async with embedded_server("echo") as server, connect(server.url, raw=True) as session:

        async def send() -> None:
            await session.send("half", verbatim=True)
            raise FragmentError(1, 2)

        repeat(session, send, OFTEN)
        repetition = repetition_of(session)
        assert repetition is not None
        await repetition.wait()
        assert "no longer sent every 0.001 s" in session.log.event_list[-1].detail

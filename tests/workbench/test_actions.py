"""Actions of verbs on a real session."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.errors import ExpectationFailed
from wsnotebook.lab import Expect, Send, embedded_server
from wsnotebook.workbench import Workbench
from wsnotebook.workbench.verbs import VERBS

EXPECT = VERBS["expect"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "tw"}, "two"),
        ({"text": "/^t[h]/"}, "three"),
        ({"text": '{"n": 4}', "json": True}, '{"n": 4, "m": 5}'),
    ],
)
async def test_expect_returns_the_message_that_matches(fields: dict[str, Any], message: str) -> None:
    """A part of it, a regular expression, or a subset of its JSON."""
    steps = [Send("one"), Send("two"), Send("three"), Send('{"n": 4, "m": 5}'), Expect("end")]
    bench = Workbench()
    async with embedded_server(steps) as server, await bench.connect(server.url) as session:
        assert await EXPECT.run(bench, EXPECT.read({**fields, "name": session.name})) == message
        await session.send("end")


async def test_expect_gives_up_in_time() -> None:
    """With the time of the line, and without one after 10 s."""
    assert EXPECT.read({"text": "x"}).timeout == 10.0
    bench = Workbench()
    async with embedded_server("silent") as server, await bench.connect(server.url) as session:
        with pytest.raises(ExpectationFailed, match="within 0.01 s"):
            await EXPECT.run(bench, EXPECT.read({"text": "x", "timeout": "0.01", "name": session.name}))
        with pytest.raises(ValueError, match="not JSON"):
            await EXPECT.run(bench, EXPECT.read({"text": "{", "json": True, "name": session.name}))

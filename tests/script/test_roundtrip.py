"""A recording becomes a script, and the script passes against the same kind of server."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.errors import StepFailed
from wsnotebook.lab import Close, Send, embedded_server
from wsnotebook.lab.behaviours import closer
from wsnotebook.lab.ticker import ticker
from wsnotebook.script.parser import parse_script
from wsnotebook.script.runner import run_script
from wsnotebook.session.client import connect
from wsnotebook.wire.frames import Frame

ODD = [
    "hello",
    "",
    " x ",
    "a\nb\x1b\u202e",
    "{name}",
    "/a/",
    '{"a": "{b}"}',
    '{"a": [1.5, {}]}',
    b"\x00\xff",
    b"",
    "é",
]


async def again(text: str, behaviour: Any, **options: Any) -> Any:
    """Run a script against a new server of a kind."""
    async with embedded_server(behaviour) as server, connect(server.url, **options) as session:
        return await run_script(parse_script(text), session)


@pytest.mark.parametrize("raw", [False, True])
async def test_echo(raw: bool):
    """Every kind of message, a fragmented one, a ping and a close."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        for message in ODD:
            await session.send(message)
            assert await session.receive() == message
        await session.send(Frame.text("frag", fin=False))
        await session.send(Frame.text("ments"))
        assert await session.receive() == "fragments"
        await session.ping()
        await session.close(4000, "bye")
    text = session.df.ws.script()
    df = await again(text, "echo", raw=raw)
    if not raw:  # a raw session answers no close, so its last rows are others
        whole = [line for line in text.splitlines()[1:] if line != "# in 2 fragments:"]
        assert df.ws.script().splitlines()[1:] == whole


async def test_ticker():
    """A feed with the time in each message, until its close."""
    async with embedded_server(ticker(count=20, rate=None)) as server, connect(server.url) as session:
        await session.close_reason
    text = session.df.ws.script()
    assert text.count("<json") == 20 and '"time"' not in text and "<close 1000" in text
    await again(text, ticker(count=20, rate=None))
    with pytest.raises(StepFailed, match="price"):
        await again("timeout 0.2\n" + text, ticker(count=20, rate=None, seed=2))


async def test_closer():
    """The code and reason of the peer."""
    async with embedded_server(closer(code=4002, reason="enough")) as server, connect(server.url) as session:
        await session.close_reason
    text = session.df.ws.script()
    await again(text, closer(code=4002, reason="enough"))
    with pytest.raises(StepFailed, match="4003"):
        await again(text, [Send("x"), Close(4003)])

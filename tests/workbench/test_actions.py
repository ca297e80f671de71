"""Actions of verbs on a real session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsnotebook.errors import ExpectationFailed, ScriptError, StepFailed
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


SCRIPT = VERBS["script"]


async def test_script_runs_on_a_session(capsys: pytest.CaptureFixture[str]) -> None:
    """The current one, which stays open; each step is printed, with the peer's characters escaped."""
    bench = Workbench()
    async with embedded_server("echo") as server, await bench.connect(server.url) as session:
        df = await SCRIPT.run(bench, SCRIPT.read({"text": '>text "a\\u001b"\n< a'}))
        assert df["text"].tolist() == ["a\x1b", "a\x1b"]
        assert capsys.readouterr().out.splitlines()[1].split() == ["2", "<", "a", "'a\\x1b'"]
        assert session.state == "open"


async def test_script_runs_on_a_new_session() -> None:
    """It is closed afterwards, and the frames of the script are returned."""
    bench = Workbench()
    async with embedded_server("echo") as server:
        df = await SCRIPT.run(bench, SCRIPT.read({"text": "> a\n< a", "url": server.url, "name": "new"}))
        assert df["opcode"].tolist() == ["text", "text"]
        assert bench.get("new").state == "closed"


async def test_script_on_a_new_session_chooses_nothing() -> None:
    """The verbs after it speak to the session that connect has chosen, not to the one of the script."""
    bench = Workbench()
    async with embedded_server("echo") as server, await bench.connect(server.url, name="feed"):
        await SCRIPT.run(bench, SCRIPT.read({"text": "> a\n< a", "url": server.url}))
        assert bench.current == "feed"


async def test_script_that_fails_prints_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    """The exception has the line, the output each path that differs."""
    bench = Workbench()
    async with embedded_server("echo") as server, await bench.connect(server.url):
        text = 'timeout 0.05\n>json {"a": 1}\n<json {"a": 2}'
        with pytest.raises(StepFailed, match="line 3"):
            await SCRIPT.run(bench, SCRIPT.read({"text": text}))
        assert "      - $.a is 1, expected 2" in capsys.readouterr().out.splitlines()
        with pytest.raises(ScriptError, match="line 1, hello: this is no step"):
            await SCRIPT.run(bench, SCRIPT.read({"text": "hello"}))


async def test_log_takes_the_filter_of_the_panel() -> None:
    """With its other options; a wrong one is refused before anything is run."""
    bench, log = Workbench(), VERBS["log"]
    async with embedded_server("echo") as server, await bench.connect(server.url) as session:
        for text in ("one", "two", "three"):
            await session.send(text)
            await session.receive()
        rows = log.run(bench, log.read({"filter": "dir:in /^t/", "rows": "1"}))
        assert rows["text"].tolist() == ["three"]
        rows = log.run(bench, log.read({"filter": "size:3", "direction": "out"}))
        assert rows["text"].tolist() == ["one", "two"]
        await session.close()
        rows = log.run(bench, log.read({"direction": "out", "opcode": "close"}))
        assert rows["opcode"].value_counts().to_dict() == {"close": 1}, "and no opcode that is not there"
        with pytest.raises(ValueError, match="did you mean size"):
            log.read({"filter": "siz:3"})


@pytest.mark.filterwarnings("ignore::wsnotebook.session.unmaskedwarning.UnmaskedWarning")
@pytest.mark.parametrize(("verb", "column"), [("mask", "masked"), ("compress", "rsv1")])
async def test_what_was_sent_before_a_change_keeps_the_old_way(verb: str, column: str) -> None:
    """Masks and compression are applied when a frame is written, which is later than it is sent."""
    bench = Workbench()
    declared = VERBS[verb]
    async with embedded_server("silent") as server, await bench.connect(server.url) as session:
        for text in ("one", "two", "three"):
            await session.send(text)
        await declared.run(bench, declared.read({"on": "off"}))
        await session.send("four")
        await session.flush()
        sent = session.df[session.df["direction"] == "out"].head(4)
        assert sent[column].tolist() == [True, True, True, False]


@pytest.mark.filterwarnings("ignore::wsnotebook.session.unmaskedwarning.UnmaskedWarning")
async def test_a_change_waits_while_what_was_sent_before_cannot_be_written() -> None:
    """As where the peer does not read."""
    bench = Workbench()
    async with embedded_server("silent") as server, await bench.connect(server.url) as session:
        session.pump.pause_writing()
        await session.send("one")
        change = asyncio.create_task(VERBS["mask"].run(bench, VERBS["mask"].read({"on": "off"})))
        assert await asyncio.wait((change,), timeout=0.01) == (set(), {change}) and session.masking is True
        session.pump.resume_writing()
        await change
        assert session.masking is False and session.df["masked"].tolist() == [True]

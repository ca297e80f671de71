"""Scripts that run on a real session: what passes, what fails and how that is told."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.errors import StepFailed
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab import Behaviour, Close, Expect, Send, embedded_server
from wsnotebook.script.parser import parse_script
from wsnotebook.script.runner import run_script
from wsnotebook.script.steps import Outcome
from wsnotebook.session.client import connect


async def play(text: str, behaviour: Any = "echo", **options: Any) -> tuple[list[Outcome], Any]:
    """Run a script against a lab server: the outcomes, and the DataFrame or the StepFailed."""
    outcomes: list[Outcome] = []
    async with embedded_server(behaviour) as server, connect(server.url, **options) as session:
        try:
            result: Any = await run_script(parse_script(text), session, outcomes.append)
        except StepFailed as error:
            result = error
    return outcomes, result


async def test_the_frames_are_those_of_the_session():
    """Not those of another one of the same name in the same log."""
    log = FrameLog()
    async with (
        embedded_server() as server,
        connect(server.url, log=log, name="x") as session,
        connect(server.url, log=log, name="x") as other,
    ):
        await other.send("another")
        df = await run_script(parse_script("> a\n< a"), session)
        assert await other.receive() == "another"
    assert df["text"].tolist() == ["a", "a"]


async def test_every_step():
    """The whole notation against an echo, and the frames that it made."""
    text = r"""
        > hello
        < /^h(?P<rest>.*)$/
        > {rest}
        < ello
        >json {"id": 7, "of": "{rest}"}
        <json {"id": "{id}"}
        >json {"again": "{id}"}
        <json {"again": 7}
        >text "a\n{b}\u001b"
        <text "a\n{b}\u001b"
        >hex 00 ff
        <hex 00ff
        timeout 5
        ping
        wait 0.001
        > last
        <
        close 4000 bye
        <close 4000 bye
    """
    outcomes, df = await play(text)
    assert [outcome.failure for outcome in outcomes] == [None] * 19
    assert outcomes[1].note == "'hello'" and outcomes[13].note.startswith("pong after ")
    sent = df[df["direction"].eq("out")]
    assert sent["text"].dropna().tolist() == [
        "hello", "ello", '{"id": 7, "of": "ello"}', '{"again": 7}', "a\n{b}\x1b", "last",
    ]  # fmt: skip
    assert sent["opcode"].astype(str).value_counts()[["ping", "close", "binary"]].tolist() == [1, 1, 1]


async def test_the_frames_of_this_run_only():
    """Those that were there before are not in the result, and the session goes on."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        await session.send("before" * 50)
        await session.receive()
        df = await run_script(parse_script("> a\n< a"), session)
        assert df["text"].tolist() == ["a", "a"]
        df = await run_script(parse_script("> b"), session)
        assert df["text"].tolist() == ["b"]
        assert await session.receive() == "b"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("timeout 0.05\n> hello\n< goodbye", "expected 'goodbye', but 'hello' came within 0.05 s"),
        ('timeout 0.05\n> hello\n<text "hellp"', "expected exactly 'hellp'"),
        ("timeout 0.05\n> hello\n<hex 00", "it is a text"),
        ('timeout 0.05\n>json {"a": {"b": 1}}\n<json {"a": {"b": 2}}', "$.a.b is 1, expected 2"),
        ("timeout 0.05\n> a\n<close", "the session was not closed within 0.05 s"),
        ("> a\nclose 4000 x\n<close 1000", "the close frame of the peer has 4000"),
        ("> a\nclose 4000 x\n<close 4000 y", "the close frame of the peer has 4000"),
        ("> a\nclose\n> b", "the session is closed"),
        ("> a\nclose\n< b", "before the session ended"),
        ("> a\nclose\nping", "the session is closed"),
        ("> a\n< /(?P<b>b)?a/\n> {b}", "{b} has no value: its group took no part in the match"),
        ("> a\n< a\nclose 1005", "1005"),
    ],
)
async def test_a_step_that_fails(text: str, problem: str):
    """The third one, with its line, what was expected and what came; it is reported, and nothing runs after it."""
    outcomes, error = await play(f"{text}\n> never")
    assert (error.line, error.text) == (3, text.splitlines()[2])
    assert problem in str(error)
    assert [outcome.failure for outcome in outcomes] == [None, None, error]


async def test_a_name_has_the_value_of_the_last_match():
    """Where its group took no part there, it has none, not that of an earlier line; a null of JSON is a value."""
    text = "> ab\n< /a(?P<n>b)?/\n> {n}\n< b\n> a\n< /a(?P<n>b)?/\n> {n}"
    _, error = await play(text)
    assert error.line == 7 and "{n} has no value" in str(error)
    outcomes, _ = await play('>json [null]\n<json ["{n}"]\n> n is {n}\n< n is null')
    assert outcomes[-1].failure is None


async def test_a_value_of_the_peer_is_no_pattern():
    """A text between slashes, or with braces, that the peer sent is compared as it stands."""
    steps = [Send("/.*/"), Send("other"), Send("/.*/"), Send('{"v": "{_}"}'), Send('{"w": 5}'), Expect("end")]
    outcomes, error = await play(
        '< /(?P<p>.+)/\n< {p}\n<json {"v": "{v}"}\ntimeout 0.1\n<json {"w": "{v}"}', steps
    )
    assert outcomes[1].note == "'/.*/'"
    assert error.line == 5 and '$.w is 5, expected "{_}"' in str(error)


async def test_the_close_of_the_peer():
    """Its code and a part of its reason; a lost connection is 1006."""
    outcomes, _ = await play("< bye\n<close 4001 enough", [Send("bye"), Close(4001, "it is enough")])
    assert outcomes[1].note.startswith("4001")

    async def lose(session: Any) -> None:
        session.transport.abort()

    outcomes, _ = await play("<close 1006", lose)
    assert outcomes[0].failure is None


async def test_masking():
    """From its line on, and not before."""
    received: list[str] = []

    async def collect(session: Any) -> None:
        async for message in session:
            received.append(message)

    behaviour: Behaviour = collect
    with pytest.warns(UserWarning, match="mask"):
        _, df = await play("> a\nmask off\n> b\nmask on\n> c", behaviour)
    assert df.query("direction == 'out' and opcode == 'text'")["masked"].tolist() == [True, False, True]


async def test_the_rows_are_those_of_the_run_where_the_log_has_dropped_older_ones() -> None:
    """A log that keeps no more than its retention counts its windows from the oldest row that is left."""
    async with embedded_server() as server:
        log = FrameLog(retention=20_000, spill=False)
        async with connect(server.url, log=log) as session:
            for _ in range(200):
                await session.send("before" * 50)
                await session.receive()
            assert log.first > 0
            df = await run_script(parse_script("> hi\n< hi"), session)
    assert df["text"].tolist() == ["hi", "hi"]

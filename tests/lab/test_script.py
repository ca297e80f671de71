"""Scripts of steps: what is played, what fails, and that the failure can be read."""

from __future__ import annotations

import re

import pytest
from websockets.asyncio.client import ClientConnection, connect

from wsnotebook.lab import (
    Close,
    EmbeddedServer,
    Expect,
    ExpectClose,
    LabConnection,
    Script,
    ScriptFailed,
    Send,
    Wait,
    embedded_server,
)


async def outcome(server: EmbeddedServer, client: ClientConnection) -> str:
    """Return the sentence of the script's failure; the client was closed with 1011 and told it too."""
    await client.wait_closed()
    (error,) = server.errors
    assert isinstance(error, ScriptFailed)
    assert (client.close_code, client.close_reason) == (1011, str(error)[:123])
    return str(error)


async def test_a_script_is_played_in_order():
    """Expectations are met, messages sent, and the end of the script is a close with 1000."""
    steps = [
        Expect("hello"),
        Send("world"),
        Send(b"\x01"),
        Send({"a": 1}),
        Wait(0.001),
        Send(lambda last: last * 2),
    ]
    async with embedded_server(steps) as server, connect(server.url) as client:
        await client.send("hello")
        assert [message async for message in client] == ["world", b"\x01", '{"a": 1}', "hellohello"]
        assert client.close_code == 1000
        assert not server.errors


async def test_a_script_is_played_for_every_client_anew():
    """Two clients at once each get the whole script."""
    async with (
        embedded_server([Expect(), Send("answer")]) as server,
        connect(server.url) as one,
        connect(server.url) as two,
    ):
        for client in (two, one):
            await client.send("x")
            assert await client.recv() == "answer"


async def test_close_step():
    """Close closes with its code and reason, whatever follows."""
    async with embedded_server([Close(4000, "enough"), Wait(0)]) as server:
        client = await connect(server.url)
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (4000, "enough")
        assert not server.errors


async def test_own_step():
    """An async def takes its place between the others."""

    async def twice(session: LabConnection) -> None:
        await session.send("once")
        await session.send("again")

    async with embedded_server([twice, Send("end")]) as server, connect(server.url) as client:
        assert [message async for message in client] == ["once", "again", "end"]


async def test_wrong_message_is_named():
    """The sentence says which step, what was expected and what came."""
    async with embedded_server([Send("go"), Expect("hello")]) as server, connect(server.url) as client:
        await client.send("helo")
        assert (
            await outcome(server, client) == "step 2 of 2, Expect('hello'): got 'helo' ('hello' is not in it)"
        )


async def test_a_long_message_is_cut():
    """A megabyte in a sentence would help nobody."""
    async with embedded_server([Expect("a")]) as server, connect(server.url) as client:
        await client.send("b" * 1_000_000)
        assert len(await outcome(server, client)) < 400


async def test_nothing_came():
    """A message that does not come within the timeout fails the script."""
    async with (
        embedded_server([Expect(re.compile("^{"), timeout=0.01)]) as server,
        connect(server.url) as client,
    ):
        assert await outcome(server, client) == "step 1 of 1, Expect(/^{/): nothing came within 0.01 s"


@pytest.mark.parametrize("step", [Expect("x"), Send("x" * 10)])
async def test_a_client_that_closed_is_named(step, until):
    """Reading from and writing to a client that has closed fail with its code and reason."""
    async with embedded_server([ExpectClose(), step]) as server:
        client = await connect(server.url)
        await client.close(4001, "tired")
        await until(lambda: server.errors)
        assert str(server.errors[0]).endswith("the client was gone (it closed with 4001 'tired')")


async def test_a_lost_client_is_named(until):
    """A connection that was cut has no code to tell of."""
    async with embedded_server([Expect("x")]) as server:
        client = await connect(server.url)
        client.transport.abort()
        await until(lambda: server.errors)
        assert "lost without a close" in str(server.errors[0])


@pytest.mark.parametrize(
    ("step", "code", "passes"),
    [(ExpectClose(), 1000, True), (ExpectClose(4001), 4001, True), (ExpectClose(1000), 4001, False)],
)
async def test_expect_close(step: ExpectClose, code: int, passes: bool, until):
    """The client's close is met with any code or the one that was asked for; another one is named."""
    played = []

    async def mark(session: LabConnection) -> None:
        played.append(session)

    async with embedded_server([step, mark]) as server:
        client = await connect(server.url)
        await client.close(code)
        await until(lambda: played or server.errors)
        assert bool(played) == passes
        assert [str(error) for error in server.errors] == (
            [] if passes else ["step 1 of 2, ExpectClose(code=1000, timeout=5.0): it closed with 4001 ''"]
        )


async def test_expect_close_met_by_a_message_or_nothing():
    """A message instead of a close, and no close in time, both fail."""
    async with embedded_server([ExpectClose(timeout=0.01)]) as server, connect(server.url) as client:
        assert "no close came within 0.01 s" in await outcome(server, client)
    async with embedded_server([ExpectClose()]) as server, connect(server.url) as client:
        await client.send("no")
        assert "got the message 'no' instead of a close" in await outcome(server, client)


async def test_a_message_matches_as_in_a_session():
    """A part of a text is enough, and so are some keys of a JSON object; another value is named with its path."""
    steps = [Expect("ell"), Expect({"a": {"b": 1}}), Expect("/^[0-9]+$/"), Expect({"a": {"b": 1}})]
    async with embedded_server(steps) as server, connect(server.url) as client:
        for message in ("hello", '{"a": {"b": 1, "c": 2}, "d": 3}', "42", '{"a": {"b": 2}}'):
            await client.send(message)
        assert "$.a.b is 2, expected 1" in await outcome(server, client)


def test_a_wrong_pattern_is_refused_when_it_is_written():
    """Not when the first client comes."""
    with pytest.raises(ValueError, match="is no regular expression"):
        Expect("/(/")


@pytest.mark.parametrize("wrong", ["hello", Expect, 5, None])
def test_what_is_no_step_is_refused(wrong: object):
    """A script with something else in it raises when it is made, and says what steps there are."""
    with pytest.raises(TypeError, match="is not a step: use Expect"):
        Script([Send("x"), wrong])  # type: ignore[list-item]  # that it is refused is the fact


def test_a_script_shows_its_steps():
    """The repr can be read back."""
    assert (
        repr(Script([Expect(), Send("x"), Wait(1.0)]))
        == "Script([Expect(...), Send('x'), Wait(seconds=1.0)])"
    )

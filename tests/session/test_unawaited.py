"""A coroutine without its await is shown as a sentence with the line to write."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import connect
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.session.unawaited import explain
from wsnotebook.workbench import Workbench

if TYPE_CHECKING:
    from tests.session.conftest import Opener

LINES = {
    "Nothing was sent: write await session.send('x')": lambda session: session.send("x"),
    "Nothing was sent: write await session.send(b'\\x00', mask_key=b'abcd')": lambda session: session.send(
        b"\0", mask_key=b"abcd"
    ),
    "Nothing was sent: write await session.send_json({'a': 1})": lambda session: session.send_json({"a": 1}),
    "Nothing was received: write await session.receive(timeout=5)": lambda session: session.receive(
        timeout=5
    ),
    "Nothing was received: write await session.expect('a', json=1)": lambda session: session.expect(
        "a", json=1
    ),
    "No ping was sent: write await session.ping()": lambda session: session.ping(),
    "Nothing was closed: write await session.close(1001, wait=False)": lambda session: session.close(
        1001, wait=False
    ),
    "Nothing was closed: write await session.close(message='bye')": lambda session: session.close(
        message="bye"
    ),
    "Nothing was done: write await session.flush()": lambda session: session.flush(),
    "Nothing was received: write await session.incoming.receive()": lambda session: (
        session.incoming.receive()
    ),
    "Nothing was sent: write await session.outgoing.send('x')": lambda session: session.outgoing.send("x"),
    "Nothing was opened: write await workbench.connect('ws://h/', raw=True)": lambda session: (
        Workbench().connect("ws://h/", raw=True)
    ),
}


@pytest.mark.parametrize("sentence", LINES)
async def test_a_coroutine_is_explained(opened: Opener, sentence: str) -> None:
    """The arguments stand as they were given, without those that were left out; a started one is none of this."""
    session, _ = await opened()
    coroutine = LINES[sentence](session)
    assert explain(coroutine) == sentence
    coroutine.close()
    assert explain(coroutine) is None


async def test_every_verb_of_a_session_can_be_explained(opened: Opener) -> None:
    """Whatever its parameters are."""
    session, _ = await opened()
    verbs = [
        name
        for name, verb in vars(ClientWebSocketSession).items()
        if inspect.iscoroutinefunction(verb) and not name.startswith("_")
    ]
    for verb in verbs:
        function: Any = getattr(session, verb)
        needed = [
            "x"
            for each in inspect.signature(function).parameters.values()
            if each.default is inspect.Parameter.empty
        ]
        coroutine = function(*needed)
        assert f"write await session.{verb}(" in str(explain(coroutine))
        coroutine.close()


async def test_the_coroutines_of_others_are_not_explained() -> None:
    """Their way of being shown stays as it is."""
    coroutine = asyncio.sleep(0)
    assert explain(coroutine) is None
    await coroutine


def test_a_long_argument_is_cut() -> None:
    """A sentence is a line."""
    coroutine = Workbench().send("x" * 1000)
    assert len(str(explain(coroutine))) < 120
    coroutine.close()


def test_a_connect_without_its_await_says_so() -> None:
    """Without the secrets of its address."""
    shown = repr(connect("ws://127.0.0.1:1/?token=s3cret"))
    assert "write session = await connect(…)" in shown
    assert "s3cret" not in shown

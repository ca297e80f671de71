"""Habits of other libraries and forgotten awaits are answered with the line to write instead."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from wsnotebook import connect
from wsnotebook.session.habits import KEYWORDS, SESSION

if TYPE_CHECKING:
    from tests.session.conftest import Opener

NAMES = [name for name in SESSION if not name.startswith("__")]


async def test_every_habit_of_a_session_names_a_line(opened: Opener) -> None:
    """An AttributeError, so that hasattr() is right; no habit hides a name of ours."""
    session, _ = await opened()
    for name in NAMES:
        with pytest.raises(AttributeError, match="write ") as caught:
            getattr(session, name)
        assert str(caught.value).endswith(SESSION[name])
        assert not hasattr(session, name)
        assert name not in dir(session), "Tab would offer it"


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
async def test_a_session_that_is_pickled_or_copied_says_what_to_do_instead(
    take: Callable[[object], object], opened: Opener
) -> None:
    """As a pool of processes does with its arguments."""
    session, _ = await opened()
    with pytest.raises(TypeError, match=r"connects for itself, and session\.df"):
        take(session)


async def test_a_forgotten_async_of_a_session_is_told(opened: Opener) -> None:
    """for and with, as TypeErrors."""
    session, _ = await opened()
    with pytest.raises(TypeError, match="write async for message in session:"):
        for _ in session:
            pass
    with pytest.raises(TypeError, match=r"write async with connect\(url\) as session:"), session:
        pass


def test_a_forgotten_await_of_connect_is_told() -> None:
    """connect(url).send, with connect(url), for … in connect(url)."""
    opening = connect("ws://127.0.0.1:1/")
    with pytest.raises(AttributeError, match=r"write session = await connect\(url\)"):
        opening.send  # noqa: B018 - as above
    with pytest.raises(TypeError, match=r"write async with connect\(url\)"), opening:
        pass
    with pytest.raises(TypeError, match=r"write async with connect\(url\)"):
        iter(opening)
    assert copy.copy(opening) is not opening


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_of_another_library_names_ours(name: str) -> None:
    """A TypeError; and no keyword of ours is refused."""
    with pytest.raises(TypeError, match="write ") as caught:
        connect("ws://127.0.0.1:1/", **{name: 1})  # type: ignore[arg-type]  # that is what is tried
    assert KEYWORDS[name] in str(caught.value)
    assert name not in inspect.signature(connect).parameters


@pytest.mark.parametrize(
    ("mistyped", "answer"),
    [
        ("header_s", "did you mean headers=?"),
        ("ping_intervall", "did you mean ping_interval=?"),
        ("sub_protocols", "did you mean subprotocols=?"),
        ("frobnicate", "connect? lists what it takes"),
    ],
)
def test_a_mistyped_keyword_is_answered_with_ours(mistyped: str, answer: str) -> None:
    """The nearest that connect() takes, or where all of them are read."""
    with pytest.raises(TypeError) as caught:
        connect("ws://127.0.0.1:1/", **{mistyped: 1})  # type: ignore[arg-type]  # that is what is tried
    assert str(caught.value) == f"connect() has no {mistyped}=: {answer}"


async def test_receive_within_a_time_loses_nothing(opened: Opener) -> None:
    """TimeoutError on a silent peer; what comes later is received next."""
    session, peer = await opened()
    with pytest.raises(TimeoutError, match="no message came within 0.01 s"):
        await session.receive(timeout=0.01)
    await peer.send(b"\x81\x01a\x81\x01b")
    assert [await session.receive(timeout=60), await session.receive(timeout=60)] == ["a", "b"]

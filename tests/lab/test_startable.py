"""What runs until it is stopped: started once, by whoever awaits it, and never again after its stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from wsnotebook.lab import embedded_server, hostile_server
from wsnotebook.lab.startable import Startable
from wsnotebook.middle.proxy import proxy

MAKERS: dict[str, Callable[..., Startable]] = {
    "embedded_server": lambda **options: embedded_server("echo", **options),
    "hostile_server": lambda **options: hostile_server([], **options),
    "proxy": lambda **options: proxy("ws://127.0.0.1:9/", proxy=None, **options),
    "HTTP proxy": lambda **options: proxy(proxy=None, **options),
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[..., Startable]:
    """Each kind."""
    made: Callable[..., Startable] = request.param
    return made


async def test_it_starts_once(make: Callable[..., Startable]) -> None:
    """Two that await it at once get the same thing, with one address; so does a block after them."""
    thing = make()
    assert await asyncio.gather(thing, thing) == [thing, thing]  # type: ignore[list-item]  # is awaitable
    url = thing.url  # type: ignore[attr-defined]  # each has one
    async with thing as again:
        assert again is thing and thing.url == url  # type: ignore[attr-defined]
    assert thing.is_stopped


async def test_after_its_stop_it_says_that_it_does_not_start_again(make: Callable[..., Startable]) -> None:
    """To ``await`` and to ``async with``; stop() may be called twice, and before the start, where it does nothing."""
    thing = make()
    await thing.stop()
    await thing
    await thing.stop()
    await thing.stop()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="make a new one"):
            await thing
    with pytest.raises(RuntimeError, match="make a new one"):
        async with thing:
            pass


async def test_a_start_that_failed_can_be_tried_again(make: Callable[..., Startable]) -> None:
    """As once the port is free."""
    async with embedded_server("echo") as other:
        thing = make(port=other.port)
        with pytest.raises(OSError, match="in use"):
            await thing
    async with thing:
        assert str(other.port) in thing.url  # type: ignore[attr-defined]

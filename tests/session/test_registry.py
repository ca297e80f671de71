"""Registry: weak, in order; and connect() fills OPENED."""

from __future__ import annotations

import gc
from typing import Any

from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.session.registry import OPENED, Registry


class Named:
    """Something that can be held weakly."""


async def test_connect_registers_what_it_opens() -> None:
    """However it is called; a refused connection leaves nothing."""
    before = list(OPENED)
    async with embedded_server("echo") as server:
        session = await connect(server.url)
        async with connect(server.url, raw=True) as second:
            assert list(OPENED) == [*before, session, second]
        await session.close()
    assert session in list(OPENED), "an ended one is listed while something refers to it"


def test_it_keeps_the_order_and_nothing_alive() -> None:
    """Adding again changes nothing, and discarding what is not there is no error."""
    registry = Registry()
    first, second, third = Named(), Named(), Named()
    each: Any
    for each in (first, second, first, third):
        registry.add(each)
    registry.discard(second)  # type: ignore[arg-type]
    registry.discard(second)  # type: ignore[arg-type]
    assert list(registry) == [first, third]
    del third, each
    gc.collect()
    assert list(registry) == [first]

"""Pump.call and Pump.wake: which errors of a loop are passed over, and what an interrupt leaves."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest
from calls import interrupted

from wsnotebook.session import pump as pump_module

if TYPE_CHECKING:
    from tests.session.conftest import Opener


async def test_only_a_loop_that_is_closed_is_passed_over(opened: Opener) -> None:
    """Any other RuntimeError is somebody's fault, and seen."""
    session, _ = await opened()
    pump = session.pump
    loop, other = pump.loop, asyncio.new_event_loop()
    pump.loop, pump._thread = other, -2
    other.call_soon_threadsafe = _refuse  # type: ignore[method-assign]  # what a loop of another maker may do
    try:
        with pytest.raises(RuntimeError, match="no such call"):
            pump.call(print)
        other.close()
        pump.call(print)
    finally:
        pump.loop = loop


async def test_an_interrupt_while_it_is_woken_leaves_it_writing(opened: Opener) -> None:
    """Behaviour 35: at whatever line it comes, what is sent next is written."""
    session, peer = await opened()
    for line in itertools.count(1):
        hit = interrupted(line, session.pump.wake, pump_module)
        await session.send("one")
        await session.send("two")
        async with asyncio.timeout(5):
            await session.flush()
        if not hit:
            break
    assert line > 5


def _refuse(*arguments: object, **options: object) -> None:
    raise RuntimeError("no such call")

"""Pump.call: which errors of a loop it passes over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

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


def _refuse(*arguments: object, **options: object) -> None:
    raise RuntimeError("no such call")

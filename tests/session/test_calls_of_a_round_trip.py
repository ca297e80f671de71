"""How many functions of this package a small message passes on its way out and back, whatever the machine: time follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from calls import calls_of_ours

if TYPE_CHECKING:
    from tests.session.conftest import Opener

MOST = 25
"""Python functions of ours in a round trip, each coroutine that goes on counted once more."""
TRIPS = 20


@pytest.mark.parametrize("io", ["kernel"])  # a thread takes turns with the user's
async def test_a_round_trip_is_few_calls(opened: Opener) -> None:
    """The cheapest of some trips, as a tick of the heartbeat may come between."""
    session, peer = await opened(compression=None)
    trips = []
    for number in range(TRIPS):
        with calls_of_ours() as names:
            await session.send("a")
            await peer.send(b"\x81\x01%d" % (number % 10))
            message = await session.receive()
        trips.append(names)
        assert message == str(number % 10)
        assert (await peer.read_frame()).payload == b"a"
    assert len(min(trips, key=len)) <= MOST, min(trips, key=len)

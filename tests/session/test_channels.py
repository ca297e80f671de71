"""Capacities, and the closing of the two channels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import Channels, CloseReason, Frame, SessionClosed, bounded, unlimited

if TYPE_CHECKING:
    from tests.session.conftest import Opener


def test_the_defaults_are_unlimited_in_and_256_out() -> None:
    """The log holds received bytes anyway; what is sent waits."""
    channels = Channels()
    assert channels.incoming == unlimited()
    assert channels.outgoing == bounded(256, "suspend")


@pytest.mark.parametrize(("size", "overflow"), [(0, "suspend"), (-1, "close"), (1.5, "suspend"), (1, "drop")])
def test_a_capacity_that_cannot_be_is_refused(size: Any, overflow: Any) -> None:
    """At least one frame, "suspend" or "close"."""
    with pytest.raises(ValueError, match="at least 1 frame|'suspend' or 'close'"):
        bounded(size, overflow)


async def test_channels_close_when_the_session_does(opened: Opener) -> None:
    """is_closed of both, and each callback once."""
    session, peer = await opened()
    told: asyncio.Queue[str] = asyncio.Queue()
    session.incoming.on_close(lambda reason: told.put_nowait("incoming"))
    session.outgoing.on_close(lambda reason: told.put_nowait("outgoing"))
    assert not session.incoming.is_closed
    assert not session.outgoing.is_closed
    await peer.send(b"\x88\x02\x03\xe8")
    assert {await told.get(), await told.get()} == {"incoming", "outgoing"}
    peer.end()
    await session.close()
    assert session.incoming.is_closed
    assert session.outgoing.is_closed
    assert told.empty()


async def test_outgoing_closes_with_our_close_and_incoming_goes_on(opened: Opener) -> None:
    """Closed for send once a close frame was taken; what the peer still sends is received."""
    session, peer = await opened()
    await session.close(4000, wait=False)
    assert session.outgoing.is_closed
    with pytest.raises(SessionClosed) as caught:
        await session.outgoing.send(Frame.text("late"))
    assert caught.value.reason == CloseReason(4000)
    await peer.send(b"\x81\x01a\x88\x02\x0f\xa0")
    assert [message async for message in session] == ["a"]


async def test_a_callback_that_raises_reaches_the_loop_and_not_the_session(opened: Opener) -> None:
    """The loop's exception handler hears of it; the session ends as it should."""
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.put_nowait(context))
    session, peer = await opened()

    def fail(reason: object) -> None:
        raise ZeroDivisionError

    session.incoming.on_close(fail)
    await peer.send(b"\x88\x02\x03\xe8")
    assert await session.close_reason == CloseReason(1000)
    assert isinstance((await told.get())["exception"], ZeroDivisionError)


async def test_many_senders_keep_their_order(opened: Opener) -> None:
    """Those who wait for room are served first come first served."""
    session, peer = await opened(channels=Channels(outgoing=bounded(1)))
    sending = [asyncio.create_task(session.send(str(number))) for number in range(50)]
    texts = [(await peer.read_frame()).payload for _ in range(50)]
    await asyncio.gather(*sending)
    assert texts == [str(number).encode() for number in range(50)]

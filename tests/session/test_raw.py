"""Raw sessions: every frame as it came, nothing answered, nothing refused, and frames that no rule would pass sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from wsnotebook import (
    ClientWebSocketSession,
    CloseReason,
    DefaultClientWebSocketSession,
    Frame,
    Opcode,
    SessionClosed,
    connect,
)
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from tests.session.conftest import Opener, RawOpener

Until = Callable[[Callable[[], object]], Awaitable[None]]


async def test_the_two_kinds_have_their_names(opened: Opener, opened_raw: RawOpener) -> None:
    """A default session is a ClientWebSocketSession that does more."""
    session, _ = await opened_raw()
    assert type(session) is ClientWebSocketSession
    assert type((await opened())[0]) is DefaultClientWebSocketSession
    assert issubclass(DefaultClientWebSocketSession, ClientWebSocketSession)
    assert session.extensions == ()
    assert not hasattr(session, "ping_interval")


async def test_nothing_is_answered(opened_raw: RawOpener) -> None:
    """Ping, pong and close are the user's to answer."""
    session, peer = await opened_raw(early=b"\x89\x01p\x8a\x01q\x88\x02\x03\xe8")
    frames = [frame async for frame in session.incoming]
    assert frames == [Frame.ping(b"p"), Frame.pong(b"q"), Frame.close(CloseReason(1000))]
    assert await session.close_reason == CloseReason(1000)
    assert session.close_sent is None
    await session.send("mine")
    assert (await peer.read_frame()).payload == b"mine"
    await session.close(wait=False)
    assert (await peer.read_frame()).head == 0x88
    assert set(session.df.query("direction == 'out'").opcode) == {"text", "close"}


VIOLATIONS = [
    pytest.param("c101 61", Frame.nonstandard(1, b"a", rsv1=True), id="RSV1"),
    pytest.param("b101 61", Frame.nonstandard(1, b"a", rsv2=True, rsv3=True), id="RSV2 and RSV3"),
    pytest.param("8301 61", Frame.nonstandard(3, b"a"), id="opcode 3"),
    pytest.param("8f00", Frame.nonstandard(15), id="opcode 15"),
    pytest.param("0901 61", Frame.nonstandard(9, b"a", False), id="a ping that is not final"),
    pytest.param("897e 007e" + "61" * 126, Frame.nonstandard(9, b"a" * 126), id="a ping of 126 bytes"),
    pytest.param("8001 61", Frame.nonstandard(0, b"a"), id="nothing to continue"),
    pytest.param("8101 ff", Frame.nonstandard(1, b"\xff"), id="a text that is not UTF-8"),
    pytest.param("8801 03", Frame.nonstandard(8, b"\x03"), id="a close of one byte"),
    pytest.param("8802 03ed", Frame.nonstandard(8, b"\x03\xed"), id="a close with code 1005"),
]


@pytest.mark.parametrize(("stream", "frame"), VIOLATIONS)
async def test_violations_are_handed_over_as_they_are_and_marked(
    opened_raw: RawOpener, stream: str, frame: Frame
) -> None:
    """Nothing is refused; the row names the rule; the session goes on."""
    data = bytes.fromhex(stream)
    session, peer = await opened_raw(early=data + b"\x82\x01z")
    assert await session.incoming.receive() == frame
    assert await session.incoming.receive() == Frame.binary(b"z")
    row = session.df.iloc[0]
    assert row.status == "violation"
    assert "RFC 6455" in row.detail
    assert session.log.wire_bytes("in") == data + b"\x82\x01z"


@pytest.mark.parametrize(("stream", "frame"), VIOLATIONS)
async def test_frames_that_break_rules_can_be_sent_and_are_marked(
    opened_raw: RawOpener, stream: str, frame: Frame
) -> None:
    """RSV bits, reserved opcodes, a 126-byte ping, a one-byte close: as they are, masked with zeros to be seen."""
    session, peer = await opened_raw()
    await session.send(frame, mask_key=bytes(4))
    data = bytes.fromhex(stream)
    split = 4 if data[1] == 126 else 2
    expected = bytes((data[0], data[1] | 0x80)) + data[2:split] + bytes(4) + data[split:]
    assert await peer.read(len(expected)) == expected
    row = session.df.iloc[0]
    assert (row.direction, row.status) == ("out", "violation")
    assert "RFC" in row.detail


async def test_verbatim_keeps_the_opcode_inside_an_open_message(opened_raw: RawOpener) -> None:
    """Without it the second frame would be a continuation, and another type an error."""
    session, peer = await opened_raw()
    await session.send(Frame.text("1", fin=False))
    await session.send(Frame.binary(b"2"), verbatim=True)
    assert (await peer.read_frame()).head == 0x01
    assert (await peer.read_frame()).head == 0x82
    assert "before the last one was finished" in session.df.iloc[1].detail


async def test_verbatim_is_for_raw_sessions(opened: Opener) -> None:
    """The sentence says how to get one."""
    session, _ = await opened()
    with pytest.raises(ValueError, match="raw=True"):
        await session.send(Frame.text("1"), verbatim=True)


async def test_a_close_by_hand_is_a_close(opened_raw: RawOpener) -> None:
    """send(Frame.close(…)) closes for sending and settles the reason, as close() does."""
    session, peer = await opened_raw()
    await session.send(Frame.close(CloseReason(4000, "by hand")))
    assert await session.close_reason == CloseReason(4000, "by hand")
    assert (session.close_sent, session.close_initiator) == (CloseReason(4000, "by hand"), "local")
    assert session.outgoing.is_closed
    await peer.send(b"\x88\x02\x0f\xa0")
    peer.end()
    assert await session.close() == CloseReason(4000, "by hand")
    assert session.close_received == CloseReason(4000)


async def test_a_length_that_cannot_be_ends_what_can_be_read(opened_raw: RawOpener) -> None:
    """The one violation after which no frame can be found: 1002 also on a raw session, or silence, never a loop."""
    session, peer = await opened_raw(early=bytes.fromhex("8101 61 827f8000000000000000") + b"\x81\x01b")
    assert await session.incoming.receive() == Frame.text("a")
    await asyncio.sleep(0.01)
    assert session.df.iloc[1].status == "violation"
    assert len(session.df.query("direction == 'in'")) == 2


async def test_a_raw_session_takes_no_extension_and_no_ping_interval() -> None:
    """Refused at once, with what to do instead."""
    with pytest.raises(ValueError, match=r"pinger\(session, period, timeout\)"):
        connect("ws://127.0.0.1/", raw=True, ping_interval=1)


async def test_a_raw_session_offers_no_extension(opened_raw: RawOpener) -> None:
    """What it hands over is what crossed the wire."""
    _, peer = await opened_raw()
    assert b"sec-websocket-extensions" not in peer.request.lower()


async def test_after_the_close_frame_nothing_is_handed_over(opened_raw: RawOpener) -> None:
    """It is in the log, marked."""
    session, _ = await opened_raw(early=b"\x88\x02\x03\xe8\x81\x01a")
    assert [frame.opcode async for frame in session.incoming] == [Opcode.CLOSE]
    assert session.df.status.tolist() == ["ok", "violation"]
    assert session.state is SessionState.CLOSING


async def test_after_a_close_that_breaks_a_rule_a_raw_session_goes_on(opened_raw: RawOpener) -> None:
    """It is handed over and gives the reason; what follows is received, sent and closed as before."""
    session, peer = await opened_raw()
    await peer.send(b"\x88\x02\x03\xe7")  # 999 may not be on the wire (RFC 6455 §7.4.2)
    assert (await session.incoming.receive()).read_reason() == CloseReason(999)
    assert (session.close_received, session.close_initiator) == (CloseReason(999), "peer")
    assert not session.incoming.is_closed and not session.outgoing.is_closed
    await peer.send(b"\x81\x01x")
    assert (await session.incoming.receive()).data == b"x"
    await session.send("y")
    assert (await peer.read_frame()).payload == b"y"
    await peer.send(b"\x88\x02\x03\xe8")
    assert (await session.incoming.receive()).read_reason() == CloseReason(1000)
    with pytest.raises(SessionClosed, match="999"):
        await session.incoming.receive()
    assert session.close_received == CloseReason(999), "the first stays"

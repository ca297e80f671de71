"""Fragments: joined on the default session, handed over on the raw one; rules of RFC 6455 §5.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wsnotebook import CloseReason, Frame, Opcode, ProtocolViolation

if TYPE_CHECKING:
    from tests.session.conftest import Opener, RawOpener

ONE_TWO_THREE = b"\x01\x011\x00\x012\x80\x013"


async def test_b05_a_default_session_joins(opened: Opener) -> None:
    """ "1" non-final, continuation "2", final continuation "3": one text "123"; the log has three rows of one message."""
    session, _ = await opened(early=ONE_TWO_THREE)
    assert await session.incoming.receive() == Frame.text("123")
    rows = session.df
    assert rows.opcode.tolist() == ["text", "continuation", "continuation"]
    assert rows.fin.tolist() == [False, False, True]
    assert len(set(rows.message)) == 1


async def test_b05_a_raw_session_hands_over_three(opened_raw: RawOpener) -> None:
    """As they came."""
    session, _ = await opened_raw(early=ONE_TWO_THREE)
    assert [await session.incoming.receive() for _ in range(3)] == [
        Frame.text("1", fin=False),
        Frame(Opcode.CONTINUATION, b"2", fin=False),
        Frame(Opcode.CONTINUATION, b"3"),
    ]


async def test_receive_joins_on_a_raw_session_too(opened_raw: RawOpener) -> None:
    """session.receive() is for whole messages wherever it is called; control frames between are passed over."""
    session, _ = await opened_raw(early=b"\x01\x011\x89\x00\x00\x012\x80\x013\x82\x01b")
    assert [await session.receive(), await session.receive()] == ["123", b"b"]


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param("8001 61", id="a first data frame with opcode 0"),
        pytest.param("0001 61", id="a first data frame with opcode 0, not final"),
        pytest.param("0901 61", id="a ping that is not final"),
        pytest.param("0802 03e8", id="a close that is not final"),
        pytest.param("8301 61", id="opcode 3"),
        pytest.param("8b01 61", id="opcode 11"),
        pytest.param("0101 61 8101 62", id="a new message inside another"),
        pytest.param("c101 61", id="RSV1 that nobody claimed"),
        pytest.param("a101 61", id="RSV2"),
        pytest.param("9101 61", id="RSV3"),
        pytest.param("897e 007e" + "00" * 126, id="a ping of 126 bytes"),
        pytest.param("8801 03", id="a close of one byte"),
        pytest.param("8802 03ed", id="a close with code 1005"),
    ],
)
async def test_b06_violations_fail_a_default_session_with_1002(opened: Opener, stream: str) -> None:
    """The frame is a row that names the rule, the reader gets ProtocolViolation after what came before."""
    data = bytes.fromhex(stream)
    session, peer = await opened(early=b"\x81\x04good" + data)
    assert await session.receive() == "good"
    with pytest.raises(ProtocolViolation, match="RFC 6455") as caught:
        await session.receive()
    assert caught.value.code == 1002
    close = await peer.read_frame()
    assert (close.head, close.payload[:2]) == (0x88, b"\x03\xea")
    assert (await session.close_reason).code == 1002
    wrong = session.df.query("status == 'violation' and direction == 'in'")
    assert len(wrong) == 1
    assert caught.value.rule == wrong.detail.iloc[0]
    assert session.log.wire_bytes("in") == b"\x81\x04good" + data


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param("8101 ff", id="a text"),
        pytest.param("8102 c3a9 8101 c3", id="a text cut inside a character"),
        pytest.param("0101 c3 8001 28", id="a character broken over two fragments"),
        pytest.param("8805 03e8 616 2ff".replace(" ", ""), id="a close message"),
    ],
)
async def test_bad_utf8_fails_with_1007(opened: Opener, stream: str) -> None:
    """RFC 6455 §8.1."""
    session, peer = await opened(early=bytes.fromhex(stream))
    close = await peer.read_frame()
    assert (close.head, close.payload[:2]) == (0x88, b"\x03\xef")
    assert (await session.close_reason).code == 1007


async def test_a_character_may_be_cut_by_a_fragment(opened: Opener) -> None:
    """The message is UTF-8, its parts need not be; the log gives text only where a part is."""
    session, _ = await opened(early=b"\x01\x02a\xe2\x00\x01\x82\x80\x02\xacb")
    assert await session.receive() == "a\u20acb"
    assert session.df.text.isna().tolist() == [True, True, True]
    assert session.df.status.tolist() == ["ok"] * 3


async def test_control_frames_between_fragments_are_answered_at_once(opened: Opener) -> None:
    """RFC 6455 §5.4: the pong does not wait for the end of the message."""
    session, peer = await opened(early=b"\x01\x011\x89\x01p")
    assert (await peer.read_frame()).payload == b"p"
    await peer.send(b"\x80\x012")
    assert await session.receive() == "12"


async def test_a_message_that_never_ends_is_not_delivered(opened: Opener) -> None:
    """A close in its middle ends the session by its code; the parts are in the log."""
    session, _ = await opened(early=b"\x01\x011\x88\x02\x03\xe8")
    assert [message async for message in session] == []
    assert await session.close_reason == CloseReason(1000)
    assert session.df.iloc[0].text == "1"


async def test_a_joined_frame_has_opcode_and_rsv_of_the_first(opened: Opener) -> None:
    """Binary stays binary."""
    session, _ = await opened(early=b"\x02\x01\xff\x80\x01\xfe")
    assert await session.incoming.receive() == Frame.binary(b"\xff\xfe")

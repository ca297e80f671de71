"""Values instead of frames: JsonConverter, converters of one's own, and what happens when a frame does not convert."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import CloseReason, ConversionError, ConverterNotFound, Frame, JsonConverter, SessionClosed

if TYPE_CHECKING:
    from tests.session.conftest import Opener


async def test_b57_without_a_converter_both_verbs_say_so_and_no_frame_is_read(opened: Opener) -> None:
    """ConverterNotFound; the frame stays for receive()."""
    session, peer = await opened(converter=None, early=b"\x81\x011")
    with pytest.raises(ConverterNotFound, match=r"converter=JsonConverter\(\)"):
        await session.send_serialized(1)
    with pytest.raises(ConverterNotFound):
        await session.send_json(1)
    with pytest.raises(ConverterNotFound):
        await session.receive_deserialized(int)
    assert await session.receive() == "1"
    assert session.df.direction.tolist() == ["in"]


async def test_b58_none_is_null_both_ways(opened: Opener) -> None:
    """A value like others."""
    session, peer = await opened(early=b"\x81\x04null")
    assert await session.receive_deserialized() is None
    await session.send_json(None)
    assert (await peer.read_frame()).payload == b"null"


async def test_values_go_and_come_as_json_in_text_frames(opened: Opener) -> None:
    """send_json and send_serialized are one."""
    session, peer = await opened(early='\x81\x0c{"a":[1,"x"]}'.encode("latin-1").replace(b"\x0c", b"\x0d"))
    await session.send_json({"b": [1.5, True]})
    frame = await peer.read_frame()
    assert (frame.head, frame.payload) == (0x81, b'{"b": [1.5, true]}')
    assert await session.receive_deserialized(dict) == {"a": [1, "x"]}


async def test_b59_a_peer_that_closes_while_one_deserialises(opened: Opener) -> None:
    """SessionClosed with the reason."""
    session, peer = await opened()
    waiting = asyncio.create_task(session.receive_deserialized(dict))
    await asyncio.sleep(0)
    await peer.send(b"\x88\x02\x0f\xa0")
    with pytest.raises(SessionClosed) as caught:
        await waiting
    assert caught.value.reason == CloseReason(4000)


@dataclass
class Point:
    """Two numbers."""

    x: int
    y: int


async def test_a_kind_makes_the_value(opened: Opener) -> None:
    """A dataclass takes the object's fields as keywords."""
    session, _ = await opened(early=b'\x81\x0e{"x":1,"y": 2}')
    assert await session.receive_deserialized(Point) == Point(1, 2)


@pytest.mark.parametrize(
    ("frame", "kind", "problem"),
    [
        (b"\x81\x04oops", object, "not JSON"),
        (b"\x82\x011", object, "text frames"),
        (b"\x81\x03[1]", dict, "list, not of a dict"),
        (b'\x81\x07{"x":1}', Point, "does not make a Point"),
    ],
)
async def test_a_frame_that_does_not_convert_is_on_the_exception(
    opened: Opener, frame: bytes, kind: Any, problem: str
) -> None:
    """It is read, kept as .frame, and the session goes on."""
    session, _ = await opened(early=frame + b"\x81\x012")
    with pytest.raises(ConversionError, match=problem) as caught:
        await session.receive_deserialized(kind)
    assert caught.value.frame.data == frame[2:]
    assert await session.receive_deserialized(int) == 2


async def test_a_converter_of_ones_own(opened: Opener) -> None:
    """Anything with serialize and deserialize; encoder and decoder of JsonConverter may be changed."""

    class Doubling:
        def serialize(self, value: Any) -> Frame:
            return Frame.binary(bytes(value) * 2)

        def deserialize(self, frame: Frame, kind: Any) -> Any:
            return kind(frame.data[: len(frame.data) // 2])

    session, peer = await opened(converter=Doubling(), early=b"\x82\x04abab")
    assert await session.receive_deserialized(bytes) == b"ab"
    await session.send_serialized(b"xy")
    assert (await peer.read_frame()).payload == b"xyxy"
    session, peer = await opened(
        converter=JsonConverter(encoder=lambda value: f"<{value}>", decoder=lambda text: text[1:-1]),
        early=b"\x81\x03<a>",
    )
    assert await session.receive_deserialized() == "a"
    await session.send_json("b")
    assert (await peer.read_frame()).payload == b"<b>"

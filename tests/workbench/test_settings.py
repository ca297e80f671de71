"""Settings: one function for the verbs and the panel, which asks the session and not a copy."""

from __future__ import annotations

import asyncio
import zlib

import pytest
from bytepeer import ByteServer

from wsnotebook.errors import SessionClosed
from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.workbench.settings import SETTINGS, change_setting, settings_of

VALUES = {
    "masking": False,
    "answers_pings": False,
    "max_frame_size": 1024,
    "ping_interval": 30.0,
    "compresses": False,
}


@pytest.mark.filterwarnings("ignore::wsnotebook.session.unmaskedwarning.UnmaskedWarning")
@pytest.mark.parametrize("name", SETTINGS)
async def test_a_setting_is_changed_in_the_session_until_it_ends(name: str) -> None:
    """Afterwards it is refused: nobody would do what it says."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        assert change_setting(session, name, VALUES[name]) == VALUES[name] == settings_of(session)[name]
        await session.close()
        with pytest.raises(SessionClosed):
            change_setting(session, name, None)
        assert settings_of(session)[name] == VALUES[name]


async def test_a_raw_session_has_no_ping_interval() -> None:
    """It has no pinger of its own, and the sentence says how to start one."""
    async with embedded_server("echo") as server, connect(server.url, raw=True) as session:
        assert settings_of(session)["ping_interval"] is None
        with pytest.raises(ValueError, match="wsnotebook.pinger"):
            change_setting(session, "ping_interval", 5.0)


async def test_messages_are_sent_compressed_or_not_from_one_to_the_next(byte_server: ByteServer) -> None:
    """Both are messages of one session that has negotiated permessage-deflate; RSV1 says which (RFC 7692 §6)."""
    opening = asyncio.create_task(connect(byte_server.url, proxy=None).__aenter__())
    peer = await byte_server.accept()
    await peer.upgrade("Sec-WebSocket-Extensions: permessage-deflate")
    session = await opening
    for on in (True, False, True):
        assert change_setting(session, "compresses", on) is on
        await session.send("Hello")
        await session.flush()
    frames = [await peer.read_frame() for _ in range(3)]
    assert [frame.head for frame in frames] == [0xC1, 0x81, 0xC1]
    assert frames[1].payload == b"Hello"
    inflate = zlib.decompressobj(wbits=-15)
    inflated = [inflate.decompress(frame.payload + b"\x00\x00\xff\xff") for frame in frames[::2]]
    assert inflated == [b"Hello", b"Hello"]
    session.terminate()


async def test_pings_are_answered_or_not_from_one_to_the_next(byte_server: ByteServer) -> None:
    """Those in between get no pong later."""
    opening = asyncio.create_task(connect(byte_server.url, proxy=None).__aenter__())
    peer = await byte_server.accept()
    await peer.upgrade()
    session = await opening
    for payload, on in ((b"1", True), (b"2", False), (b"3", True)):
        assert change_setting(session, "answers_pings", on) is on
        await peer.send(b"\x89\x01" + payload + b"\x81\x01x")
        assert await session.receive() == "x"  # so that the ping before it has been read
    pongs = [await peer.read_frame() for _ in range(2)]
    assert [(frame.head, frame.payload) for frame in pongs] == [(0x8A, b"1"), (0x8A, b"3")]
    session.terminate()


@pytest.mark.parametrize(("raw", "answers"), [(False, True), (True, False)])
async def test_a_session_begins_as_connect_says(raw: bool, answers: bool) -> None:
    """Without a word a default session answers, and a raw one leaves that to its user."""
    async with embedded_server("echo") as server:
        async with connect(server.url, raw=raw) as session:
            assert session.answers_pings is settings_of(session)["answers_pings"] is answers
        async with connect(server.url, raw=raw, answers_pings=not answers) as session:
            assert session.answers_pings is not answers


async def test_answers_are_on_or_off() -> None:
    """Nothing else stands for either."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        with pytest.raises(TypeError, match="answers_pings is True or False"):
            change_setting(session, "answers_pings", "off")


async def test_compression_is_on_or_off() -> None:
    """None stands for a session that has none, which no person can make it."""
    async with embedded_server("echo") as server, connect(server.url) as session:
        with pytest.raises(TypeError, match="True or False"):
            change_setting(session, "compresses", None)
        assert settings_of(session)["compresses"] is True


async def test_what_was_not_negotiated_cannot_be_turned_on() -> None:
    """And its value is neither on nor off."""
    async with embedded_server("echo") as server, connect(server.url, compression=None) as session:
        assert settings_of(session)["compresses"] is None
        with pytest.raises(ValueError, match="permessage-deflate was not negotiated"):
            change_setting(session, "compresses", True)

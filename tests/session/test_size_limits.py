"""Size limits: at, under and over; told before the body comes; for frames, messages and inflated bytes."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import pytest

from wsnotebook import CloseReason, FrameTooBig, PerMessageDeflate, connect

if TYPE_CHECKING:
    from tests.session.conftest import ByteServer, Io, Opener, RawOpener
    from wsnotebook import ClientWebSocketSession

TOO_BIG = (1009).to_bytes(2, "big")


def _binary(size: int) -> bytes:
    return b"\x82\x7e" + size.to_bytes(2, "big") + bytes(size)


async def _fails_with(session: ClientWebSocketSession, size: int, limit: int) -> None:
    with pytest.raises(FrameTooBig) as caught:
        await session.incoming.receive()
    assert (caught.value.frame_size, caught.value.limit) == (size, limit)
    with pytest.raises(FrameTooBig):
        async for _ in session.incoming:
            pass
    assert (await session.close_reason).code == 1009


@pytest.mark.parametrize("raw", [False, True])
async def test_b41_one_byte_over_the_limit(opened: Opener, opened_raw: RawOpener, raw: bool) -> None:
    """Limit 1023: a frame of 1023 passes, one of 1024 is 1009 and FrameTooBig, on both layers."""
    session, peer = await (opened_raw if raw else opened)(max_frame_size=1023)
    await peer.send(_binary(1023) + _binary(1024) + b"\x81\x01a")
    assert len((await session.incoming.receive()).data) == 1023
    await _fails_with(session, 1024, 1023)
    close = await peer.read_frame()
    assert (close.head, close.payload[:2]) == (0x88, TOO_BIG)
    row = session.df.query("direction == 'in'").iloc[1]
    assert row.status == "oversized"
    assert "1024 bytes" in row.detail


async def test_b42_abc_passes_a_limit_of_ten_and_1500_bytes_do_not(opened: Opener) -> None:
    """The limit is ours alone: what we send is not held to it."""
    session, peer = await opened(max_frame_size=10)
    await session.send(bytes(1500))
    assert len((await peer.read_frame()).payload) == 1500
    await peer.send(b"\x81\x03abc" + _binary(1500))
    assert await session.receive() == "abc"
    await _fails_with(session, 1500, 10)


async def test_the_declared_length_fails_before_the_body_comes(opened: Opener) -> None:
    """2^62 bytes are declared and none is sent: the session knows at once and holds no memory for them."""
    session, peer = await opened(max_frame_size=1000, early=b"\x82\x7f" + (1 << 62).to_bytes(8, "big"))
    await _fails_with(session, 1 << 62, 1000)
    assert session.log.memory < 10_000


async def test_what_comes_of_a_body_over_the_limit_is_counted(opened: Opener) -> None:
    """It belongs to no row: log.truncated and an event tell how many bytes."""
    session, peer = await opened(max_frame_size=1000)
    await peer.send(_binary(2000))
    await session.close_reason
    peer.end()
    await session.close()
    assert session.log.truncated == 2000
    assert "truncated" in set(session.log.events.kind)


@pytest.mark.parametrize(("sizes", "passes"), [((400, 400, 200), True), ((400, 400, 201), False)])
async def test_the_limit_holds_for_the_joined_message(
    opened: Opener, sizes: tuple[int, ...], passes: bool
) -> None:
    """Frames within it may not add up to more; equal passes. A raw session joins nothing, so it lets them pass."""
    heads = (0x02, 0x00, 0x80)
    stream = b"".join(
        bytes((head, 126)) + size.to_bytes(2, "big") + bytes(size)
        for head, size in zip(heads, sizes, strict=True)
    )
    session, peer = await opened(max_frame_size=1000, early=stream)
    if passes:
        assert len(await session.receive()) == 1000
    else:
        await _fails_with(session, 1001, 1000)


async def test_a_raw_session_holds_each_frame_to_the_limit_and_no_message(opened_raw: RawOpener) -> None:
    """400 + 400 + 400 bytes in three frames pass a limit of 1000."""
    stream = b"".join(
        bytes((head, 126)) + (400).to_bytes(2, "big") + bytes(400) for head in (0x02, 0x00, 0x80)
    )
    session, _ = await opened_raw(max_frame_size=1000, early=stream)
    assert [len((await session.incoming.receive()).data) for _ in range(3)] == [400, 400, 400]


async def test_the_limit_can_be_set_at_any_moment(opened: Opener) -> None:
    """Between two frames, up and down, and off."""
    session, peer = await opened(max_frame_size=10)
    session.max_frame_size = 2000
    assert session.max_frame_size == 2000
    await peer.send(_binary(1500))
    assert len(await session.receive()) == 1500
    session.max_frame_size = None
    await peer.send(b"\x82\x7f" + (70_000).to_bytes(8, "big") + bytes(70_000))
    assert len(await session.receive()) == 70_000
    session.max_frame_size = 5
    await peer.send(b"\x81\x06abcdef")
    await _fails_with(session, 6, 5)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_of_no_bytes_is_refused(opened: Opener, limit: int) -> None:
    """In connect() and on the session; the old one stays."""
    with pytest.raises(ValueError, match="over 0, or None"):
        connect("ws://127.0.0.1/", max_frame_size=limit)
    session, _ = await opened(max_frame_size=77)
    with pytest.raises(ValueError, match="over 0, or None"):
        session.max_frame_size = limit
    assert session.max_frame_size == 77


async def test_one_byte_reads_make_no_difference(opened: Opener) -> None:
    """Limit, limit + 1, in reads of one byte each."""
    session, peer = await opened(max_frame_size=5)
    for byte in b"\x81\x05Hello\x81\x06Hello!":
        await peer.send(bytes((byte,)))
        await asyncio.sleep(0)
    assert await session.receive() == "Hello"
    await _fails_with(session, 6, 5)


@pytest.mark.parametrize(("size", "passes"), [(1000, True), (1001, False), (100_000_000, False)])
async def test_what_inflates_is_held_to_the_limit(
    byte_server: ByteServer, io: Io, size: int, passes: bool
) -> None:
    """Deflate: the limit is for the application's bytes; a bomb costs no more than the limit."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    small = b"".join(deflate.compress(bytes(min(1 << 20, size - start))) for start in range(0, size, 1 << 20))
    small = (small + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    header = b"\xc2" + (bytes((len(small),)) if len(small) < 126 else b"\x7f" + len(small).to_bytes(8, "big"))
    opening = asyncio.ensure_future(
        connect(
            byte_server.url,
            io=io,
            proxy=None,
            extensions=[PerMessageDeflate()],
            max_frame_size=max(1000, len(small)),
        )
    )
    peer = await byte_server.accept()
    await peer.upgrade("Sec-WebSocket-Extensions: permessage-deflate")
    session = await opening
    await peer.send(header + small)
    if passes:
        assert await session.receive() == bytes(1000)
    else:
        with pytest.raises(FrameTooBig) as caught:
            await session.receive()
        assert caught.value.limit == max(1000, len(small))
        assert (await session.close_reason).code == 1009
        assert session.log.memory < 3 * len(small) + 10_000
    session.terminate()
    await session.close()


async def test_too_many_fragments_fail_with_1009(opened: Opener) -> None:
    """65,536 empty ones are a message, one more is not: bytes are not the only thing a peer can send too much of."""
    session, peer = await opened(early=b"\x01\x00", max_frame_size=1000)
    await peer.send(b"\x00\x00" * 65_534 + b"\x80\x00" + b"\x01\x00")
    assert await session.receive() == ""
    await peer.send(b"\x00\x00" * 65_536)
    assert (await session.close_reason).code == 1009


async def test_the_peer_is_told_sizes(opened: Opener) -> None:
    """The close message names both."""
    session, peer = await opened(max_frame_size=5, early=b"\x81\x06abcdef")
    assert (await peer.read_frame()).payload == TOO_BIG + b"frame of 6 bytes, limit 5"
    assert await session.close_reason == CloseReason(1009, "frame of 6 bytes, limit 5")
    assert session.close_initiator == "local"

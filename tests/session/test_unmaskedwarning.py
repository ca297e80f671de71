"""Masking: fresh keys, switched at any moment, read when a frame is serialised, warned about once."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from wsnotebook import Channels, CloseReason, Frame, connect, lab, unlimited
from wsnotebook.session.unmaskedwarning import UnmaskedWarning

if TYPE_CHECKING:
    from tests.session.conftest import Io, Opener, RawOpener

Until = Callable[[Callable[[], object]], Awaitable[None]]

pytestmark = pytest.mark.filterwarnings("ignore::wsnotebook.session.unmaskedwarning.UnmaskedWarning")


async def test_b13_every_frame_is_masked_with_a_fresh_key(opened: Opener) -> None:
    """Data, fragments, pings, pongs and the close; the keys are in the log."""
    session, peer = await opened()
    for number in range(50):
        await session.send(str(number))
    await session.send(Frame.text("a", fin=False))
    await session.send(Frame.text("b"))
    await session.send(Frame.ping(b"p"))
    await peer.send(b"\x89\x01q")
    frames = [await peer.read_frame() for _ in range(54)]
    await session.close(wait=False)
    frames.append(await peer.read_frame())
    keys = [frame.key for frame in frames]
    assert None not in keys
    assert len(set(keys)) == 55
    assert [bytes(key) for key in session.df.query("direction == 'out'").mask_key] == keys


async def test_unmasked_frames_are_plain_and_rows_say_so(opened: Opener) -> None:
    """Bytes as RFC 6455 §5.7 prints them for a server; the row is a violation of §5.1."""
    session, peer = await opened(masking=False)
    assert session.masking is False
    await session.send("Hello")
    assert await peer.read(7) == bytes.fromhex("8105 48656c6c6f")
    row = session.df.iloc[0]
    assert (bool(row.masked), row.status) == (False, "violation")
    assert "a client must mask" in row.detail


async def test_frames_still_queued_follow_the_new_value_and_written_ones_do_not(
    opened: Opener, until: Until
) -> None:
    """masking is read when a frame is serialised."""
    big = bytes(1 << 20)
    session, peer = await opened(channels=Channels(outgoing=unlimited()))
    peer.stop_reading()
    while not session.pump._writer.is_paused:
        await session.send(big)
        await asyncio.sleep(0.002)
    await session.send("queued while masked")
    written = len(session.log)
    with pytest.warns(UnmaskedWarning) as caught:
        session.masking = False  # here, as the frame has been sent already as far as its sender knows
    assert caught[0].filename == __file__
    peer.read_on()
    frames = [await peer.read_frame()]
    while frames[-1].payload == big:
        frames.append(await peer.read_frame())
    assert all(frame.key is not None for frame in frames[:written])
    assert frames[-1] == (0x81, None, b"queued while masked")
    session.masking = True
    await session.send("masked again")
    assert (await peer.read_frame()).key is not None


async def test_automatic_answers_follow_masking_too(opened: Opener) -> None:
    """Pong and close echo."""
    session, peer = await opened(masking=False)
    await peer.send(b"\x89\x01p")
    assert await peer.read_frame() == (0x8A, None, b"p")
    await peer.send(b"\x88\x02\x03\xe8")
    assert await peer.read_frame() == (0x88, None, b"\x03\xe8")


async def test_the_first_frame_sent_unmasked_warns_once_at_the_users_line(opened: Opener) -> None:
    """Not the setting of it: that may be taken back. Each session warns for itself."""
    for _ in range(2):
        session, peer = await opened()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            session.masking = False
            session.masking = True
            await session.send("masked")
            await session.flush()
            session.masking = False
        with pytest.warns(UnmaskedWarning, match="1002.*session.masking = True") as caught:
            await session.send("unmasked")
        assert len(caught) == 1
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            await session.send("unmasked again")


@pytest.mark.parametrize("verb", ["outgoing.send", "try_send", "send_json", "close", "ping", "frame"])
async def test_every_verb_that_sends_warns_at_the_users_line(opened: Opener, verb: str) -> None:
    """Whichever way the first unmasked frame goes."""
    session, peer = await opened(masking=False)
    with pytest.warns(UnmaskedWarning) as caught:
        if verb == "outgoing.send":
            await session.outgoing.send(Frame.text("a"))
        elif verb == "try_send":
            session.outgoing.try_send(Frame.text("a"))
        elif verb == "send_json":
            await session.send_json(1)
        elif verb == "close":
            await session.close(wait=False)
        elif verb == "ping":
            with pytest.raises(TimeoutError):
                await session.ping(timeout=0.01)
        else:
            await session.send(Frame.binary(b"a", fin=False))
    assert [warning.filename for warning in caught] == [__file__]


async def test_a_strict_server_answers_1002(io: Io) -> None:
    """What the warning says."""
    async with lab.embedded_server("echo") as server:
        session = await connect(server.url, io=io, proxy=None, masking=False)
        await session.send("unmasked")
        assert (await session.close_reason).code == 1002
        await session.close()


async def test_a_raw_session_sends_with_a_fixed_key(opened_raw: RawOpener) -> None:
    """RFC 6455 §5.7: the masked "Hello" to the byte."""
    session, peer = await opened_raw()
    await session.send("Hello", mask_key=bytes.fromhex("37fa213d"))
    assert await peer.read(11) == bytes.fromhex("8185 37fa213d 7f9f4d5158")
    await session.send("Hello", mask_key=bytes(4))
    assert await peer.read(11) == b"\x81\x85\0\0\0\0Hello"
    with pytest.raises(ValueError, match="4 bytes"):
        await session.send("Hello", mask_key=b"abc")


async def test_a_default_session_takes_no_mask_key(opened: Opener) -> None:
    """The sentence names raw=True."""
    session, _ = await opened()
    with pytest.raises(ValueError, match="raw=True"):
        await session.send("Hello", mask_key=b"abcd")
    assert session.close_reason_now is None
    assert session.close_reason_now != CloseReason(1000)

"""Large frames: received into their place in the log, whole and right whatever cuts, ends or breaks them."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import psutil
import pytest

from wsnotebook import CloseReason, FrameLog, ProtocolViolation
from wsnotebook.session.connection import OpenConnection
from wsnotebook.wire.batch import LONE

if TYPE_CHECKING:
    from tests.session.conftest import Opener, RawOpener

Until = Callable[[Callable[[], object]], Awaitable[None]]

CLOSE_1000 = b"\x88\x02\x03\xe8"


def frame(head: int, payload: bytes) -> bytes:
    return bytes((head, 127)) + len(payload).to_bytes(8, "big") + payload


def resident() -> int:
    """Return the bytes of memory that this process has."""
    return int(psutil.Process().memory_info().rss)


async def test_large_frames_between_small_ones_are_the_bytes_that_were_sent(opened: Opener) -> None:
    """Three sizes over the bound, small frames between: every byte, in order, in channel, log and wire image."""
    large = [os.urandom(size) for size in (LONE, LONE + 1, 3_000_000)]
    data = b"".join(frame(0x82, payload) + b"\x82\x02ok" for payload in large) + CLOSE_1000
    session, peer = await opened()
    await peer.send(data)
    messages = [message.data async for message in session.incoming]
    assert messages == [part for payload in large for part in (payload, b"ok")]
    rows = session.df.query("direction == 'in' and opcode == 'binary'")
    assert [bytes(payload) for payload in rows["payload"]] == messages
    assert hashlib.sha256(session.log.wire_bytes("in")).digest() == hashlib.sha256(data).digest()


async def test_a_large_text_is_checked_to_its_last_character(opened: Opener) -> None:
    """Characters of two to four bytes lie across every cut; one wrong byte at the end is 1007."""
    text = "ä€😀" * 100_000
    session, peer = await opened()
    await peer.send(frame(0x81, text.encode()))
    assert await session.receive() == text
    assert session.df["text"].dropna().iloc[-1] == text
    await peer.send(frame(0x81, text.encode() + b"\xf0\x9f\x98"))
    with pytest.raises(ProtocolViolation, match="UTF-8"):
        await session.incoming.receive()
    assert (await session.close_reason).code == 1007
    row = session.df.query("status == 'violation'").iloc[0]
    assert (row.length, row.opcode) == (len(text.encode()) + 3, "text")
    assert bytes(row.payload).endswith(b"\xf0\x9f\x98"), "the bytes are kept"


async def test_what_came_of_a_large_frame_is_kept_when_the_stream_ends_in_it(opened_raw: RawOpener) -> None:
    """A row of status truncated has the bytes that came, and the length that its header declares."""
    session, peer = await opened_raw()
    await peer.send(frame(0x82, bytes(4_000_000))[:1_000_010])
    peer.end()
    assert await session.close_reason == CloseReason(1006)
    row = session.df.iloc[-1]
    assert (row.status, row.length, row.wire_length) == ("truncated", 4_000_000, 1_000_000)
    assert len(row.payload) == 1_000_000


async def test_a_transport_that_feeds_what_it_had_read_before_a_pause_loses_nothing(
    opened: Opener, until: Until
) -> None:
    """As asyncio's does on Windows: reading pauses for a turn, and the rest of the same read comes all the same."""
    session, peer = await opened()
    pump = session.pump
    assert pump.wire is not None
    connection = OpenConnection(pump.wire, pump)
    large = os.urandom(LONE + 5)
    data = b"\x82\x00" * 20_000 + frame(0x82, large) + b"\x82\x02ok" + b"\x82\x00" * 20_000

    def feed() -> None:
        rest = data
        while rest:
            buffer = connection.get_buffer(-1)
            count = min(len(buffer), len(rest))
            buffer[:count] = rest[:count]
            connection.buffer_updated(count)
            rest = rest[count:]

    pump.call(feed)
    await until(lambda: len(session.log) == 40_002)
    assert session.log.frame(20_000).data == large
    await peer.send(b"\x82\x04more")
    await until(lambda: len(session.log) == 40_003)  # reading goes on


async def test_large_frames_move_to_disk_and_are_read_from_there(opened: Opener, until: Until) -> None:
    """With 1 MB of retention the log holds no more than that, and a reader who comes late misses nothing."""
    log = FrameLog(retention=1_000_000)
    session, peer = await opened(log=log)
    sent = [bytes((number,)) * 500_000 for number in range(20)]
    for payload in sent:
        await peer.send(frame(0x82, payload))
    await until(lambda: len(log) == 20)
    assert log.spilled >= 17
    assert log.memory <= 1_500_000
    assert [(await session.incoming.receive()).data for _ in sent] == sent


@pytest.mark.long
async def test_small_frames_between_large_ones_cost_little_memory(opened: Opener, until: Until) -> None:
    """Each small frame gets a segment of its own, which must not keep a huge page, or ten times the payload.

    Of three rounds the least counts: the memory of the process also moves with what earlier tests have left in its heap.
    """
    log = FrameLog(retention=None)
    session, peer = await opened(log=log)
    for _ in range(3):  # so that segments have grown
        await peer.send((b"\x82\x7e\x10\x00" + bytes(4096)) * 2000)
    await until(lambda: len(log) == 6000)
    growths = []
    for number in range(1, 4):
        gc.collect()
        before = resident()
        for _ in range(100):
            await peer.send(frame(0x82, bytes((number,)) * LONE) + b"\x82\x02ok")
        await until(lambda rows=6000 + 200 * number: len(log) == rows)
        growths.append(resident() - before)
    assert min(growths) < 2 * 100 * LONE
    assert log.frame(6599).data == b"ok"

"""Sessions with servers of other makers: Node's ws, aiohttp and tornado, compressed or not, pumped on either loop."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import wsnotebook
from wsnotebook.wire.frames import CloseReason

MEBIBYTE = 1 << 20


def connect(url: str, **options: Any) -> Any:
    return wsnotebook.connect(url, proxy=None, **options)


@pytest.mark.long
async def test_texts_and_binaries_come_back_as_they_went(peer_url: str, compression: str, io: str) -> None:
    """Empty, short, not ASCII, and on both sides of each length form; the rows are compressed where that was agreed."""
    texts = ["", "Hello", "grüße 🐙", *("a" * size for size in (125, 126, 65535, 65536))]
    async with connect(peer_url, io=io) as session:
        assert bool(session.extensions) is (compression == "deflate")
        for text in texts:
            await session.send(text)
            assert await session.receive() == text
            await session.send(text.encode())
            assert await session.receive() == text.encode()
    df = session.df
    data = df[df.opcode.isin(["text", "binary"])]
    assert len(data) == 4 * len(texts)
    assert (data.status == "ok").all()
    received = data[data.direction == "in"]
    assert received.rsv1.any() == (compression == "deflate")
    assert (received.wire_length < received.length).any() == (compression == "deflate")


async def test_20_mib_of_random_bytes_come_back_identical(peer_url: str, io: str) -> None:
    """Behaviour 9, with servers that may fragment as they like; a compressible half beside a random one."""
    data = Random(9).randbytes(10 * MEBIBYTE) + b"compressible" * (10 * MEBIBYTE // 12)
    async with connect(peer_url, io=io) as session:
        await session.send(data)
        assert await session.receive() == data


async def test_pings_are_answered_both_ways(peer_url: str, maker: str, io: str) -> None:
    """ping() gets its pong, and the server that was asked to ping gets ours, with the payload it chose."""
    async with connect(peer_url, io=io) as session:
        assert 0 < await session.ping(b"to the peer") < 10
        await session.send("ping me")
        assert await session.receive() == f"pong from {maker}"
    df = session.df
    assert df[df.opcode == "pong"].payload.tolist() == [b"to the peer", f"from {maker}".encode()]


async def test_a_close_with_a_reason_goes_both_ways(peer_url: str, maker: str, io: str) -> None:
    """Our code comes back from the server; the server's code and words, not ASCII, arrive here."""
    session = await connect(peer_url, io=io)
    assert await session.close(4002, "enough") == CloseReason(4002, "enough")
    assert session.close_received is not None
    assert session.close_received.code == (1000 if maker == "aiohttp" else 4002)  # aiohttp echoes no code
    assert session.close_initiator == "local"

    session = await connect(peer_url, io=io)
    await session.send("close me")
    assert await session.close_reason == CloseReason(4321, "grüße")
    assert session.close_initiator == "peer"
    await session.close()


async def test_a_thousand_messages_keep_their_order(peer_url: str, io: str) -> None:
    """Sent without waiting, read at the end; the context of the compression lasts over all of them."""
    messages = [f"message {number} " + "ä" * (number % 90) for number in range(1000)]
    async with connect(peer_url, io=io) as session:
        for message in messages:
            await session.send(message)
        assert [await session.receive() for _ in messages] == messages


async def test_a_raw_session_sees_what_the_server_sends(peer_url: str, io: str) -> None:
    """No extension is offered, nothing is answered: the ping that the server sent waits for the user."""
    async with connect(peer_url, raw=True, io=io) as session:
        await session.send("ping me")
        ping = await session.incoming.receive()
        assert ping.opcode == 9
        await session.send(wsnotebook.Frame.pong(ping.data))
        answer = await session.incoming.receive()
        assert answer.read_text() == f"pong {ping.data.decode()}"

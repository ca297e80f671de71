"""hostile_server, met with plain streams: the bytes, the pieces and the ends that a client is given."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from wsnotebook.lab import (
    HOSTILE,
    Delay,
    Drip,
    HalfClose,
    HostilePeer,
    NeverAnswer,
    ReadBytes,
    ReadRequest,
    Reset,
    SendBytes,
    Upgrade,
    certificate,
    hostile_server,
)

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"


@contextlib.asynccontextmanager
async def meet(*steps) -> AsyncIterator[tuple]:
    """Start a server with these steps, connect, and give (server, reader, writer)."""
    async with hostile_server(steps[0] if isinstance(steps[0], str) else steps) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        try:
            async with asyncio.timeout(60):
                yield server, reader, writer
        finally:
            writer.transport.abort()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        assert not server.errors


async def test_send_in_one_piece_then_eof():
    """The bytes come as they are; the end of the script is the end of the connection."""
    async with meet(SendBytes(b"\x00garbage\xff")) as (_, reader, _):
        assert await reader.read() == b"\x00garbage\xff"


async def test_send_split_comes_in_pieces():
    """Each cut is a read of its own."""
    async with meet(SendBytes(b"abcdef", split=[1, 3], pause=0.05)) as (_, reader, _):
        assert [await reader.read(100) for _ in range(4)] == [b"a", b"bc", b"def", b""]
    async with meet(SendBytes(b"abcdef", split=2, pause=0.05)) as (_, reader, _):
        assert [await reader.read(100) for _ in range(3)] == [b"ab", b"cdef", b""]


async def test_drip_is_one_byte_at_a_time():
    """No read gets two bytes."""
    async with meet(Drip(b"drip", interval=0.05)) as (_, reader, _):
        assert [await reader.read(100) for _ in range(5)] == [b"d", b"r", b"i", b"p", b""]


async def test_delay_keeps_silent():
    """Nothing comes before the delay is over."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with meet(Delay(0.1), SendBytes(b"x")) as (_, reader, _):
        assert await reader.read() == b"x"
        assert loop.time() - start >= 0.1


async def test_upgrade_answers_the_key():
    """The key of RFC 6455 §1.3 gets the accept value that stands there, and further headers."""
    async with meet(Upgrade(headers=b"X-More: 1\r\n")) as (server, reader, writer):
        writer.write(REQUEST)
        head = await reader.read()
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n") and head.endswith(
            b"X-More: 1\r\n\r\n"
        )
        assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
        assert bytes(server.peers[0].received) == REQUEST


async def test_reset_is_a_reset():
    """The client sees a connection reset, not an end of stream."""
    async with meet(ReadRequest(), Reset()) as (_, reader, writer):
        writer.write(REQUEST)
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_half_close_still_reads(until):
    """After the end of our side the client's bytes still arrive."""
    async with meet(SendBytes(b"last"), HalfClose(), ReadBytes(3), Delay(60)) as (server, reader, writer):
        assert await reader.read() == b"last"
        writer.write(b"abc")
        await writer.drain()
        await until(lambda: len(server.peers[0].received) == 3)
        assert server.peers[0].received == b"abc"


async def test_never_answer_waits_for_the_client():
    """Nothing is sent, everything is read, and the connection ends only when the client ends it."""
    async with meet(NeverAnswer()) as (server, reader, writer):
        writer.write(REQUEST)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        writer.write_eof()
        assert await reader.read() == b""
        assert server.peers[0].received == REQUEST


async def test_a_server_that_does_not_read_stops_the_client():
    """With reading=False the client's writes end in backpressure: drain does not return."""
    async with meet(NeverAnswer(reading=False)) as (_, _, writer):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                while True:
                    writer.write(bytes(1_000_000))
                    await writer.drain()


async def test_own_step_and_its_failure():
    """An async def is a step; what it raises is kept in errors, and the connection is cut."""

    async def shout(peer: HostilePeer) -> None:
        await peer.send(b"HELLO")
        raise ZeroDivisionError

    async with hostile_server([shout]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        assert await reader.readexactly(5) == b"HELLO"
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        assert [type(error) for error in server.errors] == [ZeroDivisionError]
        writer.close()


async def test_a_client_that_leaves_is_no_error(until):
    """Steps that wait for bytes end without a word when the client is gone."""
    async with hostile_server([ReadRequest(), SendBytes(b"x")]) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.transport.abort()
        await until(lambda: server.peers and server.peers[0].writer.is_closing())
        assert not server.errors


async def test_clients_are_served_at_once_and_stop_cuts_them(until):
    """Every client has its own script; stop ends all of them, and may be repeated."""
    server = await hostile_server("never-answer")
    streams = [
        await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2])) for _ in range(3)
    ]
    await until(lambda: len(server.peers) == 3)
    assert repr(server) == f"<hostile_server {server.url}: 3 accepted, 0 errors>"
    await server.stop()
    await server.stop()
    for reader, writer in streams:
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_tls():
    """The steps happen inside TLS when a context is given."""
    pair = certificate()
    async with hostile_server("first-frame-in-head", ssl=pair.server) as server:
        assert server.url.startswith("wss://")
        client = await connect(server.url, ssl=pair.client)
        assert await client.recv() == "Hello"
        client.transport.abort()


# ---- the named scripts, as an independent client meets them ----

REFUSED = {
    "garbage", "not-http", "wrong-accept", "no-accept", "eof-in-head", "reset-in-head", "status-500", "endless-headers",
}  # fmt: skip
SILENT = {"never-answer", "drip"}
BREAK = {"two-responses", "eof-in-frame", "eof-without-close", "half-close", "reset"}
OPEN = {"first-frame-in-head", "split-frame", "stops-reading"}


def test_every_named_script_is_tried():
    """The four sets below cover the table."""
    assert REFUSED | SILENT | BREAK | OPEN == set(HOSTILE)


@pytest.mark.parametrize("name", sorted(REFUSED))
async def test_named_scripts_that_are_no_handshake(name: str):
    """An independent client refuses to connect."""
    async with hostile_server(name) as server:
        with pytest.raises((InvalidHandshake, InvalidMessage, OSError)):
            await connect(server.url, open_timeout=1.0)
        assert not server.errors


@pytest.mark.parametrize("name", sorted(SILENT))
async def test_named_scripts_that_keep_one_waiting(name: str):
    """A client's open timeout is what ends it."""
    async with hostile_server(name) as server:
        with pytest.raises(TimeoutError):
            await connect(server.url, open_timeout=0.1)


@pytest.mark.parametrize("name", sorted(BREAK))
async def test_named_scripts_that_break_off(name: str):
    """The handshake works, and then the connection ends without a correct close."""
    async with hostile_server(name) as server:
        client = await connect(server.url, close_timeout=0.1)
        with contextlib.suppress(ConnectionClosed):
            await client.send("x")
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await client.recv()
        assert closed.value.rcvd is None


@pytest.mark.parametrize("name", sorted(OPEN - {"stops-reading"}))
async def test_named_scripts_that_are_correct(name: str):
    """How the bytes were cut makes no difference to a correct client."""
    async with hostile_server(name) as server:
        client = await connect(server.url)
        assert await client.recv() == "Hello"
        client.transport.abort()


# ---- what is refused ----


def test_wrong_scripts_are_refused():
    """Unknown names list the known; a class without its parentheses and other things are no steps."""
    with pytest.raises(ValueError, match="wrong-accept"):
        hostile_server("rst")
    for wrong in (Reset, 5, b"bytes"):
        with pytest.raises(TypeError, match="is not a step"):
            hostile_server([wrong])  # type: ignore[list-item]  # that it is refused is the fact


def test_only_loopback():
    """A hostile server does not meet strangers."""
    with pytest.raises(ValueError, match="loopback only"):
        hostile_server("reset", host="0.0.0.0")
    with pytest.raises(RuntimeError, match="not started"):
        _ = hostile_server("reset").url

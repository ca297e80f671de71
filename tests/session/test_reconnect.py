"""``async for session in connect(url)``: connecting again, what the log says of it, and leaving the loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import CloseReason, FrameLog, HandshakeError, SessionClosed, connect, lab
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.session.conftest import ByteServer, Io


async def test_a_closed_session_is_followed_by_another(io: Io) -> None:
    """The body ends with its session; one log goes on, with the attempt in a column and an event for each gap."""
    numbers = iter("abc")

    async def one(session: Any) -> None:
        await session.send(next(numbers))

    log = FrameLog()
    received: list[str | bytes] = []
    async with lab.embedded_server(one) as server:
        async for session in connect(server.url, io=io, proxy=None, log=log, name="feed"):
            async for message in session:
                received.append(message)
            if len(received) == 3:
                break
        await session.close()
    assert received == ["a", "b", "c"]
    texts = log.df.query("opcode == 'text'")
    assert texts.attempt.tolist() == [0, 1, 2]
    assert set(texts.session) == {"feed"}
    events = log.events
    assert events.kind.tolist().count("reconnect") == 2
    assert "attempt 0 ended with 1000 NORMAL" in events.query("kind == 'reconnect'").detail.iloc[0]


async def test_a_refused_attempt_is_made_again(byte_server: ByteServer, io: Io) -> None:
    """503 may pass; the event names the status and shows no secret of the address."""
    log = FrameLog()

    async def serve() -> None:
        peer = await byte_server.accept()
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        peer = await byte_server.accept()
        await peer.upgrade(early=b"\x81\x01a\x88\x02\x03\xe8")
        await peer.read_frame()
        peer.end()

    serving = asyncio.create_task(serve())
    async for session in connect(byte_server.url + "?token=s3cret", io=io, proxy=None, log=log):
        assert await session.receive() == "a"
        break
    await session.close()
    await serving
    detail = log.events.query("kind == 'reconnect'").detail.tolist()
    assert len(detail) == 1
    assert "503 Service Unavailable" in detail[0]
    assert not any("s3cret" in text for text in log.events.detail)
    assert log.df.attempt.tolist()[0] == 1


@pytest.mark.parametrize(
    "status", ["408 Request Timeout", "425 Too Early", "429 Too Many Requests", "503 Busy"]
)
async def test_a_server_that_asks_for_time_gets_it(
    byte_server: ByteServer, io: Io, status: str, until: Callable[[Callable[[], object]], Awaitable[None]]
) -> None:
    """The next attempt is not before Retry-After, which the event says."""
    log = FrameLog()

    async def follow() -> None:
        async for _ in connect(byte_server.url, io=io, proxy=None, log=log):
            pytest.fail("there is no session")

    following = asyncio.create_task(follow())
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(f"HTTP/1.1 {status}\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n".encode())
    await until(lambda: "reconnect" in set(log.events.kind))
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    (detail,) = log.events.query("kind == 'reconnect'").detail
    assert detail == f"attempt 0 failed: status {status}; next in 3600.00 s"


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found"])
async def test_what_only_other_arguments_can_mend_is_raised(
    byte_server: ByteServer, io: Io, status: str
) -> None:
    """Trying again would not help."""

    async def serve() -> None:
        peer = await byte_server.accept()
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    serving = asyncio.create_task(serve())
    with pytest.raises(HandshakeError, match=status):
        async for _ in connect(byte_server.url, io=io, proxy=None):
            pytest.fail("there is no session")
    await serving


async def test_leaving_the_loop_closes_with_1000(io: Io) -> None:
    """break is no fault: the generator's end is not told to the peer as an error."""
    async with lab.embedded_server("silent") as server:
        async for session in connect(server.url, io=io, proxy=None):
            assert session.state is SessionState.OPEN
            break
        assert await session.close_reason == CloseReason(1000)
        await session.close()
        assert session.state is SessionState.CLOSED


async def test_a_body_that_continues_after_a_loss(byte_server: ByteServer, io: Io) -> None:
    """``except SessionClosed: continue``: the habit of websockets users."""
    log = FrameLog()

    async def serve() -> None:
        (await _upgraded(byte_server)).reset()
        await (await _upgraded(byte_server)).send(b"\x81\x01b")

    serving = asyncio.create_task(serve())
    sessions: list[ClientWebSocketSession] = []
    async for session in connect(byte_server.url, io=io, proxy=None, log=log):
        sessions.append(session)
        try:
            message = await session.receive()
        except SessionClosed:
            continue
        assert message == "b"
        session.terminate()
        break
    await session.close()
    await serving
    assert sessions[0].close_reason_now == sessions[1].close_reason_now == CloseReason(1006)
    assert len(sessions) == 2
    assert "ended with 1006" in log.events.query("kind == 'reconnect'").detail.iloc[0]


async def _upgraded(byte_server: ByteServer) -> Any:
    peer = await byte_server.accept()
    await peer.upgrade()
    return peer

"""``async for session in connect(url)``: connecting again, what the log says of it, and leaving the loop."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from wsnotebook import CloseReason, FrameLog, HandshakeError, SessionClosed, connect, lab
from wsnotebook.session.attempts import Attempts, attempts_of, newest_of
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


async def test_a_server_that_hangs_up_without_an_answer_is_asked_again(
    byte_server: ByteServer, io: Io
) -> None:
    """As a gateway does while the server behind it is being started; what is no HTTP is not asked again."""
    log = FrameLog()

    async def serve() -> None:
        (await byte_server.accept()).hang_up()
        peer = await byte_server.accept()
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(b"SSH-2.0-OpenSSH_9.2\r\n")

    serving = asyncio.create_task(serve())
    with pytest.raises(HandshakeError, match="not an HTTP answer"):
        async for _ in connect(byte_server.url, io=io, proxy=None, log=log):
            pytest.fail("there is no session")
    await serving
    assert len(pauses(log)) == 1


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


async def hang_up(byte_server: ByteServer, close: bytes) -> None:
    """Accept each client, and leave it at once."""
    while True:
        peer = await _upgraded(byte_server)
        await peer.send(close)
        peer.end()


def pauses(log: FrameLog) -> list[float]:
    """Return the seconds of each pause, as the events say."""
    return [float(detail.split()[-2]) for detail in log.events.query("kind == 'reconnect'").detail]


@pytest.mark.parametrize(
    "close", [b"\x88\x02\x03\xe8", b"\x88\x02\x03\xf5", b""], ids=["1000", "1013", "none"]
)
async def test_the_pauses_grow_while_sessions_end_at_once(
    byte_server: ByteServer, io: Io, close: bytes, until: Callable[[Callable[[], object]], Awaitable[None]]
) -> None:
    """A server that accepts and hangs up, cleanly too, is asked ever more seldom."""
    log = FrameLog()
    serving = asyncio.create_task(hang_up(byte_server, close))

    async def follow() -> None:
        async for session in connect(byte_server.url, io=io, proxy=None, log=log):
            await session.close_reason

    following = asyncio.create_task(follow())
    await until(lambda: len(pauses(log)) == 3)
    for task in (following, serving):
        task.cancel()
    await asyncio.gather(following, serving, return_exceptions=True)
    first, second, third = pauses(log)
    assert 0.12 <= first <= 0.25 <= second <= 0.5 <= third <= 1.0


async def test_a_session_that_has_lasted_is_followed_soon(byte_server: ByteServer) -> None:
    """The pause is the first one again."""
    log, now = FrameLog(), [0.0]
    serving = asyncio.create_task(hang_up(byte_server, b""))

    async def open_one(options: Any, number: int) -> ClientWebSocketSession:
        return await connect(byte_server.url, proxy=None)

    options: Any = SimpleNamespace(log=log, name="feed")
    attempts = Attempts(open_one, options, clock=lambda: now[0])
    session = await attempts.open()
    for lasted in (0.0, 0.0, 10.0):
        await session.close_reason
        now[0] += lasted
        session = await attempts.again(session)
    await session.close()
    serving.cancel()
    first, second, third = pauses(log)
    assert first <= 0.25 <= second and third <= 0.25


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


async def test_a_pause_is_cut_short_for_who_asks(
    byte_server: ByteServer, io: Io, until: Callable[[Callable[[], object]], Awaitable[None]]
) -> None:
    """Also for two who ask at once: they and the loop get one session."""
    log = FrameLog()
    dialing = connect(byte_server.url, io=io, proxy=None, log=log)
    following = asyncio.create_task(anext(dialing.sessions()))
    await _refuse(byte_server, "503 Busy\r\nRetry-After: 3600")
    await until(lambda: dialing.attempts.pause is not None)
    assert dialing.attempts.status == "reconnecting in 3600 s (attempt 1)"
    asking = [asyncio.create_task(dialing.attempts.at_once()) for _ in range(2)]
    peer = await _upgraded(byte_server)
    first = await following
    assert [await each for each in asking] == [first, first]
    assert dialing.attempts.status == "" and dialing.attempts.failure is None
    first.terminate()
    await first.close_reason
    await peer.read_to_end()


async def test_an_ended_session_is_dialled_again(byte_server: ByteServer, io: Io) -> None:
    """With the same arguments, into the same log; a refusal is raised and kept, and the next attempt may succeed."""
    session, peer = await _open_one(
        byte_server, connect(byte_server.url, io=io, proxy=None, headers={"X-Who": "me"})
    )
    attempts = attempts_of(session)
    assert attempts is not None
    with pytest.raises(ValueError, match="is open: close it"):
        await attempts.at_once()
    await _end(session, peer)
    asking = asyncio.create_task(attempts.at_once())
    await _refuse(byte_server, "403 Forbidden")
    with pytest.raises(HandshakeError, match="403 Forbidden") as raised:
        await asking
    assert attempts.failure is raised.value and newest_of(session) is session
    opened: list[ClientWebSocketSession] = []
    heard = Heard(opened)
    attempts.on_opened(heard.hear)
    second, peer = await _open_one(byte_server, attempts.at_once())
    assert b"X-Who: me" in peer.request
    assert opened == [second] and newest_of(session) is second is not session
    assert second.log is session.log and attempts_of(second) is attempts and attempts.failure is None
    await _end(second, peer)


async def test_a_session_that_a_person_opens_while_the_body_goes_on_is_the_next(
    byte_server: ByteServer,
) -> None:
    """And no third one is dialled beside it."""
    dialing = connect(byte_server.url, proxy=None)
    sessions = dialing.sessions()
    first, peer = await _open_one(byte_server, anext(sessions))
    await _end(first, peer)
    second, peer = await _open_one(byte_server, dialing.attempts.at_once())
    assert await anext(sessions) is second
    assert dialing.attempts.number == 2
    await _end(second, peer)
    await sessions.aclose()


class Heard:
    """A listener; only its method is known to others."""

    def __init__(self, opened: list[ClientWebSocketSession]) -> None:
        self._opened = opened

    def hear(self, session: ClientWebSocketSession) -> None:
        self._opened.append(session)


async def _refuse(byte_server: ByteServer, status: str) -> None:
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


async def _open_one(byte_server: ByteServer, opening: Awaitable[Any]) -> tuple[Any, Any]:
    peer, session = await asyncio.gather(_upgraded(byte_server), opening)
    return session, peer


async def _end(session: Any, peer: Any) -> None:
    peer.reset()
    await session.close_reason

"""Pings and pongs: answers, the pinger, the ponger, latency, timeouts."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from wsnotebook import (
    Channels,
    CloseReason,
    DefaultClientWebSocketSession,
    PingTimeout,
    SessionClosed,
    bounded,
    connect,
    lab,
    pinger,
    ponger,
)
from wsnotebook.session.state import SessionState

if TYPE_CHECKING:
    from tests.session.conftest import BytePeer, Io, Opener, RawOpener

Until = Callable[[Callable[[], object]], Awaitable[None]]


async def _answer_pings(peer: BytePeer, rounds: int) -> list[bytes]:
    payloads: list[bytes] = []
    while len(payloads) < rounds:
        frame = await peer.read_frame()
        assert frame.head == 0x89
        payloads.append(frame.payload)
        await peer.send(bytes((0x8A, len(frame.payload))) + frame.payload)
    return payloads


async def test_b37_five_pings_get_five_pongs(opened: Opener) -> None:
    """Same payloads, same order; none is visible on the default session; all are in the log."""
    session, peer = await opened(
        early=b"".join(b"\x89\x01" + payload for payload in (b"1", b"2", b"3", b"4", b"5"))
    )
    pongs = [await peer.read_frame() for _ in range(5)]
    assert [(pong.head, pong.payload) for pong in pongs] == [(0x8A, b"%d" % number) for number in range(1, 6)]
    await peer.send(b"\x81\x01a")
    assert (await session.incoming.receive()).data == b"a"
    assert session.df.opcode.tolist()[:10] == ["ping"] * 5 + ["pong"] * 5
    assert session.df.direction.tolist()[:10] == ["in"] * 5 + ["out"] * 5


async def test_an_interval_that_another_thread_sets_works(opened: Opener) -> None:
    """With asyncio's debug mode, which refuses calls from a thread that is not the loop's."""
    session, peer = await opened()
    asyncio.get_running_loop().set_debug(True)
    await asyncio.to_thread(setattr, session, "ping_interval", 0.01)
    async with asyncio.timeout(60):
        assert len(await _answer_pings(peer, 2)) == 2
    await asyncio.to_thread(setattr, session, "ping_interval", None)
    assert session.pinger is None


async def test_b38_rounds_go_on_and_a_close_works(io: Io, until: Until) -> None:
    """An interval of 20 ms and a peer that answers."""
    async with lab.embedded_server("echo") as server:
        async with connect(server.url, io=io, proxy=None, ping_interval=0.02, ping_timeout=5) as session:
            assert isinstance(session, DefaultClientWebSocketSession)
            rounds = session.pinger
            assert rounds is not None
            await until(lambda: len(rounds.history) >= 3)
            assert session.state is SessionState.OPEN
        assert await session.close_reason == CloseReason(1000)


async def test_b39_with_pings_off_the_peers_are_still_answered(opened: Opener) -> None:
    """ping_interval=None is about ours only."""
    session, peer = await opened(ping_interval=None)
    assert session.pinger is None
    await peer.send(b"\x89\x04ping")
    assert (await peer.read_frame()).payload == b"ping"


async def test_b40_a_pong_that_arrives_after_the_end_does_nothing(opened: Opener) -> None:
    """After our close, and for a ping that nobody waits for any more."""
    session, peer = await opened()
    with pytest.raises(PingTimeout):
        await session.ping(b"p", timeout=0.01)
    await session.close(wait=False)
    await peer.send(b"\x8a\x01p\x8a\x07unasked\x88\x02\x03\xe8")
    peer.end()
    assert await session.close() == CloseReason(1000)
    assert session.df.query("direction == 'in'").status.tolist() == ["ok"] * 3


async def test_ping_returns_the_latency(opened: Opener) -> None:
    """Seconds; only a pong with the same payload counts; the session remembers the last."""
    session, peer = await opened()
    assert session.latency is None
    pinging = asyncio.create_task(session.ping())
    frame = await peer.read_frame()
    assert len(frame.payload) == 8
    await peer.send(b"\x8a\x05wrong")
    await session.send("order")
    await peer.read_frame()
    assert not pinging.done()
    await peer.send(b"\x8a\x08" + frame.payload)
    latency = await pinging
    assert 0 < latency == session.latency


async def test_two_pings_with_the_same_payload_are_both_answered(opened: Opener) -> None:
    """Each waits for a pong of its own."""
    session, peer = await opened()
    first, second = (asyncio.create_task(session.ping(b"same", timeout=5)) for _ in range(2))
    assert await _answer_pings(peer, 2) == [b"same", b"same"]
    await asyncio.gather(first, second)


async def test_a_ping_that_gives_up_does_not_take_anothers_pong(opened: Opener) -> None:
    """Of two with the same payload."""
    session, peer = await opened()
    first = asyncio.create_task(session.ping(b"same", timeout=5))
    await peer.read_frame()
    with pytest.raises(PingTimeout):
        await session.ping(b"same", timeout=0.01)
    await peer.read_frame()
    await peer.send(b"\x8a\x04same")
    assert await first > 0


async def test_an_unanswered_ping_is_a_timeout_and_the_session_lives(opened: Opener) -> None:
    """PingTimeout is a TimeoutError too."""
    session, peer = await opened()
    with pytest.raises(PingTimeout, match="within 0.01 s") as caught:
        await session.ping(timeout=0.01)
    assert isinstance(caught.value, TimeoutError)
    assert session.state is SessionState.OPEN


async def test_a_ping_that_is_cancelled_as_the_session_ends_logs_nothing(opened: Opener) -> None:
    """Behaviour 29: in whatever turn of the loop; asyncio reports an exception that nobody has retrieved."""
    reports: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, report: reports.append(report))
    for turns in range(4):
        session, peer = await opened()
        pinging = asyncio.create_task(session.ping())
        await peer.read_frame()
        session.terminate()
        for _ in range(turns):
            await asyncio.sleep(0)
        pinging.cancel()
        await asyncio.wait([pinging])
        assert pinging.cancelled() or isinstance(pinging.exception(), SessionClosed)
        await session.close_reason
        await asyncio.sleep(0.002)  # the answer may come after the task has ended
    gc.collect()
    assert reports == []


async def test_ping_refuses_126_bytes_and_an_ended_session(opened: Opener) -> None:
    """Before anything is sent."""
    session, peer = await opened()
    with pytest.raises(ValueError, match="at most 125"):
        await session.ping(bytes(126))
    assert len(session.df) == 0
    session.terminate()
    await session.close()
    with pytest.raises(SessionClosed):
        await session.ping()


@pytest.mark.parametrize("raw", [False, True])
async def test_the_pinger_ends_the_session_of_a_peer_that_is_silent(
    opened: Opener, opened_raw: RawOpener, raw: bool
) -> None:
    """Close 1011 "Ping timeout", PingTimeout from incoming, SessionClosed from sending; nobody waits for the peer."""
    session, peer = await (opened_raw if raw else opened)()
    pinger(session, timedelta(milliseconds=10), timedelta(milliseconds=20))
    assert (await peer.read_frame()).head == 0x89
    close = await peer.read_frame()
    assert (close.head, close.payload) == (0x88, b"\x03\xf3Ping timeout")
    with pytest.raises(PingTimeout) as caught:
        await session.incoming.receive()
    assert caught.value.timeout == 0.02
    with pytest.raises(SessionClosed):
        await session.send("late")
    assert await session.close_reason == CloseReason(1011, "Ping timeout")
    assert session.close_initiator == "timeout"
    assert await peer.read_to_end() == b""


async def test_a_pong_with_another_payload_does_not_count(opened: Opener) -> None:
    """Nor does data: the peer's WebSocket has to answer."""
    session, peer = await opened(ping_interval=0.01, ping_timeout=0.03)
    await peer.read_frame()
    await peer.send(b"\x8a\x08wrong...\x81\x01a")
    assert (await peer.read_frame()).payload == b"\x03\xf3Ping timeout"
    assert await session.receive() == "a"
    with pytest.raises(PingTimeout, match="a pong came within 0.03 s, but none with the payload") as caught:
        await session.receive()
    assert caught.value.others == 1


BEHIND = b"\x82\x7e\x10\x00" + bytes(4096)
"""A frame; a hundred of them are more than one read of the socket."""


@pytest.mark.parametrize("io", ["kernel"])  # the loop of the test is that of the peer
async def test_a_pong_that_waits_behind_a_stall_of_ours_counts(opened: Opener) -> None:
    """The loop was blocked while the timer ran out, and the pong is behind more than one read."""
    session, peer = await opened(ping_interval=0.01, ping_timeout=0.2)
    ping = await peer.read_frame()
    peer.writer.write(BEHIND * 100 + b"\x8a\x08" + ping.payload)
    assert peer.writer.transport.get_write_buffer_size() == 0  # all is with the operating system
    time.sleep(0.3)  # noqa: ASYNC251 - a cell that blocks
    assert (await peer.read_frame()).head == 0x89  # the next round
    assert session.state is SessionState.OPEN


@pytest.mark.parametrize("io", ["kernel"])  # the loop of the test is that of the peer
async def test_a_ping_that_a_stall_kept_here_is_not_missed(opened: Opener, until: Until) -> None:
    """The loop is blocked from the moment on in which the ping was to be written."""
    session, peer = await opened()
    rounds = pinger(session, 0.01, 0.2)
    await until(lambda: rounds._payload is not None)
    time.sleep(0.3)  # noqa: ASYNC251 - a cell that blocks
    await _answer_pings(peer, 2)
    assert session.state is SessionState.OPEN


async def test_pongs_are_not_missed_while_nobody_dequeues(opened: Opener, until: Until) -> None:
    """Reading pauses because of us: the pong is behind what waits."""
    channels = Channels(incoming=bounded(2))
    session, peer = await opened(ping_interval=0.01, ping_timeout=0.02, channels=channels)
    ping = await peer.read_frame()
    await peer.send(BEHIND * 200 + b"\x8a\x08" + ping.payload)
    await until(lambda: session.pump.incoming.is_held)
    await asyncio.sleep(0.1)  # several timeouts
    assert session.state is SessionState.OPEN
    for _ in range(200):
        await session.receive()
    await until(lambda: session.pinger is not None and session.pinger.latency is not None)


async def test_a_peer_that_sends_without_end_has_to_answer_pings(opened: Opener) -> None:
    """That something is always unread saves it once."""
    session, peer = await opened(ping_interval=0.01, ping_timeout=0.05)

    async def flood() -> None:
        while True:
            peer.writer.write(BEHIND * 50)
            await peer.writer.drain()

    flooding = asyncio.create_task(flood())
    assert await session.close_reason == CloseReason(1011, "Ping timeout")
    flooding.cancel()
    await asyncio.gather(flooding, return_exceptions=True)


async def test_the_pong_of_a_single_ping_counts_after_a_stall(opened: Opener) -> None:
    """ping() does not say that none came."""
    session, peer = await opened()
    pinging = asyncio.create_task(session.ping(timeout=0.1))
    ping = await peer.read_frame()
    peer.writer.write(BEHIND * 100 + b"\x8a\x08" + ping.payload)
    time.sleep(0.3)  # noqa: ASYNC251 - a cell that blocks
    assert await pinging > 0


async def test_pinger_payloads_are_fresh_and_rounds_are_recorded(opened: Opener) -> None:
    """history is a Series of seconds by time (UTC), latency its last; stop() stops."""
    session, peer = await opened()
    rounds = pinger(session, 0.005, 5)
    assert rounds.latency is None
    payloads = await _answer_pings(peer, 5)
    assert len(set(payloads)) == 5
    last = await peer.read_frame()
    await peer.send(b"\x8a\x08" + last.payload)
    rounds.stop()
    history = rounds.history
    assert isinstance(history, pd.Series)
    assert history.name == "latency"
    assert str(history.index.dtype) == "datetime64[ns, UTC]"
    assert len(history) >= 5
    assert rounds.latency == history.iloc[-1] > 0


async def test_the_first_ping_comes_after_one_period(opened: Opener) -> None:
    """Not at once: what the user sends first is first on the wire."""
    session, peer = await opened(ping_interval=0.02)
    await session.send("first")
    assert (await peer.read_frame()).payload == b"first"
    assert (await peer.read_frame()).head == 0x89


async def test_a_stopped_pinger_pings_no_more_and_times_out_no_more(opened: Opener) -> None:
    """Also in the middle of a round."""
    session, peer = await opened()
    rounds = pinger(session, 0.005, 0.02)
    await peer.read_frame()
    rounds.stop()
    await asyncio.sleep(0.05)
    assert session.state is SessionState.OPEN
    await session.send("next")
    assert (await peer.read_frame()).payload == b"next"


async def test_on_timeout_is_called_instead_of_ending(opened: Opener) -> None:
    """With the PingTimeout; the rounds go on."""
    session, peer = await opened()
    loop, told = asyncio.get_running_loop(), asyncio.Queue[PingTimeout]()
    rounds = pinger(
        session, 0.005, 0.005, on_timeout=lambda fault: loop.call_soon_threadsafe(told.put_nowait, fault)
    )
    assert isinstance(await told.get(), PingTimeout)
    assert isinstance(await told.get(), PingTimeout)
    assert session.state is SessionState.OPEN
    rounds.stop()


async def test_interval_and_timeout_can_be_set_at_any_time(opened: Opener) -> None:
    """Setting restarts the pinger, None stops it, timedelta is taken, 0 is refused."""
    session, peer = await opened()
    assert (session.ping_interval, session.ping_timeout, session.pinger) == (None, 15, None)
    session.ping_interval = timedelta(milliseconds=5)
    assert session.ping_interval == 0.005
    first = session.pinger
    await _answer_pings(peer, 1)
    session.ping_timeout = 3
    assert session.pinger is not first
    await _answer_pings(peer, 1)
    session.ping_interval = None
    assert session.pinger is None
    with pytest.raises(ValueError, match="over 0"):
        session.ping_interval = 0
    session.ping_timeout = None
    assert session.ping_timeout is None


async def test_nothing_restarts_after_a_close(opened: Opener) -> None:
    """Setting the interval of an ended session starts no pinger."""
    session, peer = await opened()
    await session.close(wait=False)
    session.ping_interval = 0.001
    assert session.pinger is None
    assert (await peer.read_frame()).head == 0x88
    await peer.send(b"\x88\x02\x03\xe8")
    peer.end()
    assert await peer.read_to_end() == b""


async def test_a_raw_session_answers_pings_only_with_a_ponger(opened_raw: RawOpener) -> None:
    """Same payload, in order; the pings are handed over as well; stop() ends it."""
    session, peer = await opened_raw()
    await peer.send(b"\x89\x01a")
    assert (await session.incoming.receive()).data == b"a"
    answering = ponger(session)
    await peer.send(b"\x89\x01b\x89\x01c")
    assert [(await peer.read_frame()).payload for _ in range(2)] == [b"b", b"c"]
    assert [(await session.incoming.receive()).data for _ in range(2)] == [b"b", b"c"]
    answering.stop()
    await peer.send(b"\x89\x01d")
    assert (await session.incoming.receive()).data == b"d"
    await session.send("next")
    assert (await peer.read_frame()).payload == b"next"


async def test_a_ping_and_a_close_in_one_read(opened: Opener) -> None:
    """The session ends in order; whatever became of the pong is in the log."""
    session, peer = await opened(early=b"\x89\x01p\x88\x02\x03\xe8")
    assert await session.close_reason == CloseReason(1000)
    frames = [await peer.read_frame()]
    while frames[-1].head != 0x88:
        frames.append(await peer.read_frame())
    assert (session.df.opcode == "pong").sum() == 1


async def test_b36_contextvars_reach_on_timeout(opened: Opener) -> None:
    """Also after a round that was answered, and whatever thread the pump lives on."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    session, peer = await opened()
    loop, told = asyncio.get_running_loop(), asyncio.Queue[str]()
    variable.set("the user's")
    rounds = pinger(
        session,
        0.005,
        0.02,
        on_timeout=lambda fault: loop.call_soon_threadsafe(told.put_nowait, variable.get()),
    )
    await _answer_pings(peer, 2)
    assert await told.get() == "the user's"
    rounds.stop()

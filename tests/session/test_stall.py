"""A cell that blocks the kernel's loop: a session on a thread does not notice, one on the loop says what happened."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
from serverprocess import server_process

import wsnotebook

pytestmark = pytest.mark.long

Io: TypeAlias = Literal["kernel", "thread"]

PEERS = Path(__file__).parent / "peers"
PERIOD = 0.5
"""Seconds between the server's pings, and that each pong may take."""
BLOCKED = 3.0
"""Seconds that a cell blocks the loop: several of the server's ping periods."""


def sleep() -> None:
    """Block the loop as time.sleep in a cell does."""
    time.sleep(BLOCKED)


def compute() -> None:
    """Block the loop as a computation in pure Python does, which gives the interpreter to other threads in turns."""
    end = time.monotonic() + BLOCKED
    total = 0
    while time.monotonic() < end:
        total += sum(range(1000))


def feed(period: float) -> AbstractContextManager[str]:
    """Run a feed in a process of its own, which pings every ``period`` and waits as long for a pong."""
    return server_process(sys.executable, PEERS / "feed.py", str(period), str(period))


@pytest.fixture
def feed_url() -> Iterator[str]:
    """A feed that soon gives up a session that does not answer its pings."""
    with feed(PERIOD) as url:
        yield url


@pytest.fixture
def patient_feed_url() -> Iterator[str]:
    """A feed that waits."""
    with feed(20.0) as url:
        yield url


def received_texts(session: Any) -> Any:
    df = session.df
    return df[(df.direction == "in") & (df.opcode == "text")]


@pytest.mark.parametrize("block", [sleep, compute])
async def test_a_session_on_a_thread_lives_through_a_blocking_cell(
    feed_url: str, block: Callable[[], None]
) -> None:
    """The server's pings are answered meanwhile, and the log has no gap: neither in the numbers nor in time."""
    async with wsnotebook.connect(feed_url, proxy=None, io="thread") as session:
        assert await session.receive() == "0"
        began = time.monotonic_ns()
        block()
        ended = time.monotonic_ns()
        assert await session.receive() == "1"
        assert session.state == "open"

        texts = received_texts(session)
        assert texts.text.astype(int).tolist() == list(range(len(texts)))
        during = texts[(texts.monotonic > began) & (texts.monotonic < ended)]
        assert during.monotonic.diff().max() < BLOCKED / 2 * 1e9  # stamped when they came, not after the cell
        pongs = session.df.query("opcode == 'pong' and direction == 'out'").monotonic
        assert ((pongs > began) & (pongs < ended)).sum() >= BLOCKED / PERIOD / 2
        assert session.close_reason_now is None
    assert session.close_reason_now == (1000, "")


async def test_a_session_on_the_kernels_loop_is_closed_and_says_why(feed_url: str) -> None:
    """The server gave up: 1011 and its words are the close reason, and the stall beside it is an event with its length."""
    session = await wsnotebook.connect(feed_url, proxy=None, io="kernel")
    assert await session.receive() == "0"
    sleep()
    reason = await session.close_reason
    assert reason.code == 1011
    assert "ping timeout" in reason.message
    assert session.close_initiator == "peer"
    assert session.close_received == reason
    await session.close()
    texts = received_texts(session)
    assert texts.text.astype(int).tolist() == list(range(len(texts)))  # late, and yet all of them
    stall = session.log.events.query("kind == 'kernel stall'").iloc[0]
    assert stall.session == session.name
    assert "stood still" in stall.detail


@pytest.mark.parametrize("io", ["kernel", "thread"])
async def test_a_stall_is_an_event_whichever_loop_the_pump_is_on(feed_url: str, io: Io) -> None:
    """The event says how long, to a second, and what it meant for this session."""
    async with wsnotebook.connect(feed_url, proxy=None, io=io) as session:
        await session.receive()
        sleep()
        await session.incoming.receive()
        while not (stalls := session.log.events.query("kind == 'kernel stall'")).size:
            await session.receive()
        detail = stalls.detail.iloc[0]
        seconds = float(detail.split("stood still for ")[1].split(" s")[0])
        assert BLOCKED - 0.5 < seconds
        whole = stalls.seconds.iloc[0]  # of the loop that receives
        assert (BLOCKED - 0.5 < whole) == (io == "kernel")
        found = session.df.ws.stalls()
        assert found.attrs["watched"] == [session.name]
        assert (found["duration"].max() > BLOCKED - 0.5) == (io == "kernel")
        assert ("its own thread went on" in detail) is (io == "thread")


def hold() -> None:
    """Block every thread of Python, as a C function does that keeps the interpreter's lock."""
    ctypes.PyDLL(None).usleep(int(BLOCKED * 1e6))


@pytest.mark.parametrize("io", ["kernel", "thread"])
@pytest.mark.parametrize("block", [sleep, hold])
async def test_a_stall_of_ours_is_not_taken_for_the_peers_silence(
    patient_feed_url: str, io: Io, block: Callable[[], None]
) -> None:
    """Our pinger's time ran out while our own loop was blocked, but the pong had come: the session is not failed."""
    async with wsnotebook.connect(
        patient_feed_url, proxy=None, io=io, ping_interval=0.05, ping_timeout=BLOCKED / 2
    ) as session:
        assert isinstance(session, wsnotebook.DefaultClientWebSocketSession) and session.pinger is not None
        while session.pinger.latency is None:
            await session.receive()
        for _ in range(2):
            block()
            rounds = len(session.pinger.history)
            while len(session.pinger.history) < rounds + 1:
                await session.receive()
        assert session.state == "open"


@pytest.mark.parametrize("io", ["kernel", "thread"])
def test_a_process_that_was_stopped_goes_on(patient_feed_url: str, io: Io) -> None:
    """By SIGSTOP, for longer than a pong may take: the session lives when SIGCONT comes."""
    command = [sys.executable, PEERS / "pinging.py", patient_feed_url, io, str(BLOCKED - 0.5)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "pinging\n"
        process.send_signal(signal.SIGSTOP)
        sleep()
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate("go on\n")
    assert (said, process.returncode) == ("open\n", 0)


async def test_a_call_that_holds_the_interpreter_stops_the_thread_too_and_the_event_says_so(
    patient_feed_url: str,
) -> None:
    """A C function called without releasing the interpreter's lock: no thread of Python runs meanwhile."""
    async with wsnotebook.connect(patient_feed_url, proxy=None, io="thread") as session:
        await session.receive()
        hold()
        while not (stalls := session.log.events.query("kind == 'kernel stall'")).size:
            await session.receive()
        detail = stalls.detail.iloc[0]
        assert "and its own thread for" in detail
        assert "went on" not in detail

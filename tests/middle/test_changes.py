"""What a user lets happen to frames on their way: it happens, in order, and the record says what it was."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from wsnotebook.lab.server import embedded_server
from wsnotebook.middle.conversation import Conversation
from wsnotebook.middle.proxy import proxy
from wsnotebook.session.client import connect
from wsnotebook.session.default import DefaultClientWebSocketSession
from wsnotebook.wire.frames import CloseReason, Frame, Opcode

from .conftest import Converse, framed

Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest_asyncio.fixture
async def p() -> AsyncIterator[proxy]:
    """A proxy of an echo server."""
    async with embedded_server("echo") as server, proxy(server.url, proxy=None) as middle:
        yield middle


@pytest_asyncio.fixture
async def session(p: proxy) -> AsyncIterator[DefaultClientWebSocketSession]:
    """A client of it."""
    async with connect(p.url, proxy=None) as opened:
        assert isinstance(opened, DefaultClientWebSocketSession)
        yield opened


def texts(p: proxy, name: str) -> list[tuple[str, str, str, str]]:
    """Return direction, text, status and detail of the text frames of a session of the proxy's log."""
    df = p.log.df
    rows = df[(df["session"] == name) & (df["opcode"] == "text")]
    columns = [
        rows[column].astype("string").fillna("").tolist()
        for column in ("direction", "text", "status", "detail")
    ]
    return list(zip(*columns, strict=True))


async def test_a_frame_is_replaced_and_both_are_recorded(
    p: proxy, session: DefaultClientWebSocketSession
) -> None:
    @p.on_frame
    def louder(frame: Frame, direction: str, conversation: Conversation) -> Frame:
        assert conversation in p.sessions
        return Frame.text(frame.read_text().upper()) if direction == "out" and frame.opcode == 1 else frame

    await session.send("hello")
    assert await session.receive() == "HELLO"
    assert texts(p, "client-1") == [("out", "hello", "ok", ""), ("in", "HELLO", "ok", "")]
    assert texts(p, "upstream-1") == [
        ("out", "HELLO", "ok", "changed by on_frame louder"),
        ("in", "HELLO", "ok", ""),
    ]


async def test_one_frame_becomes_several_or_none(p: proxy, session: DefaultClientWebSocketSession) -> None:
    @p.on_frame
    async def odd(frame: Frame, direction: str, conversation: Conversation) -> list[Frame] | None:
        await asyncio.sleep(0)
        if direction == "in" or frame.opcode != Opcode.TEXT:
            return [frame]
        return None if frame.read_text() == "lost" else [frame, frame]

    for text in ("lost", "twice"):
        await session.send(text)
    assert [await session.receive(), await session.receive()] == ["twice", "twice"]
    out = [row for row in texts(p, "upstream-1") if row[0] == "out"]
    assert out == [
        ("out", "lost", "unsent", "never sent: dropped by on_frame odd"),
        ("out", "twice", "ok", "changed by on_frame odd"),
        ("out", "twice", "ok", "changed by on_frame odd"),
    ]


@pytest.mark.parametrize("result", [ValueError("mine"), "text", [b"x"], 7])
async def test_a_callback_that_fails_lets_the_frame_pass_and_says_so(
    p: proxy, session: DefaultClientWebSocketSession, result: object
) -> None:
    @p.on_frame
    def broken(frame: Frame, direction: str, conversation: Conversation) -> Frame:
        if isinstance(result, Exception):
            raise result
        return result  # type: ignore[return-value]  # that is what is tested

    await session.send("hello")
    assert await session.receive() == "hello"
    assert len(p.errors) == 2
    detail = p.log.events.query("kind == 'error'")["detail"].iloc[0]
    assert detail.startswith("on_frame broken raised ") and detail.endswith("; the frame went on unchanged")
    if result == "text":
        assert "Frame.text('…')" in detail


async def test_a_callback_that_awaits_a_cancelled_task_lets_the_frame_pass(
    p: proxy, session: DefaultClientWebSocketSession
) -> None:
    """It has failed; it was not cancelled itself, and is called with each frame once."""
    lookup: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    lookup.cancel()
    calls = []

    @p.on_frame
    async def enrich(frame: Frame, direction: str, conversation: Conversation) -> Frame:
        calls.append((direction, frame.data))
        if direction == "out":
            await lookup
        return frame

    for text in ("one", "two"):
        await session.send(text)
        assert await session.receive(timeout=60) == text
    assert calls == [(way, text) for text in (b"one", b"two") for way in ("out", "in")]
    assert [type(error) for error in p.errors] == [asyncio.CancelledError] * 2
    details = p.log.events.query("kind == 'error'")["detail"]
    assert details.tolist() == ["on_frame enrich raised CancelledError; the frame went on unchanged"] * 2


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks are not eager before")
async def test_frames_pass_where_tasks_are_eager(converse: Converse) -> None:
    """Each may have passed before the task of the first one is known."""
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]  # of 3.12
    async with converse() as ends:
        ends.proxy.on_frame(lambda frame, direction, conversation: frame)
        for payload in (b"one", b"two", b"three"):
            await ends.upstream.send(framed(0x81, payload))
            assert (await ends.client.read_frame()).payload == payload


async def test_an_unchanged_frame_keeps_its_mask_key(p: proxy) -> None:
    @p.on_frame
    def look(frame: Frame, direction: str, conversation: Conversation) -> Frame:
        return frame

    async with connect(p.url, raw=True, proxy=None) as session:
        await session.send("hello", mask_key=b"\x01\x02\x03\x04")
        await session.receive()
    df = p.log.df.query("opcode == 'text' and direction == 'out'")
    assert df["mask_key"].tolist() == [b"\x01\x02\x03\x04"] * 2


async def test_what_is_held_passes_in_order_when_it_is_released(
    p: proxy, session: DefaultClientWebSocketSession, until: Until
) -> None:
    p.hold()
    for number in range(5):
        await session.send(str(number))
    await until(lambda: len(p.df) == 5)
    assert len(p.log.df) == 5
    p.release()
    assert [await session.receive() for _ in range(5)] == list("01234")


async def test_what_is_held_has_a_bound(p: proxy, until: Until) -> None:
    """Reading pauses, so that the peer has to wait, and goes on after the release."""
    async with connect(p.url, proxy=None, compression=None) as session:
        p.hold()
        for number in range(200):
            await session.send(bytes(1 << 17) + str(number).encode())
        await until(lambda: len(p.df) > 16)
        await asyncio.sleep(0.05)
        assert len(p.df) < 150
        p.release()
        for number in range(200):
            assert (await session.receive()).endswith(str(number).encode())


async def test_a_breakpoint_holds_a_frame_to_be_edited(
    p: proxy, session: DefaultClientWebSocketSession
) -> None:
    with pytest.raises(TimeoutError):
        await p.wait_held(timeout=0.01)
    p.break_on(json={"type": "order"})
    await session.send('{"type": "hello"}')
    assert await session.receive() == '{"type": "hello"}'
    p.clear()
    p.break_on("order")
    await session.send('{"type": "order", "n": 1}')
    held = await p.wait_held()
    assert p.held == [held]
    assert (held.direction, held.conversation) == ("out", p.sessions[0])
    held.frame = Frame.text("edited")
    p.release()
    assert await session.receive() == "edited"
    assert p.held == []
    assert ("out", "edited", "ok", "changed by break_on 'order'") in texts(p, "upstream-1")


async def test_what_was_released_is_not_waited_for_again(converse: Converse) -> None:
    """At once: a loop of wait_held and release takes one frame after the other."""
    async with converse() as ends:
        p = ends.proxy
        p.break_on("order")
        await ends.upstream.send(framed(0x81, b"order 1") + framed(0x81, b"order 2"))
        for number in (1, 2):
            held = await p.wait_held(timeout=60)
            assert held.frame == Frame.text(f"order {number}")
            p.release()
            assert p.held == []
        with pytest.raises(TimeoutError):
            await p.wait_held(timeout=0.01)
        assert [(await ends.client.read_frame()).payload for _ in range(2)] == [b"order 1", b"order 2"]


async def test_a_breakpoint_holds_the_fragment_that_matches(converse: Converse, until: Until) -> None:
    """A continuation is a data frame (RFC 6455 §5.6), of the kind of its first; a control frame between does not count."""
    async with converse() as ends:
        p = ends.proxy
        p.break_on("order")
        for head, payload in ((0x02, b"an order"), (0x80, b"no order"), (0x01, b"first")):
            await ends.upstream.send(framed(head, payload))
        for head, payload in ((0x89, b"order"), (0x00, b"an order"), (0x80, b"end")):
            await ends.upstream.send(framed(head, payload))
        held = await p.wait_held(timeout=60)
        assert held.frame == Frame(Opcode.CONTINUATION, b"an order", fin=False)
        held.frame = held.frame.copy(data=b"edited")
        p.release()
        received = [(await ends.client.read_frame()).payload for _ in range(6)]
        assert received == [b"an order", b"no order", b"first", b"order", b"edited", b"end"]


async def test_a_breakpoint_holds_a_fragment_of_a_message_that_began_before_it(converse: Converse) -> None:
    """It may be a text or bytes: what matches either is held."""
    async with converse() as ends:
        p = ends.proxy
        await ends.upstream.send(framed(0x01, b"first"))
        assert (await ends.client.read_frame()).payload == b"first"
        p.break_on(b"order")
        p.break_on("other")
        for payload in (b"an order", b"the other"):
            await ends.upstream.send(framed(0x00, payload))
            held = await p.wait_held(timeout=60)
            assert held.frame is not None and held.frame.data == payload
            p.release()
            assert (await ends.client.read_frame()).payload == payload


async def test_a_frame_is_injected_into_either_side(p: proxy, session: DefaultClientWebSocketSession) -> None:
    conversation = p.sessions[0]
    p.inject(conversation, "psst")
    assert await session.receive() == "psst"
    p.inject(conversation, b"echo this", to="upstream")
    assert await session.receive() == b"echo this"
    assert texts(p, "client-1") == [("in", "psst", "ok", "injected by the proxy")]
    with pytest.raises(ValueError, match="'client' or 'upstream'"):
        p.inject(conversation, "x", to="server")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"one of p\.sessions, not 'client-1'"):
        p.inject("client-1", "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a Frame, not 7"):
        p.inject(conversation, 7)  # type: ignore[arg-type]
    await session.close()
    with pytest.raises(ValueError, match=r"client-1 is clos"):
        p.inject(conversation, "x")


async def test_nothing_is_injected_into_a_message_that_passes_in_fragments(converse: Converse) -> None:
    """A new message would break it, and with it the connection; a control frame goes between its fragments."""
    async with converse() as ends:
        p, (conversation,) = ends.proxy, ends.proxy.sessions
        await ends.upstream.send(framed(0x01, b"part"))
        assert (await ends.client.read_frame()).payload == b"part"
        with pytest.raises(ValueError, match="to the client in fragments"):
            p.inject(conversation, "x")
        p.inject(conversation, Frame.ping(b"?"))
        p.inject(conversation, "x", to="upstream")
        await ends.upstream.send(framed(0x80, b"end"))
        assert [(await ends.client.read_frame()).payload for _ in range(2)] == [b"?", b"end"]
        p.inject(conversation, "x")
        assert (await ends.client.read_frame()).payload == b"x"


async def test_frames_are_injected_while_all_others_are_held(
    p: proxy, session: DefaultClientWebSocketSession
) -> None:
    """In both directions, past a thousand frames that wait; those then pass in order."""
    p.hold()
    for number in range(1000):
        await session.send(str(number))
    p.inject(p.sessions[0], "first")
    p.inject(p.sessions[0], "echoed later", to="upstream")
    assert await session.receive(timeout=60) == "first"
    p.release()
    got = [await session.receive(timeout=60) for _ in range(1001)]
    assert got == ["echoed later", *map(str, range(1000))]


async def test_an_end_waits_behind_the_frames_before_it(p: proxy) -> None:
    p.fault("delay", seconds=0.05, direction="out")
    async with connect(p.url, proxy=None) as session:
        await session.send("slow")
        assert await session.receive() == "slow"
    assert session.close_reason_now == CloseReason(1000)


async def test_a_frame_that_came_with_the_101_can_be_changed_and_dropped(converse: Converse) -> None:
    """It waits for the client's own 101, and its row is one of the client's connection."""

    def prepare(p: proxy) -> None:
        @p.on_frame
        def odd(frame: Frame, direction: str, conversation: Conversation) -> Frame | None:
            return Frame.text("changed") if frame.data == b"one" else None

    async with converse(early=b"\x81\x03one\x81\x03two", prepare=prepare) as ends:
        assert await ends.client.read(9) == b"\x81\x07changed"
    assert texts(ends.proxy, "client-1") == [
        ("in", "changed", "ok", "changed by on_frame odd"),
        ("in", "two", "unsent", "never sent: dropped by on_frame odd"),
    ]


async def test_a_frame_that_is_on_its_way_at_the_end_is_recorded_as_unsent(
    p: proxy, session: DefaultClientWebSocketSession, until: Until
) -> None:
    """The one that a change holds, and those behind it."""
    p.fault("delay", seconds=100)
    for text in ("held", "behind"):
        await session.send(text)
    await until(lambda: len(p.df) == 2)
    await p.stop()
    why = "never sent: it waited in the proxy when the conversation ended"
    assert texts(p, "upstream-1") == [("out", text, "unsent", why) for text in ("held", "behind")]


# Faults


async def test_delay_is_a_latency_and_no_limit_of_the_rate(
    p: proxy, session: DefaultClientWebSocketSession
) -> None:
    """A thousand frames sent together take one delay, not a thousand; the order stays under jitter."""
    p.fault("delay", seconds=0.1, jitter=0.05)
    for number in range(1000):
        await session.send(str(number))
    async with asyncio.timeout(60):  # a thousand delays would take a hundred seconds
        assert [await session.receive() for _ in range(1000)] == [str(number) for number in range(1000)]


async def test_every_nth_frame_is_dropped(p: proxy, session: DefaultClientWebSocketSession) -> None:
    p.fault("drop", every=3, direction="out")
    for number in range(7):
        await session.send(str(number))
    assert [await session.receive() for _ in range(5)] == list("01346")


async def test_a_bit_is_turned_over(p: proxy, session: DefaultClientWebSocketSession) -> None:
    p.fault("corrupt", every=1, direction="out")
    await session.send(bytes(8))
    (data,) = [await session.receive()]
    assert isinstance(data, bytes)
    assert int.from_bytes(data).bit_count() == 1


async def test_throttling_slows_by_bytes(p: proxy, session: DefaultClientWebSocketSession) -> None:
    p.fault("throttle", rate=1e6, direction="out")
    began = asyncio.get_running_loop().time()
    for _ in range(10):
        await session.send(bytes(10_000))
    for _ in range(10):
        await session.receive()
    assert asyncio.get_running_loop().time() - began > 0.09  # it cannot be faster than the rate


async def test_a_conversation_is_closed_after_some_frames(p: proxy) -> None:
    p.fault("close", code=1013, reason="later", after=2, direction="in")
    async with connect(p.url, proxy=None) as session:
        for text in "abc":
            await session.send(text)
        assert [await session.receive(), await session.receive()] == ["a", "b"]
        assert await session.close_reason == CloseReason(1013, "later")


async def test_a_conversation_is_reset(p: proxy) -> None:
    p.fault("reset", after=1, direction="out")
    async with connect(p.url, proxy=None) as session:
        await session.send("a")
        assert await session.receive() == "a"
        await session.send("b")
        assert (await session.close_reason).code == 1006


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("lag", {}, "choose one of delay"),
        ("delay", {"direction": "up"}, "'in' or 'out'"),
        ("delay", {"seconds": -1}, "seconds is a number of at least 0, not -1"),
        ("delay", {"jitter": float("nan")}, "jitter is a number"),
        ("throttle", {"rate": 0}, "rate is a number of at least 1"),
        ("throttle", {"rate": "fast"}, "rate is a number"),
        ("drop", {"every": 0}, "every is a whole number of at least 1"),
        ("corrupt", {"every": 1.5}, "every is a whole number"),
        ("reset", {"after": -1}, "after is a whole number of at least 0"),
        ("close", {"code": 70_000}, "two bytes"),
        ("close", {"code": "1000"}, "code is a whole number"),
        ("close", {"reason": "x" * 124}, "123"),
    ],
)
def test_a_wrong_fault_says_what_there_is(name: str, options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        proxy("ws://127.0.0.1:1").fault(name, **options)


async def test_what_is_no_callback_is_refused_at_once(p: proxy) -> None:
    """And not with the first frame."""
    with pytest.raises(TypeError, match="takes a function"):
        p.on_frame("upper")  # type: ignore[arg-type]


async def test_clearing_takes_everything_away(p: proxy, session: DefaultClientWebSocketSession) -> None:
    p.fault("drop", every=1)
    p.hold()
    p.clear()
    await session.send("through")
    assert await session.receive() == "through"

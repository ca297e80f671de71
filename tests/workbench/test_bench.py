"""Workbench: sessions by name, and the verbs on them."""

from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace
from typing import Any

import pytest

from wsnotebook.errors import PingTimeout
from wsnotebook.session.registry import Registry
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.workbench import Workbench, WorkbenchError


class RecordingSession:
    """Records the verbs that it is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = "open"
        self.masking = True
        self.asked: list[tuple[Any, ...]] = []
        self.incoming = self
        self.inbox: asyncio.Queue[Frame] = asyncio.Queue()
        self.fault: Exception | None = None
        self.outgoing = SimpleNamespace(check=lambda: None)

    async def send(self, item: Frame) -> None:
        self.asked.append(("send", item))

    async def receive(self) -> Frame:
        if self.fault:
            raise self.fault
        return await self.inbox.get()

    async def ping(self) -> float:
        return 0.25

    async def close(self, code: int, message: str) -> CloseReason:
        self.state = "closed"
        return CloseReason(code, message)

    def terminate(self) -> None:
        self.state = "closed"


class Opener:
    """Stands in the place of wsnotebook.connect."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, url: str, *, name: str | None = None, **options: Any) -> Any:
        self.calls.append((url, options))
        return RecordingSession(name or f"ws-{len(self.calls)}")


@pytest.fixture
def opener() -> Opener:
    """A connect() that records its calls."""
    return Opener()


@pytest.fixture
def bench(opener: Opener) -> Workbench:
    """A workbench of this test's own."""
    return Workbench(opener)


class TestNames:
    """Sessions by name, and which one is meant without a name."""

    async def test_the_last_opened_is_current(self, bench: Workbench, opener: Opener) -> None:
        """Options go through to connect; the order is that of opening."""
        await bench.connect("ws://a", masking=False)
        second = await bench.connect("ws://b", name="b")
        assert list(bench.sessions) == ["ws-1", "b"] and bench.get() is second
        assert opener.calls == [("ws://a", {"masking": False}), ("ws://b", {})]

    async def test_select_makes_another_current(self, bench: Workbench) -> None:
        """And get() with a name changes nothing."""
        first = await bench.connect("ws://a", name="a")
        await bench.connect("ws://b", name="b")
        assert bench.get("a") is first and bench.current == "b"
        bench.select("a")
        assert bench.get() is first

    def test_without_a_session_the_remedy_is_named(self, bench: Workbench) -> None:
        """Nobody is left with a KeyError."""
        with pytest.raises(WorkbenchError, match="%ws connect URL"):
            bench.get()

    async def test_an_unknown_name_is_answered_with_those_there_are(self, bench: Workbench) -> None:
        """For each verb that takes a name."""
        await bench.connect("ws://a", name="a")
        await bench.connect("ws://b", name="b")
        for ask in (bench.get, bench.select, bench.remove, lambda name: bench.mask(name=name)):
            with pytest.raises(WorkbenchError, match="'c'.*a, b"):
                ask("c")

    async def test_a_name_in_use_is_refused_before_anything_is_opened(
        self, bench: Workbench, opener: Opener
    ) -> None:
        """A live session is not lost to a namesake."""
        first = await bench.connect("ws://a", name="a")
        with pytest.raises(WorkbenchError, match="'a' is open"):
            await bench.connect("ws://other", name="a")
        assert len(opener.calls) == 1 and bench.get("a") is first

    async def test_the_name_of_an_ended_session_may_be_used_again(self, bench: Workbench) -> None:
        """Running a connecting cell twice works; the new session is the newest."""
        await bench.connect("ws://a", name="a")
        await bench.connect("ws://b", name="b")
        bench.terminate(name="a")
        again = await bench.connect("ws://a", name="a")
        assert bench.get("a") is again and list(bench.sessions) == ["b", "a"]

    async def test_opening_elsewhere_lists_and_chooses_nothing(self, opener: Opener) -> None:
        """Every session of the kernel can be named; the only open one needs no name; several have to be chosen from."""
        opened = Registry()
        bench = Workbench(opener, opened)
        first, second = RecordingSession("x"), RecordingSession("y")
        opened.add(first)  # type: ignore[arg-type]  # a recording object in the place of a session
        assert bench.get() is first and bench.current == "x"
        opened.add(second)  # type: ignore[arg-type]
        assert list(bench.sessions) == ["x", "y"] and bench.current is None
        with pytest.raises(WorkbenchError, match="x, y with %ws use NAME"):
            bench.get()
        bench.select("x")
        opened.add(RecordingSession("z"))  # type: ignore[arg-type]
        assert bench.get() is first
        first.state = "closed"
        assert bench.get() is first, "an end chooses no other session"

    async def test_a_session_that_nothing_refers_to_is_not_listed(self, opener: Opener) -> None:
        """One of a verb, or that was chosen, stays."""
        opened = Registry()
        bench = Workbench(opener, opened)
        held, chosen = RecordingSession("held"), RecordingSession("chosen")
        for session in (held, chosen, RecordingSession("lost")):
            opened.add(session)  # type: ignore[arg-type]
        await bench.connect("ws://a", name="typed")
        bench.select("chosen")
        del session, chosen
        gc.collect()
        assert list(bench.sessions) == ["held", "chosen", "typed"]

    async def test_two_open_namesakes_can_both_be_named(self, opener: Opener) -> None:
        """The second gets a number; an ended one gives its name to the newer."""
        opened = Registry()
        bench = Workbench(opener, opened)
        first, second = RecordingSession("x"), RecordingSession("x")
        opened.add(first)  # type: ignore[arg-type]
        opened.add(second)  # type: ignore[arg-type]
        assert bench.get("x") is first and bench.get("x#2") is second
        second.state = "closed"
        assert list(bench.sessions.values()) == [first]
        first.state, second.state = "closed", "open"
        assert list(bench.sessions.values()) == [second]

    async def test_remove_forgets_an_ended_session_only(self, bench: Workbench) -> None:
        """The one opened before it becomes current; at the end there is none."""
        await bench.connect("ws://a", name="a")
        await bench.connect("ws://b", name="b")
        with pytest.raises(WorkbenchError, match="close or terminate"):
            bench.remove("b")
        bench.terminate()
        bench.remove("b")
        assert bench.current == "a"
        bench.terminate()
        bench.remove("a")
        assert bench.current is None and bench.sessions == {}

    async def test_repr_lists_names_and_states(self, bench: Workbench) -> None:
        """And says so where there is nothing."""
        assert repr(bench) == "<Workbench without sessions>"
        await bench.connect("ws://a", name="a")
        assert repr(bench) == "<Workbench a (open)>"


class TestVerbs:
    """Each verb reaches the session that was named, or the current one."""

    async def test_send_returns_what_was_sent(self, bench: Workbench) -> None:
        """The frame goes to the named session and to no other."""
        one = await bench.connect("ws://a", name="a")
        two = await bench.connect("ws://b", name="b")
        frame = await bench.send("ff", kind="hex", name="a")
        assert frame == Frame.binary(b"\xff")
        assert one.asked == [("send", frame)] and two.asked == []  # type: ignore[attr-defined]  # recording objects

    async def test_a_wrong_payload_sends_nothing(self, bench: Workbench) -> None:
        """The sentence of parse_payload comes through."""
        session = await bench.connect("ws://a")
        with pytest.raises(ValueError, match="hex digit"):
            await bench.send("zz", kind="hex")
        assert session.asked == []  # type: ignore[attr-defined]  # a recording object

    async def test_receive_returns_the_next_frame(self, bench: Workbench) -> None:
        """One that is there already needs no time."""
        session: Any = await bench.connect("ws://a")
        session.inbox.put_nowait(Frame.text("hi"))
        assert await bench.receive(timeout=0.01) == Frame.text("hi")

    async def test_receive_says_what_it_waited_for(self, bench: Workbench) -> None:
        """The sentence names session and seconds."""
        await bench.connect("ws://a", name="feed")
        with pytest.raises(TimeoutError, match=r"feed within 0\.01 s"):
            await bench.receive(timeout=0.01)

    @pytest.mark.parametrize("timeout", [None, 5])
    async def test_a_ping_timeout_of_the_session_is_not_taken_for_ones_own(
        self, bench: Workbench, timeout: float | None
    ) -> None:
        """It is a TimeoutError too, with a sentence of its own."""
        session: Any = await bench.connect("ws://a")
        session.fault = PingTimeout(15)
        with pytest.raises(PingTimeout):
            await bench.receive(timeout=timeout)

    async def test_mask_toggles_or_sets(self, bench: Workbench) -> None:
        """And returns how it stands now."""
        session = await bench.connect("ws://a")
        assert bench.mask() is False and session.masking is False
        assert bench.mask() is True
        assert bench.mask(True) is True and session.masking is True

    async def test_ping_close_and_terminate(self, bench: Workbench) -> None:
        """Latency in seconds, the reason of the end, and the end at once."""
        await bench.connect("ws://a", name="a")
        assert await bench.ping() == 0.25
        assert await bench.close(4000, "done") == CloseReason(4000, "done")
        second = await bench.connect("ws://b", name="b")
        bench.terminate()
        assert second.state == "closed"

"""Panel: one for each session, told of changes while the session lives, and still there afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from typing import Any

import pytest

from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.session.registry import OPENED
from wsnotebook.widgets.panel import Panel, _panels, panel_for
from wsnotebook.wire.frames import Frame
from wsnotebook.workbench import Workbench


async def ended(panel: Panel) -> None:
    """Wait until the panel no longer follows its session."""
    assert panel._ticking is not None
    await asyncio.wait([panel._ticking])


async def test_the_same_session_has_the_same_panel(session: Any, make_session: Any) -> None:
    """Showing a session twice makes two views of one panel, another session has another."""
    other = make_session()
    panels = [panel_for(session), panel_for(session), panel_for(other)]
    assert panels[0] is panels[1] and panels[0] is not panels[2]
    for panel in panels[::2]:
        panel.close()


async def test_a_closed_panel_makes_room_for_a_new_one(session: Any) -> None:
    """close() frees the panel and stops its tick; the session goes on."""
    panel = panel_for(session)
    panel.close()
    await ended(panel)
    assert panel._ticking is not None and panel._ticking.cancelled() and session.asked == []
    new = panel_for(session)
    assert new is not panel
    new.close()


async def test_the_panel_follows_until_the_end_and_keeps_the_last_state(session: Any, page: Any) -> None:
    """What came between the last tick and the end is told, then no task is left and the rows are asked anew."""
    panel = Panel(session)
    browser = page(panel.table)
    session.record(Frame.text("last words"))
    session.end(1000, "bye")
    await ended(panel)
    assert panel.controls.state == "closed" and panel.controls.frames_in == 1
    assert browser.told == [{"span": (0, 1)}, {"edition": 1}]


async def test_the_panel_of_an_ended_session_has_no_tick(session: Any) -> None:
    """Shown for the first time after the end, it is complete at once."""
    session.record(Frame.text("x"))
    session.end()
    panel = Panel(session)
    assert panel._ticking is None and panel.controls.frames_in == 1 and panel.controls.state == "closed"


def test_without_a_loop_the_panel_shows_how_it_stands(session: Any) -> None:
    """In a plain script nothing can follow, and nothing fails."""
    session.record(Frame.text("x"))
    assert repr(Panel(session)) == "<Panel of ws-1: open, 1 frames>"


async def test_a_fault_in_the_tick_is_shown_and_handed_to_the_loop(session: Any) -> None:
    """It is not swallowed: the panel says that it has stopped, the loop's handler gets the exception."""
    seen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context))
    steps = iter([0.0])
    panel = _panels[session] = Panel(session, clock=lambda: next(steps))
    await ended(panel)
    await asyncio.sleep(0)  # the task's callback comes after those who wait for it
    assert "no longer follows" in panel.controls.problem
    assert isinstance(seen[0]["exception"], RuntimeError)  # a coroutine's StopIteration
    assert panel_for(session) is not panel  # "Show it again" helps


def test_an_interrupt_of_the_kernel_does_not_stop_the_panel(session: Any) -> None:
    """A KeyboardInterrupt that lands in the tick is for a cell: the panel goes on following."""
    times = iter([0.0, None])

    def clock() -> float:
        if next(times, 1.0) is None:
            raise KeyboardInterrupt
        return 1.0

    async def show() -> Panel:
        return Panel(session, clock=clock)

    with contextlib.closing(asyncio.new_event_loop()) as loop:
        panel = loop.run_until_complete(show())
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(ended(panel))
        session.end()
        loop.run_until_complete(asyncio.sleep(0))  # the interrupted task's callbacks
        loop.run_until_complete(ended(panel))
    assert panel.controls.state == "closed" and panel.controls.problem == ""


async def test_the_bundle_has_a_view_and_what_stays_without_a_kernel(session: Any) -> None:
    """Plain text and HTML beside the widget; what a peer sent is escaped in both."""
    session.record(Frame.text("<img src=x onerror=alert(1)>\x1b[2J"))
    session.end(1000, "<b>")
    panel = Panel(session)
    bundle, _ = panel._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id
    assert "<img" not in bundle["text/html"] and "&lt;img src=x" in bundle["text/html"]
    assert (
        "\x1b" not in bundle["text/plain"] and "closed (1000 NORMAL: '<b>', by peer)" in bundle["text/plain"]
    )


async def test_a_burst_costs_one_message_a_tick(session: Any, page: Any) -> None:
    """However many frames come, the page is told once a tick."""
    panel = Panel(session, clock=time.monotonic)
    browser = page(panel.table)
    for _ in range(100):
        session.record(Frame.text("x"))
    session.end()
    await ended(panel)
    assert [state for state in browser.told if "span" in state] == [{"span": (0, 100)}]


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("wsnotebook.safetext", {"ipywidgets", "anywidget", "pandas"}),
        ("wsnotebook.workbench", {"ipywidgets", "anywidget", "pandas"}),
        ("wsnotebook.widgets.panel", {"pandas"}),
    ],
)
def test_nothing_is_loaded_that_is_not_needed(module: str, heavy: set[str]) -> None:
    """Magics use safe_text and workbench without a panel; showing a panel does not wait for pandas."""
    code = f"import sys, {module}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_showing_a_session_does_not_make_it_the_one_that_verbs_speak_to() -> None:
    """Only connecting by a verb and choosing do: %ws send goes where it went before."""
    bench = Workbench(opened=OPENED)
    async with embedded_server("echo") as server:
        chosen = await bench.connect(server.url, name="chosen")
        shown = await connect(server.url, name="shown")
        shown._repr_mimebundle_()
        bench.get("shown")._panel()
        await bench.send("hello")
        assert bench.current == "chosen" and {"chosen", "shown"} <= bench.sessions.keys()
        assert await chosen.receive() == "hello" and len(shown.log) == 0
        for session in (chosen, shown):
            panel_for(session).close()
            await session.close()

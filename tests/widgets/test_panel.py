"""Panel: one for each session, told of changes while the session lives, and still there afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import re
import subprocess
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.display import display

from wsnotebook.lab import embedded_server
from wsnotebook.lab.server import EmbeddedServer
from wsnotebook.session.client import connect
from wsnotebook.session.registry import OPENED
from wsnotebook.widgets.closebutton import CloseButton
from wsnotebook.widgets.controls import Controls
from wsnotebook.widgets.maskingtoggle import MaskingToggle
from wsnotebook.widgets.panel import Panel, _panels, panel_for
from wsnotebook.widgets.still import VIEW
from wsnotebook.wire.frames import Frame
from wsnotebook.workbench import Workbench, workbench
from wsnotebook.workbench.verbs import VERBS


async def ended(panel: Panel) -> None:
    """Wait until the panel no longer follows its session."""
    assert panel.following.task is not None
    await asyncio.wait([panel.following.task])


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
    assert panel.following.task is not None and panel.following.task.cancelled() and session.asked == []
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
    assert panel.controls.state == "closed" and panel.controls.received == 1
    assert browser.told == [{"span": (0, 1)}, {"edition": 1}]


async def test_the_panel_of_an_ended_session_has_no_tick(session: Any) -> None:
    """Shown for the first time after the end, it is complete at once."""
    session.record(Frame.text("x"))
    session.end()
    panel = Panel(session)
    assert panel.following.task is None and panel.controls.received == 1 and panel.controls.state == "closed"


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


async def test_a_closed_panel_is_shown_as_what_stays(session: Any, displayed: Any) -> None:
    """No page finds the model of a widget that was closed: it would show an error in place of the text."""
    session.end()
    panel = Panel(session)
    panel.close()
    display(panel)
    assert VIEW not in {kind for output in displayed for kind in output.data}
    assert "closed" in displayed[-1].data["text/plain"]


async def test_the_text_for_a_saved_notebook_follows_to_the_end(session: Any, displayed: Any) -> None:
    """An output of its own, below the live view and hidden by it, shows the last state and not that of the display."""
    panel = Panel(session)
    panel._ipython_display_()
    live, still = displayed
    assert live.data["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id
    assert "text/plain" not in live.data and live.data["text/html"] == ""
    assert "open, 0 frames" in still.data["text/html"] and panel.table.still in still.data["text/html"]
    session.record(Frame.text("last words"))
    session.end(1000, "bye")
    await ended(panel)
    last = displayed[-1]
    assert last.is_update and last.display_id == still.display_id
    assert "closed (1000 NORMAL: 'bye', by peer), 1 frames" in last.data["text/plain"]
    assert "last words" in last.data["text/html"]


async def test_the_text_for_a_saved_notebook_is_not_sent_again_where_nothing_has_changed(
    session: Any, displayed: Any
) -> None:
    """Each update marks the notebook as changed."""
    session.end()
    panel = Panel(session)
    panel._ipython_display_()
    before = len(displayed)
    panel._still.update()
    assert len(displayed) == before


async def test_marimo_is_given_single_widgets(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks a value for ``_display_`` first; a box of widgets would be static there."""
    panel = panel_for(session)
    monkeypatch.setitem(sys.modules, "marimo", SimpleNamespace(vstack=list))
    assert panel._display_() == [panel.controls, panel.table]
    panel.close()


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


async def lose(server: EmbeddedServer, session: Any) -> None:
    """Let the server lose its only connection."""
    server.sessions[0].transport.abort()
    await session.close_reason


async def until(widget: Any, name: str, wanted: Callable[[Any], object]) -> None:
    """Wait until a trait is as wanted."""
    reached = asyncio.Event()

    def look(change: object) -> None:
        if wanted(getattr(widget, name)):
            reached.set()

    widget.observe(look, name)
    look(None)
    async with asyncio.timeout(60):
        await reached.wait()
    widget.unobserve(look, name)


async def test_the_panel_goes_on_with_the_session_that_is_dialled_again(page: Any) -> None:
    """By a click on Reconnect: with counters of its own, the rows of both, and one panel for either."""
    async with embedded_server("echo") as server:
        first = await connect(server.url, name="feed")
        panel = panel_for(first)
        browser = page(panel.controls)
        await first.send("a")
        await lose(server, first)
        await ended(panel)
        assert panel.controls.can_reconnect and panel.controls.sent == 1
        answer = await browser.answer(browser.ask("reconnect"))
        assert answer["note"] == f"feed is open: {server.url}"
        await until(panel.controls, "state", lambda state: state == "open")
        second = panel.session
        assert (
            second is not first and second.log is first.log and panel_for(second) is panel_for(first) is panel
        )
        assert panel.controls.sent == 0 and not panel.controls.can_reconnect
        assert (await browser.answer(browser.ask("send", text="b", kind="text")))["ok"]
        assert await second.receive() == "b"
        panel.table.refresh()
        assert not panel.table.is_part and panel.table.sessions == ["feed", "feed #1"]
        assert panel.frames == len(first.log) > 2 and f"{panel.frames} frames" in panel._page().plain
        panel.controls.masking = False
        assert (second.masking, first.masking) == (False, True)
        panel.controls.masking = True
        await second.close()
        await ended(panel)
        panel.close()
        assert first not in _panels and second not in _panels


async def test_a_widget_alone_goes_on_too(page: Any) -> None:
    """Also one that was made for the session before the last."""
    async with embedded_server("echo") as server:
        first = await connect(server.url)
        button = CloseButton(first)
        browser = page(button)
        assert (await browser.answer(browser.ask("close", code="1000", message="")))["ok"]
        assert (await browser.answer(browser.ask("reconnect")))["ok"]
        await until(button, "state", lambda state: state == "open")
        late = MaskingToggle(first)
        assert late.state == "open"
        assert (await browser.answer(browser.ask("close", code="1000", message="")))["ok"]
        assert [each.close_reason_now.code for each in (first, button._session)] == [1000, 1000]


async def test_a_session_that_nobody_keeps_is_followed_to_its_end(page: Any) -> None:
    """It was opened, and has ended, between two ticks: what %ws reconnect and %ws close in one cell do."""
    async with embedded_server("echo") as server:
        session = await connect(server.url, proxy=None)
        panel = panel_for(session)
        await session.close(4000, "first")
        bench = Workbench(opened=OPENED)
        for verb, values in (("reconnect", {}), ("close", {"code": 4001, "message": "second"})):
            await VERBS[verb].run(bench, VERBS[verb].read({"name": session.name, **values}))
        gc.collect()
        await until(panel.controls, "ending", lambda ending: ending.startswith("4001"))
        await ended(panel)
        assert "4001" in panel._page().plain
        panel.close()


async def test_a_refused_reconnect_is_shown_with_the_answer_of_the_server(
    byte_server: Any, page: Any
) -> None:
    """Status, headers and decoded body, secrets redacted; the next click may succeed, and takes it away."""
    opening = asyncio.create_task(connect(f"{byte_server.url}?token=s3cret", proxy=None).__aenter__())
    peer = await byte_server.accept()
    await peer.upgrade()
    session = await opening
    controls = Controls(session)
    browser = page(controls)
    peer.reset()
    await until(controls, "can_reconnect", bool)
    asked = browser.ask("reconnect")
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    body = gzip.compress("Ruhe, bitte: ü <b>".encode("latin-1"))
    await peer.send(
        b"HTTP/1.1 503 Busy\r\nContent-Encoding: gzip\r\nContent-Type: text/plain; charset=latin-1\r\n"
        b"Set-Cookie: id=s3cret\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    answer = await browser.answer(asked)
    assert not answer["ok"] and answer["error"] == controls.failure
    assert "expected status 101, got 503 Busy" in controls.failure
    assert "\n\nHTTP/1.1 503 Busy" in controls.refusal and "Content-Encoding: gzip" in controls.refusal
    assert controls.refusal.endswith("\n\nRuhe, bitte: ü <b>")
    assert "s3cret" not in controls.failure + controls.refusal and controls.can_reconnect
    told = await browser.answer(browser.ask("refusal"))
    assert "?token=s3cret" in told["text"] and "Set-Cookie: id=s3cret" in told["text"]
    asked = browser.ask("reconnect")
    peer = await byte_server.accept()
    await peer.upgrade()
    assert (await browser.answer(asked))["ok"]
    await until(controls, "state", lambda state: state == "open")
    assert controls.failure == controls.refusal == ""
    peer.reset()
    await until(controls, "state", lambda state: state == "closed")


async def test_a_session_that_is_dialled_again_by_itself_says_so_and_can_be_closed(
    byte_server: Any, page: Any
) -> None:
    """%ws connect --reconnect: the time to the next attempt, why the last failed, and an end by Close."""
    opening = asyncio.create_task(
        workbench.connect(byte_server.url, name="again", reconnect=True, proxy=None)
    )
    peer = await byte_server.accept()
    await peer.upgrade()
    session = await opening
    panel = panel_for(session)
    browser = page(panel.controls)
    peer.reset()
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(b"HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n")
    await until(panel.controls, "reconnecting", lambda text: re.search(r" in \d+ s \(attempt 2\)", text))
    assert "503 Busy" in panel.controls.failure and panel.controls.can_stop
    answer = await browser.answer(browser.ask("close", code="1000", message=""))
    assert answer["note"].endswith("; it is not connected again")
    await ended(panel)
    assert panel.controls.reconnecting == "" and not panel.controls.can_stop
    panel.close()
    workbench.remove("again")

"""SessionWidget: each widget of a session alone, in a box, observed and linked, without a panel."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import ipywidgets
import pytest
import traitlets

from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.widgets import CloseButton, Counters, MaskingToggle, SendBox
from wsnotebook.widgets.controls import Controls
from wsnotebook.wire.frames import Frame

ALL = [SendBox, MaskingToggle, CloseButton, Counters]


async def until(widget: Any, name: str, value: object) -> None:
    """Wait until a trait has a value."""
    reached = asyncio.Event()

    def look(change: object) -> None:
        if getattr(widget, name) == value:
            reached.set()

    widget.observe(look, name)
    look(None)
    await reached.wait()
    widget.unobserve(look, name)


@pytest.mark.parametrize("widget", ALL)
async def test_each_follows_its_session_alone(widget: Any, session: Any) -> None:
    """Its state is there at once, and the end when it comes; then no task is left."""
    made = widget(session)
    assert made.state == "open" and made.name == "ws-1"
    assert repr(made) == f"<{widget.__name__} of ws-1: open>"
    session.end()
    await until(made, "state", "closed")
    await asyncio.wait([made._following.task])
    assert made._following.task.exception() is None


@pytest.mark.parametrize("widget", ALL)
async def test_each_offers_its_own_verbs_and_no_other(widget: Any, session: Any, page: Any) -> None:
    """A toggle in a dashboard cannot close the session."""
    browser = page(widget(session, follows=False))
    for verb in set(Controls.offered) - set(widget.offered):
        answer = await browser.answer(browser.ask(verb, text="", message="", code="1000"))
        assert "unknown verb" in answer["error"]
    assert session.asked == []


@pytest.mark.parametrize("widget", [*ALL, Controls])
def test_each_has_a_style_and_a_page_of_its_own(widget: Any) -> None:
    """A dashboard has colours without a table, and no two widgets share their code."""
    assert "--wsn-ground" in widget._css and ".wsn-button" in widget._css
    assert len({each._esm for each in [*ALL, Controls]}) == len(ALL) + 1


async def test_in_a_box_they_show_and_steer_one_session(page: Any) -> None:
    """Observed, linked in Python and clicked; masking that one of them changes is shown by the other."""
    async with embedded_server("echo") as server:
        session = await connect(server.url)
        box, toggle, counters = SendBox(session), MaskingToggle(session), Counters(session)
        dashboard = ipywidgets.VBox([box, toggle, counters, CloseButton(session)])
        checkbox = ipywidgets.Checkbox(value=True)
        link = traitlets.link((checkbox, "value"), (toggle, "masking"))
        browser = page(box)
        assert (await browser.answer(browser.ask("send", text="hello", kind="text")))["ok"]
        await until(counters, "received", 1)
        assert counters.sent == 1 and counters.received_bytes == 5
        checkbox.value = False
        assert session.masking is False and len(dashboard.children) == 4
        toggle.masking = True
        assert session.masking is True and checkbox.value is True
        link.unlink()
        await session.close()
        await until(counters, "state", "closed")


async def test_a_closed_widget_stops_its_tick(session: Any) -> None:
    """The session goes on."""
    made = Counters(session)
    made.close()
    await asyncio.wait([made._following.task])
    assert made._following.task.cancelled() and session.state == "open"


async def test_what_went_wrong_in_its_tick_is_shown(session: Any) -> None:
    """And handed to the loop."""
    seen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context))
    made = Counters(session)
    session.record(Frame.text("x"))
    del session.latency
    await asyncio.wait([made._following.task])
    await asyncio.sleep(0)
    assert "no longer follows" in made.problem and isinstance(seen[0]["exception"], AttributeError)


@pytest.mark.parametrize("widget", [*ALL, Controls])
def test_one_that_was_not_made_says_nothing_when_it_is_freed(
    widget: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python frees it later, in the middle of something else, and would report an error of close() there."""
    said: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", said.append)
    session.log.rows = None  # what it counts
    with pytest.raises(TypeError):
        widget(session)
    gc.collect()
    assert said == []


@pytest.mark.filterwarnings("ignore::wsnotebook.session.unmaskedwarning.UnmaskedWarning")
async def test_clicks_of_a_busy_kernel_keep_their_order(page: Any) -> None:
    """Two widgets, and a loop that begins nothing until all have been clicked, on the thread of the comms."""
    async with embedded_server("silent") as server, connect(server.url) as session:
        box, toggle = page(SendBox(session, follows=False)), page(MaskingToggle(session, follows=False))
        asked: list[int] = []

        def click() -> None:
            asked.append(box.ask("send", text="before", kind="text"))
            asked.append(toggle.ask("mask", on=False))
            asked.append(box.ask("send", text="after", kind="text"))

        thread = threading.Thread(target=click)
        thread.start()
        thread.join()  # the loop is held up meanwhile
        for browser, ident in zip((box, toggle, box), asked, strict=True):
            assert (await browser.answer(ident))["ok"]
        await session.flush()
        sent = session.df[session.df["direction"] == "out"].head(2)
        assert sent["text"].tolist() == ["before", "after"] and sent["masked"].tolist() == [True, False]

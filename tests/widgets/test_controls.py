"""Controls: what a click asks of the session, and what is shown of it."""

from __future__ import annotations

import concurrent.futures
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from wsnotebook.errors import SessionClosed
from wsnotebook.session.registry import OPENED
from wsnotebook.widgets.controls import Controls
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.workbench import workbench


@pytest.mark.parametrize(
    ("kind", "text", "frame", "note"),
    [
        ("text", "hé", Frame.text("hé"), "sent text, 3 bytes"),
        ("json", '{"a": 1}', Frame.text('{"a": 1}'), "sent text, 8 bytes"),
        ("hex", "ff 00", Frame.binary(b"\xff\x00"), "sent binary, 2 bytes"),
    ],
)
async def test_send_hands_a_frame_of_the_kind_over(
    session: Any, page: Any, kind: str, text: str, frame: Frame, note: str
) -> None:
    """The answer comes when the session has taken it, and says what was sent."""
    browser = page(Controls(session))
    ident = browser.ask("send", text=text, kind=kind)
    assert session.asked == [("send", frame)] and ident not in browser.answers
    session.futures[0].set_result(None)
    assert await browser.answer(ident) == {"id": ident, "ok": True, "note": note}


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [("hex", "4g", "character 2"), ("json", "{", "line 1"), ("morse", ".-", "kind")],
)
async def test_what_cannot_be_a_payload_is_refused_with_the_place(
    session: Any, page: Any, kind: str, text: str, words: str
) -> None:
    """Nothing is asked of the session then."""
    browser = page(Controls(session))
    answer = await browser.answer(browser.ask("send", text=text, kind=kind))
    assert not answer["ok"] and words in answer["error"] and session.asked == []


async def test_an_ended_session_answers_with_its_sentence(session: Any, page: Any) -> None:
    """The sentence says where the log is and what to do."""
    browser = page(Controls(session))
    ident = browser.ask("send", text="late", kind="text")
    session.futures[0].set_exception(SessionClosed(CloseReason(1001, "bye")))
    error = (await browser.answer(ident))["error"]
    assert "1001" in error and "session.log" in error and "connect(url)" in error


async def test_a_verb_that_the_end_of_the_session_cancels_is_answered(session: Any, page: Any) -> None:
    """A ping whose session goes away is not left without an answer."""
    browser = page(Controls(session))
    ident = browser.ask("ping")
    session.futures[0].cancel()
    assert not (await browser.answer(ident))["ok"]


async def test_ping_answers_with_the_latency(session: Any, page: Any) -> None:
    """In milliseconds."""
    browser = page(Controls(session))
    ident = browser.ask("ping")
    session.futures[0].set_result(0.01234)
    assert (await browser.answer(ident))["note"] == "pong after 12.3 ms"


async def test_masking_is_set_and_told(session: Any, page: Any) -> None:
    """The session has the new value when the answer comes, and so has the page."""
    controls = Controls(session)
    controls.refresh(0.0)
    browser = page(controls)
    answer = await browser.answer(browser.ask("mask", on=False))
    assert answer["ok"] and session.masking is False
    assert browser.told[-1] == {"masking": False}
    await browser.answer(browser.ask("mask", on=True))
    assert session.masking is True


async def test_close_hands_code_and_message_over_and_answers_with_the_reason(session: Any, page: Any) -> None:
    """What was typed, as it was typed; the reason is the session's."""
    browser = page(Controls(session))
    ident = browser.ask("close", code=" 4002 ", message="done")
    assert session.asked == [("close", 4002, "done")]
    session.futures[0].set_result(CloseReason(4002, "done"))
    assert (await browser.answer(ident))["note"] == "closed: 4002: 'done'"


@pytest.mark.parametrize("code", ["", "abc", "-1", "1e3", "¹"])
async def test_a_close_code_that_is_no_number_is_refused(session: Any, page: Any, code: str) -> None:
    """The sentence says what to write; a code that may not be sent is the session's to refuse."""
    browser = page(Controls(session))
    answer = await browser.answer(browser.ask("close", code=code, message=""))
    assert not answer["ok"] and "3000 to 4999" in answer["error"] and session.asked == []


async def test_terminate_is_asked_at_once(session: Any, page: Any) -> None:
    """It needs no loop: terminate() may be called from any thread."""
    browser = page(Controls(session))
    assert (await browser.answer(browser.ask("terminate")))["ok"]
    assert session.asked == [("terminate",)]


async def test_a_click_acts_on_the_panels_session_and_selects_nothing(
    session: Any, make_session: Any, page: Any
) -> None:
    """The session need not be in the workbench, and the current one there stays current."""
    other = make_session()
    other.name = "current"
    OPENED.add(other)
    workbench.select("current")
    browser = page(Controls(session))
    try:
        for verb, fields in {"ping": {}, "mask": {"on": False}, "terminate": {}}.items():
            browser.ask(verb, **fields)
        assert workbench.current == "current" and session.name not in workbench.sessions
    finally:
        other.state = "closed"
        workbench.remove("current")
    assert session.asked == [("ping",), ("terminate",)] and session.masking is False
    assert other.asked == [] and other.masking is True


async def test_a_click_on_a_foreign_thread_goes_through_threadsafe(session: Any, page: Any) -> None:
    """The session's own methods belong to its loop."""
    browser = page(Controls(session))
    session.threadsafe = SimpleNamespace(ping=session.ping)
    session.ping = None
    click = threading.Thread(target=browser.ask, args=("ping",))
    click.start()
    click.join()
    session.futures[0].set_result(0.5)
    assert (await browser.answer(1))["note"] == "pong after 500.0 ms"


async def test_tell_shows_state_and_counters_in_one_message(session: Any, page: Any) -> None:
    """Only what changed goes over the comm."""
    controls = Controls(session)
    controls.refresh(0.0)
    browser = page(controls)
    session.record(Frame.text("abc"))
    session.latency = 0.5
    controls.refresh(1.0)
    assert browser.told == [{"frames_in": 1, "bytes_in": 3, "rate": 1.0, "latency": 0.5}]
    controls.refresh(1.0)
    assert len(browser.told) == 1


async def test_the_end_is_shown_with_code_reason_and_initiator(session: Any) -> None:
    """A peer's close message cannot reorder the line; the rate is none."""
    controls = Controls(session)
    session.record(Frame.text("abc"))
    session.end(1001, "\u202egone", "peer")
    controls.refresh(0.5)
    assert controls.state == "closed" and controls.rate == 0.0
    assert controls.ending == "1001 GOING_AWAY: '\\u202egone', by peer"


async def test_what_the_log_let_go_is_shown(session: Any) -> None:
    """Dropped rows and truncated bytes are told as they stand in the log."""
    session.log.dropped, session.log.truncated = 65_536, 9_000_000
    controls = Controls(session)
    controls.refresh(0.0)
    assert (controls.dropped, controls.truncated) == (65_536, 9_000_000)


async def test_a_future_that_is_settled_on_another_thread_is_answered(session: Any, page: Any) -> None:
    """As with a session whose pump has a thread of its own."""
    browser = page(Controls(session))
    ident = browser.ask("send", text="x", kind="text")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(session.futures[0].set_result, None).result()
    assert (await browser.answer(ident))["ok"]

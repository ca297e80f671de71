"""Controls: what a click asks of the session, and what is shown of it."""

from __future__ import annotations

import concurrent.futures
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.errors import SessionClosed
from wsnotebook.lab import embedded_server
from wsnotebook.session.client import connect
from wsnotebook.session.registry import OPENED
from wsnotebook.widgets.controls import Controls
from wsnotebook.widgets.sendbox import SendBox
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
    browser = page(Controls(session, follows=False))
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
    browser = page(Controls(session, follows=False))
    answer = await browser.answer(browser.ask("send", text=text, kind=kind))
    assert not answer["ok"] and words in answer["error"] and session.asked == []


async def test_an_ended_session_answers_with_its_sentence(session: Any, page: Any) -> None:
    """The sentence says where the log is and what to do."""
    browser = page(Controls(session, follows=False))
    ident = browser.ask("send", text="late", kind="text")
    session.futures[0].set_exception(SessionClosed(CloseReason(1001, "bye")))
    error = (await browser.answer(ident))["error"]
    assert "1001" in error and "session.log" in error and "connect(url)" in error


async def test_a_verb_that_the_end_of_the_session_cancels_is_answered(session: Any, page: Any) -> None:
    """A ping whose session goes away is not left without an answer."""
    browser = page(Controls(session, follows=False))
    ident = browser.ask("ping")
    session.futures[0].cancel()
    assert not (await browser.answer(ident))["ok"]


async def test_a_message_in_fragments_is_sent_in_the_loop_of_the_session(page: Any) -> None:
    """It has several steps, which no thread of a click may do; the answer comes when the last was taken."""
    async with embedded_server("echo") as server:
        session = await connect(server.url)
        browser = page(Controls(session, follows=False))
        click = threading.Thread(
            target=browser.post,
            args=({"id": 7, "verb": "send", "text": "hello", "kind": "text", "fragments": "2"},),
        )
        click.start()
        click.join()
        assert (await browser.answer(7))["note"] == "sent text, 5 bytes in 2 fragments"
        assert await session.receive() == "hello"
        await session.close()


async def test_what_is_repeated_is_shown_until_it_is_stopped(page: Any) -> None:
    """Also to a view that is opened later."""
    async with embedded_server("echo") as server:
        session = await connect(server.url)
        controls = Controls(session, follows=False)
        browser = page(controls)
        answer = await browser.answer(browser.ask("send", text="tick", kind="text", every="60"))
        assert answer["note"] == "sent text, 4 bytes, and again every 60 s"
        controls.refresh(0.0)
        assert controls.repeating == "every 60 s, 1 times"
        assert (await browser.answer(browser.ask("stop")))["note"] == "stopped after 1 times, every 60 s"
        await session.close()
        controls.refresh(0.0)
        assert controls.repeating == ""


async def test_messages_are_kept_listed_and_forgotten(
    session: Any, page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the file that %ws send --named reads."""
    monkeypatch.chdir(tmp_path)
    browser = page(Controls(session, follows=False))
    assert (await browser.answer(browser.ask("named")))["messages"] == []
    kept = await browser.answer(browser.ask("keep", message="log in", text="{}", kind="json"))
    assert kept["note"] == "kept in ws-messages.toml: %ws send --named 'log in'"
    assert (await browser.answer(browser.ask("named")))["messages"] == [["log in", "json", "{}", False]]
    assert (await browser.answer(browser.ask("forget", message="log in")))["ok"]
    gone = await browser.answer(browser.ask("forget", message="log in"))
    assert "no message 'log in'" in gone["error"]


async def test_variables_of_the_notebook_are_put_into_what_is_sent(
    session: Any, page: Any, ipython: InteractiveShell
) -> None:
    """By the switch only; one that is missing is told, and nothing is sent."""
    ipython.user_ns["symbol"] = "ACME"
    browser = page(SendBox(session, follows=False))
    asked = {"text": '{"s": "{symbol}"}', "kind": "json", "fills": True}
    browser.ask("send", **asked)
    assert session.asked == [("send", Frame.text('{"s": "ACME"}'))]
    del ipython.user_ns["symbol"]
    answer = await browser.answer(browser.ask("send", **asked))
    assert "there is no variable symbol: set it in a cell" in answer["error"] and len(session.asked) == 1
    browser.ask("send", text="{symbol}", kind="text")
    assert session.asked[1] == ("send", Frame.text("{symbol}"))
    others = page(SendBox(session, follows=False, variables={}))
    answer = await others.answer(others.ask("send", text="{In}", kind="text", fills=True))
    assert "there is no variable In" in answer["error"]


async def test_ping_answers_with_the_latency(session: Any, page: Any) -> None:
    """In milliseconds."""
    browser = page(Controls(session, follows=False))
    ident = browser.ask("ping")
    session.futures[0].set_result(0.01234)
    assert (await browser.answer(ident))["note"] == "pong after 12.3 ms"


async def test_masking_is_set_and_told(session: Any, page: Any) -> None:
    """The session has the new value when the answer comes, and so has the page."""
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    browser = page(controls)
    answer = await browser.answer(browser.ask("mask", on=False))
    assert answer["ok"] and session.masking is False
    assert browser.told[-1] == {"masking": False}
    await browser.answer(browser.ask("mask", on=True))
    assert session.masking is True


@pytest.mark.parametrize(
    ("name", "value"), [("masking", False), ("max_frame_size", None), ("ping_interval", 20.0)]
)
async def test_a_setting_acts_on_the_session_and_stays(session: Any, name: str, value: Any) -> None:
    """Set in code, as by a link of another widget: the session has it, and the next tick does not undo it."""
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    setattr(controls, name, value)
    controls.refresh(0.1)
    assert getattr(session, name) == value == getattr(controls, name)


async def test_a_setting_of_an_ended_session_is_refused_with_its_sentence(session: Any) -> None:
    """And the trait keeps the value."""
    session.end()
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    with pytest.raises(SessionClosed, match="connect"):
        controls.masking = False
    assert controls.masking is True and session.masking is True


async def test_a_raw_session_refuses_a_ping_interval_and_says_what_to_do(session: Any) -> None:
    """It has no pinger of its own, and no attribute of that name."""
    session.pump.raw = True
    del session.ping_interval
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    assert controls.ping_interval is None and controls.raw
    with pytest.raises(ValueError, match="wsnotebook.pinger"):
        controls.ping_interval = 5.0


async def test_a_value_that_code_has_changed_is_shown(session: Any) -> None:
    """As of the session, not of the last click."""
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    session.masking, session.max_frame_size, session.ping_interval = False, 1024, 2.5
    controls.refresh(0.1)
    assert (controls.masking, controls.max_frame_size, controls.ping_interval) == (False, 1024, 2.5)


async def test_limit_and_pings_are_set_by_a_click_as_the_verbs_read_them(session: Any, page: Any) -> None:
    """The page has the new value when the answer comes; a wrong one is a sentence."""
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    browser = page(controls)
    answer = await browser.answer(browser.ask("limit", size="64KiB"))
    assert answer["note"] == "receives frames of at most 65,536 bytes" and session.max_frame_size == 65_536
    answer = await browser.answer(browser.ask("limit", size="off"))
    assert browser.told[-1] == {"max_frame_size": None} and session.max_frame_size is None
    answer = await browser.answer(browser.ask("pings", interval="2.5"))
    assert answer["note"] == "pings every 2.5 s" and session.ping_interval == 2.5
    answer = await browser.answer(browser.ask("limit", size="large"))
    assert not answer["ok"] and "64KiB" in answer["error"] and session.max_frame_size is None


async def test_the_handshake_is_redacted_until_it_is_asked_for(page: Any) -> None:
    """Secrets are in an answer, and in no trait."""
    async with embedded_server("echo") as server:
        session = await connect(f"{server.url}?token=s3cret", headers={"Authorization": "Bearer s3cret"})
        controls = Controls(session, follows=False)
        controls.refresh(0.0)
        browser = page(controls)
        text = (await browser.answer(browser.ask("handshake")))["text"]
        assert "s3cret" not in text and "101 Switching Protocols" in text and "127.0.0.1" in text
        text = (await browser.answer(browser.ask("handshake", secrets=True)))["text"]
        assert "Authorization: Bearer s3cret" in text and "token=s3cret" in text
        assert "s3cret" not in repr(controls.get_state())
        await session.close()


async def test_close_hands_code_and_message_over_and_answers_with_the_reason(session: Any, page: Any) -> None:
    """What was typed, as it was typed; the reason is the session's."""
    browser = page(Controls(session, follows=False))
    ident = browser.ask("close", code=" 4002 ", message="done")
    assert session.asked == [("close", 4002, "done")]
    session.futures[0].set_result(CloseReason(4002, "done"))
    assert (await browser.answer(ident))["note"] == "closed: 4002: 'done'"


@pytest.mark.parametrize("code", ["", "abc", "-1", "1e3", "¹"])
async def test_a_close_code_that_is_no_number_is_refused(session: Any, page: Any, code: str) -> None:
    """The sentence says what to write; a code that may not be sent is the session's to refuse."""
    browser = page(Controls(session, follows=False))
    answer = await browser.answer(browser.ask("close", code=code, message=""))
    assert not answer["ok"] and "3000 to 4999" in answer["error"] and session.asked == []


async def test_terminate_is_asked_at_once(session: Any, page: Any) -> None:
    """It needs no loop: terminate() may be called from any thread."""
    browser = page(Controls(session, follows=False))
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
    browser = page(Controls(session, follows=False))
    try:
        for verb, fields in {"ping": {}, "mask": {"on": False}, "terminate": {}}.items():
            ident = browser.ask(verb, **fields)
            if verb == "mask":
                await browser.answer(ident)
        assert workbench.current == "current" and session.name not in workbench.sessions
    finally:
        other.state = "closed"
        workbench.remove("current")
    assert session.asked == [("ping",), ("terminate",)] and session.masking is False
    assert other.asked == [] and other.masking is True


async def test_a_click_on_a_foreign_thread_goes_through_threadsafe(session: Any, page: Any) -> None:
    """The session's own methods belong to its loop."""
    browser = page(Controls(session, follows=False))
    session.threadsafe = SimpleNamespace(ping=session.ping)
    session.ping = None
    click = threading.Thread(target=browser.ask, args=("ping",))
    click.start()
    click.join()
    session.futures[0].set_result(0.5)
    assert (await browser.answer(1))["note"] == "pong after 500.0 ms"


async def test_tell_shows_state_and_counters_in_one_message(session: Any, page: Any) -> None:
    """Only what changed goes over the comm."""
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    browser = page(controls)
    session.record(Frame.text("abc"))
    session.latency = 0.5
    controls.refresh(1.0)
    assert len(browser.told) == 1
    assert {"received": 1, "received_bytes": 3, "rate": 1.0, "latency": 0.5}.items() <= browser.told[
        0
    ].items()
    controls.refresh(1.0)
    assert len(browser.told) == 1


async def test_the_end_is_shown_with_code_reason_and_initiator(session: Any) -> None:
    """A peer's close message cannot reorder the line; the rate is none."""
    controls = Controls(session, follows=False)
    session.record(Frame.text("abc"))
    session.end(1001, "\u202egone", "peer")
    controls.refresh(0.5)
    assert controls.state == "closed" and controls.rate == 0.0
    assert controls.ending == "1001 GOING_AWAY: '\\u202egone', by peer"


async def test_what_the_log_let_go_is_shown(session: Any) -> None:
    """Dropped rows and truncated bytes are told as they stand in the log."""
    session.log.restore([], dropped=65_536, truncated=9_000_000)
    controls = Controls(session, follows=False)
    controls.refresh(0.0)
    assert (controls.dropped, controls.truncated) == (65_536, 9_000_000)


async def test_a_future_that_is_settled_on_another_thread_is_answered(session: Any, page: Any) -> None:
    """As with a session whose pump has a thread of its own."""
    browser = page(Controls(session, follows=False))
    ident = browser.ask("send", text="x", kind="text")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(session.futures[0].set_result, None).result()
    assert (await browser.answer(ident))["ok"]

"""VerbWidget: every message gets an answer, in the thread that owns the comm."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import anywidget
import pytest
import traitlets

from wsnotebook.widgets.controls import Controls
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.verbs import Answer, VerbWidget, sentence_of


class Widget(VerbWidget):
    """Verbs that go well, fail, and come later."""

    _esm = "export default {}"

    def __init__(self) -> None:
        super().__init__()
        self.later: Future[Answer] = Future()
        self._verbs.update(
            well=lambda content: ({"n": content["n"]}, [b"bytes"]), later=lambda content: self.later
        )


async def test_an_answer_has_the_id_of_its_message(page: Any) -> None:
    """Fields and buffers come back under the id that was asked with."""
    browser = page(Widget())
    ident = browser.ask("well", n=7)
    assert await browser.answer(ident) == {"id": ident, "ok": True, "n": 7}
    assert browser.answers[ident][1] == [b"bytes"]


async def test_a_verb_that_raises_answers_with_its_sentence(page: Any) -> None:
    """A missing field is an error of the verb, and so an answer."""
    browser = page(Widget())
    answer = await browser.answer(browser.ask("well"))
    assert answer["ok"] is False and "n" in answer["error"]


async def test_an_interrupt_of_the_kernel_is_answered(page: Any) -> None:
    """It is raised in a verb by chance, and goes on to the kernel; the page waits for no answer that never comes."""
    widget = Widget()

    def interrupted(content: dict[str, Any]) -> Answer:
        raise KeyboardInterrupt

    widget._verbs["well"] = interrupted
    browser = page(widget)
    with pytest.raises(KeyboardInterrupt):
        browser.post({"id": 1, "verb": "well"})
    assert "interrupted" in (await browser.answer(1))["error"]


@pytest.mark.parametrize("content", [{"id": 1}, {"id": 1, "verb": "no such"}, {"id": 1, "verb": ["well"]}])
async def test_an_unknown_verb_answers_with_those_there_are(page: Any, content: dict[str, Any]) -> None:
    """Also where the message is not of the right shape."""
    browser = page(Widget())
    browser.post(content)
    answer = await browser.answer(1)
    assert answer["ok"] is False and "hello, well, later" in answer["error"]


async def test_a_verb_that_takes_time_answers_when_it_is_done(page: Any) -> None:
    """Nothing is said before; then the result, or the error."""
    widget = Widget()
    browser = page(widget)
    ident = browser.ask("later")
    assert ident not in browser.answers
    widget.later.set_result(({"done": True}, ()))
    assert (await browser.answer(ident))["done"] is True
    widget.later = Future()
    failing = browser.ask("later")
    widget.later.set_exception(OSError("the wire\x1b is cut"))
    assert await browser.answer(failing) == {"id": failing, "ok": False, "error": "the wire\\x1b is cut"}


async def test_a_cancelled_verb_answers_too(page: Any) -> None:
    """A session that ends cancels what waits; the page does not wait for ever."""
    widget = Widget()
    browser = page(widget)
    ident = browser.ask("later")
    widget.later.cancel()
    assert "ended" in (await browser.answer(ident))["error"]


async def test_a_click_on_a_foreign_thread_is_answered_in_the_owners(page: Any) -> None:
    """The verb may run there, what is said on the comm comes from the thread of the loop."""
    widget = Widget()
    browser = page(widget)
    threads: list[int] = []
    send = browser.send

    def spy(data: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        threads.append(threading.get_ident())
        send(data, buffers)

    browser.send = spy
    clicks = [
        threading.Thread(target=browser.ask, args=(verb,), kwargs={"n": 1}) for verb in ("well", "oops")
    ]
    for click in clicks:
        click.start()
        click.join()
    assert (await browser.answer(1))["ok"] and not (await browser.answer(2))["ok"]
    settle = threading.Thread(target=widget.later.set_result, args=(({}, ()),))
    ident = browser.ask("later")
    settle.start()
    settle.join()
    await browser.answer(ident)
    assert set(threads) == {threading.get_ident()}


def test_without_a_loop_the_answer_comes_at_once(page: Any) -> None:
    """A widget made in a plain script has one thread, and answers in it."""
    widget = Widget()
    browser = page(widget)
    assert browser.answers[browser.ask("well", n=1)][0]["ok"]


def test_an_exception_without_words_is_called_by_its_type() -> None:
    """No error is shown as an empty line."""
    assert sentence_of(KeyError()) == "KeyError"
    assert sentence_of(ValueError("a\nb")) == "a\\nb"


SETTABLE = {
    Controls: {"masking", "answers_pings", "max_frame_size", "ping_interval", "compresses"},
    FrameTable: {"query", "only_matches", "columns", "widths", "selection", "placeholder"},
}
SHOWN = [
    (widget, name)
    for widget, settable in SETTABLE.items()
    for name in sorted(
        set(widget.class_trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names())
    )
    if name not in settable and not name.startswith("_")
]


@pytest.mark.parametrize(("widget", "name"), SHOWN, ids=lambda each: getattr(each, "__name__", each))
async def test_a_trait_that_is_only_shown_cannot_be_set(session: Any, widget: Any, name: str) -> None:
    """The next refresh would undo it without a word."""
    made = Controls(session, follows=False) if widget is Controls else FrameTable(session.log)
    with pytest.raises(traitlets.TraitError, match="read-only"):
        setattr(made, name, getattr(made, name))

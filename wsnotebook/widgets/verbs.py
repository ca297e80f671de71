"""VerbWidget: a widget that answers every message {id, verb, …} of its page with {id, ok, …}, also when the verb fails.

A click may be handled on another thread than the kernel's: the verb is called in that thread, and the answer is sent
in the loop that made the widget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

import anywidget
import traitlets

from wsnotebook.safetext import safe_text

__all__ = ["Answer", "VerbWidget", "running_loop", "sentence_of", "shown"]

Answer: TypeAlias = tuple[dict[str, Any], Sequence[bytes]]
"""The fields of an answer, and its binary buffers."""

Handler: TypeAlias = Callable[[dict[str, Any]], "Answer | Future[Answer]"]

_INHERITED = frozenset(anywidget.AnyWidget.class_trait_names(sync=True))


def shown(trait: traitlets.TraitType[Any, Any]) -> Any:
    """Return a trait for the page that only its widget changes; who sets it gets a TraitError that says so."""
    trait.read_only = True
    return trait.tag(sync=True)


class VerbWidget(anywidget.AnyWidget):  # type: ignore[misc]  # ships no types
    """An anywidget with a table of verbs that its page can request."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._verbs: dict[str, Handler] = {"hello": self._verb_hello}
        # None outside of a loop, as in a plain script, where only one thread sends answers.
        self._loop = running_loop()
        self.on_msg(self._receive)

    def in_owner(self, call: Callable[..., object], *args: Any) -> None:
        """Run ``call`` in the thread that owns traits and comm; at once if this is that thread."""
        loop = self._loop
        if loop is None or loop.is_closed() or loop is running_loop():
            call(*args)
        else:
            loop.call_soon_threadsafe(call, *args)

    def _verb_hello(self, content: dict[str, Any]) -> Answer:
        """Send the whole state to a new view, which may belong to a reloaded page."""
        # Without _esm and _css: the page has loaded them, or it could not request this.
        self.in_owner(
            self.send_state, [name for name in self.keys if name not in _INHERITED and name[0] != "_"]
        )
        return {}, ()

    def _receive(self, widget: object, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        ident = content.get("id")
        try:
            verb = self._verbs.get(str(content.get("verb")))
            if verb is None:
                raise ValueError(f"unknown verb {content.get('verb')!r}: one of {', '.join(self._verbs)}.")
            answer = verb(content)
        except Exception as error:  # noqa: BLE001 - any error is shown to the person who clicked
            self.in_owner(self._refuse, ident, error)
            return
        except KeyboardInterrupt:  # of a cell that is done, or of another one
            self.in_owner(
                self._refuse, ident, RuntimeError("the kernel was interrupted before this was done.")
            )
            raise
        if isinstance(answer, Future):
            answer.add_done_callback(lambda done: self.in_owner(self._finish, ident, done))
        else:
            self.in_owner(self._answer, ident, answer)

    def _finish(self, ident: object, done: Future[Answer]) -> None:
        if done.cancelled():
            self._refuse(ident, RuntimeError("the session ended before this was done."))
        elif (error := done.exception()) is not None:
            self._refuse(ident, error)
        else:
            self._answer(ident, done.result())

    def _answer(self, ident: object, answer: Answer) -> None:
        fields, buffers = answer
        self.send({"id": ident, "ok": True, **fields}, buffers=list(buffers))

    def _refuse(self, ident: object, error: BaseException) -> None:
        self.send({"id": ident, "ok": False, "error": sentence_of(error)})


def sentence_of(error: BaseException) -> str:
    """Return the escaped text of an exception, or the name of its type where it has none."""
    return safe_text(str(error) or type(error).__name__)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread; None where none does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

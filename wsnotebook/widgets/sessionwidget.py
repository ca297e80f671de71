"""SessionWidget: what all widgets of one session have: its name and state, a tick that follows it, and its verbs.

The widgets are in sendbox.py, maskingtoggle.py, closebutton.py and counters.py, and together in controls.py. The verbs
are those of workbench/, what is shown of the session is read in figures.py.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import traitlets

from wsnotebook.safetext import safe_text
from wsnotebook.session.attempts import newest_of
from wsnotebook.widgets.esm import join_styles
from wsnotebook.widgets.figures import Figures
from wsnotebook.widgets.following import Following
from wsnotebook.widgets.verbs import Answer, VerbWidget, sentence_of, shown
from wsnotebook.workbench import workbench
from wsnotebook.workbench.pending import then
from wsnotebook.workbench.settings import SETTINGS, change_setting, setting_of
from wsnotebook.workbench.verb import Call, Verb
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["SessionWidget"]

_CHANGING = frozenset({"mask", "compress"})
"""Verbs that change how is sent what comes after them."""
_SENDING = frozenset({"send", "close"})
"""Verbs that do not overtake such a change."""
_changes: WeakKeyDictionary[ClientWebSocketSession, Future[Any]] = WeakKeyDictionary()
"""The last of both, by session, since the last change: a click may be handled before the loop has begun the one before."""


class SessionWidget(VerbWidget):
    """Name and state of one session, and the verbs of a widget that acts on it.

    Create it in the loop of the kernel, as every cell does: it follows the session until that has ended, and goes on
    with the one that its connect() opens then. Several widgets of one session may stand in an ipywidgets box; traits
    can be observed and linked.

    Args:
        session: the verbs act on it, by way of ``session.threadsafe``: a click may be handled on any thread.
        follows: refresh the traits by itself; False where somebody else calls ``refresh``.
    """

    _css = join_styles("base", "controls")

    offered: ClassVar[tuple[str, ...]] = ()
    """Names of the verbs that a page may request."""

    _variables: Mapping[str, Any] = MappingProxyType({})
    # Of the class, as close() is called of a widget too whose __init__ has raised.
    _following: Following | None = None

    name = shown(traitlets.Unicode())
    """Name of the session."""
    url = shown(traitlets.Unicode())
    """Its address, with secrets redacted."""
    raw = shown(traitlets.Bool(False))
    """Whether it is a raw session."""
    state = shown(traitlets.Unicode())
    """connecting, open, closing or closed."""
    elapsed = shown(traitlets.Float(0.0))
    """Seconds that the connection lasts or lasted. It changes twice a second, so that a page can tell that the kernel
    is there."""
    can_reconnect = shown(traitlets.Bool(False))
    """Whether it has ended, and can be dialled again."""
    reconnecting = shown(traitlets.Unicode())
    """What is done to open the session that follows an ended one; empty for nothing."""
    can_stop = shown(traitlets.Bool(False))
    """Whether a close ends that."""
    failure = shown(traitlets.Unicode())
    """Why the last attempt to open it failed."""
    refusal = shown(traitlets.Unicode())
    """The response of the server to that attempt, with headers and body; secrets are redacted."""
    problem = shown(traitlets.Unicode())
    """Sentence about an error outside of a verb; it stays visible."""

    def __init__(self, session: ClientWebSocketSession, *, follows: bool = True) -> None:
        session = newest_of(session)
        self._session = session  # before the traits, which are checked against it
        super().__init__()
        self._figures = Figures(session)
        self._verbs.update({name: partial(self._run, VERBS[name]) for name in self.offered})
        if follows:
            self.refresh(time.monotonic())
            self._following = Following(session, self._refresh_now, self._failed, turned=self.turn_to)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}: {self.state}>"

    def close(self) -> None:
        """Remove the widget from every page; the session stays open."""
        if self._following is not None:
            self._following.stop()
        super().close()

    def turn_to(self, session: ClientWebSocketSession) -> None:
        """Act on another session, and show it from the next refresh on."""
        self._session = session
        self._figures = Figures(session)

    def _refresh_now(self) -> None:
        self.refresh(time.monotonic())

    def refresh(self, now: float) -> None:
        """Update every trait, in one message; ``now`` is in seconds on a monotonic clock."""
        self._show(self._figures.read(now))

    def report(self, problem: str) -> None:
        """Show a sentence about an error outside of a verb."""
        self.set_trait("problem", problem)

    def _failed(self, error: BaseException) -> None:
        self.report(f"this widget no longer follows the session: {sentence_of(error)} Show it again.")

    def _show(self, values: Mapping[str, object]) -> None:
        with self.hold_sync():
            for name, value in values.items():
                if self.has_trait(name):
                    self.set_trait(name, value)

    @traitlets.observe(*SETTINGS)  # type: ignore[untyped-decorator]  # ships no types
    def _apply(self, change: dict[str, Any]) -> None:
        """Set a setting of the session, unless that has the value already; take back what it refuses."""
        # Not validate(): traitlets does not ask that about None.
        name, value, session = change["name"], change["new"], self._session
        if value == setting_of(session, name):
            return
        try:
            change_setting(session, name, value)
        finally:
            self._show({name: setting_of(session, name)})

    def _run(self, verb: Verb, content: dict[str, Any]) -> Answer | Future[Answer]:
        """Run a verb of the workbench on this session, whichever session is current there."""
        session = self._session
        call = Call(verb.read(content), session, session.threadsafe, workbench, self._variables)
        result = self._start(verb, call)

        def answer(result: Any) -> Answer:
            assert verb.note is not None  # or the panel would not offer it
            return {"note": safe_text(verb.note(call, result))}, ()

        # Refreshed at once, not with the next tick: a page shows what has changed when the answer is there.
        if not isinstance(result, (Future, Coroutine)):
            self.in_owner(self._refresh_now)
            return answer(result)
        future: Future[Answer] = then(self._in_loop(result), answer)
        future.add_done_callback(lambda done: self.in_owner(self._refresh_now))
        return future

    def _start(self, verb: Verb, call: Call) -> Any:
        """Start a verb: what sends in the order of the clicks, and a change of how is sent between those around it."""
        before = _changes.get(call.session)
        waits = verb.name in _CHANGING or (verb.name in _SENDING and before is not None and not before.done())
        if not waits or self._loop is None:
            return verb.action(call)
        pending = asyncio.run_coroutine_threadsafe(_start_after(before, verb, call), self._loop)
        _changes[call.session] = pending
        return pending

    def _in_loop(self, result: Coroutine[Any, Any, Any] | Future[Any]) -> Future[Any]:
        """Return the Future of a verb that waits; a coroutine, which has more than one step, runs in the session's loop."""
        if isinstance(result, Future):
            return result
        if self._loop is None:
            result.close()
            raise RuntimeError(
                "there is no event loop here that could run this: use the panel in a notebook."
            )
        return asyncio.run_coroutine_threadsafe(result, self._loop)


async def _start_after(before: Future[Any] | None, verb: Verb, call: Call) -> Any:
    """Run a verb when another one is done, well or not."""
    if before is not None:
        await asyncio.gather(asyncio.wrap_future(before), return_exceptions=True)
    result = verb.action(call)
    if isinstance(result, Future):
        result = asyncio.wrap_future(result)
    return await result if inspect.isawaitable(result) else result

"""RefusedPanel: the panel in the place of that of a session which was not opened: what was asked, what was answered, Reconnect.

Layout is in refusedpanel.mjs. IPython shows it below a cell that ends with a CallError: session/refusedcalls.py.
"""

from __future__ import annotations

import asyncio
import html
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from wsnotebook.errors import CallError
from wsnotebook.redaction import redact_url
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.esm import join_modules, join_styles
from wsnotebook.widgets.panel import panel_for
from wsnotebook.widgets.static import Page
from wsnotebook.widgets.still import Still, StillView
from wsnotebook.widgets.verbs import Answer, VerbWidget, sentence_of, shown
from wsnotebook.workbench.facts import refusal_of

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Refused", "RefusedPanel"]


class Refused(VerbWidget):
    """One call that opened no session, and the button that makes it again.

    Observe ``session`` to go on from there.

    Args:
        error: of the call.
    """

    _esm = join_modules(Path(__file__).with_name("refusedpanel.mjs"))
    _css = join_styles("base", "controls")

    state = shown(traitlets.Unicode("refused"))
    """``refused``, and ``opened later`` when Reconnect has opened a session."""
    name = shown(traitlets.Unicode())
    """Name of that session."""
    url = shown(traitlets.Unicode())
    """The address, with secrets redacted."""
    failure = shown(traitlets.Unicode())
    """Why it was not opened, and what to do."""
    refusal = shown(traitlets.Unicode())
    """Request, response and body, as far as it came to them; secrets are redacted."""
    can_reconnect = shown(traitlets.Bool(False))
    """Whether it can be dialled again."""
    reconnecting = shown(traitlets.Unicode())
    """What is being done about it; empty for nothing."""
    problem = shown(traitlets.Unicode())
    """Sentence about an error outside of a verb."""
    still = shown(traitlets.Unicode())
    """Class of the element that the view stands in the place of."""
    session = traitlets.Any(None, allow_none=True, read_only=True)
    """The session that Reconnect has opened; None before."""

    def __init__(self, error: CallError) -> None:
        super().__init__()
        self._show(error)
        self._verbs.update(reconnect=self._verb_reconnect, refusal=self._verb_refusal)

    def __repr__(self) -> str:
        return f"<Refused {self.url}: {self.state}>"

    def _show(self, error: CallError) -> None:
        self._error = error
        with self.hold_sync():
            self.set_trait("url", safe_text(redact_url(error.call.request.url)))
            self.set_trait("failure", sentence_of(error))
            self.set_trait("refusal", refusal_of(error))
            self.set_trait("can_reconnect", error.redial is not None and self._loop is not None)

    def _verb_refusal(self, content: dict[str, Any]) -> Answer:
        """Return the call with its secrets, which are in no trait."""
        return {"text": refusal_of(self._error, secrets=True)}, ()

    def _verb_reconnect(self, content: dict[str, Any]) -> Future[Answer]:
        """Dial again, in the loop of the kernel."""
        if self._loop is None or self._error.redial is None:
            raise RuntimeError("this call cannot be made again from here: run the cell again.")
        return asyncio.run_coroutine_threadsafe(self._dial(), self._loop)

    async def _dial(self) -> Answer:
        assert self._error.redial is not None
        if self.reconnecting or not self.can_reconnect:
            raise RuntimeError("it is dialled already.")
        self.set_trait("reconnecting", "dialling…")
        try:
            session = await self._error.redial()
        except CallError as error:
            self._show(error)
            raise
        finally:
            self.set_trait("reconnecting", "")
        with self.hold_sync():
            for name, value in {
                "state": "opened later",
                "name": session.name,
                "can_reconnect": False,
            }.items():
                self.set_trait(name, value)
        self.set_trait("session", session)
        name = safe_text(session.name)
        return {
            "note": f"{name} is open. For Python: session = wsnotebook.workbench.workbench.get({name!r})"
        }, ()


class RefusedPanel(StillView, ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """A call that opened no session, and below it the panel of the session that Reconnect has opened.

    Args:
        error: of the call.
    """

    def __init__(self, error: CallError) -> None:
        self.refused = Refused(error)
        """The call."""
        self._still = Still(self._page)
        self.refused.set_trait("still", self._still.name)
        super().__init__(children=(self.refused,))
        self.add_class("wsn-panel")
        self.refused.observe(self._opened, "session")

    def __repr__(self) -> str:
        return f"<RefusedPanel {self.refused.url}: {self.refused.state}>"

    def close(self) -> None:
        """Remove it from every page; what Reconnect has opened stays open."""
        self.refused.close()
        super().close()

    def _opened(self, change: dict[str, Any]) -> None:
        session: ClientWebSocketSession = change["new"]
        self.children = (self.refused, panel_for(session))
        self._still.update()

    def _page(self) -> Page:
        refused = self.refused
        later = f"Reconnect opened it later, as {refused.name}." if refused.session is not None else ""
        words = [part for part in (refused.failure, refused.refusal, later) if part]
        body = "".join(f"<pre>{html.escape(part)}</pre>" for part in words)
        return Page("\n\n".join(words), f"<div class='tex2jax_ignore mathjax_ignore'>{body}</div>")

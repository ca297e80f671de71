"""ConnectForm: the widget that opens a session from what is typed, clicked or pasted as cURL; and the panel that begins so.

The fields are the options of %ws connect, a row each in workbench/connection.py. Layout is in connectform.mjs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from wsnotebook.errors import CallError
from wsnotebook.redaction import redact_url
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.esm import join_modules, join_styles
from wsnotebook.widgets.panel import Panel, panel_for
from wsnotebook.widgets.sessionspanel import SessionsPanel
from wsnotebook.widgets.verbs import Answer, VerbWidget, shown
from wsnotebook.workbench import Workbench, workbench
from wsnotebook.workbench.answers import connected
from wsnotebook.workbench.connection import CONNECTION
from wsnotebook.workbench.connectionfields import arguments_of, fields_of_curl, python_of
from wsnotebook.workbench.facts import refusal_of
from wsnotebook.workbench.verb import Call
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["ConnectForm", "ConnectPanel", "panel"]

FIRST = ("headers", "auth", "subprotocols", "name", "record", "raw")
"""Options that the form shows at once; the others are folded away."""
_RECENT = 10  # addresses that the form offers


class ConnectForm(VerbWidget):
    """Address and options of a new session, of which it makes one with each click on Connect.

    Observe ``session`` to go on from there. Nothing that is typed is in a trait: it may be secret.

    Example::

        form = ConnectForm()
        form.observe(print, "session")

    Args:
        bench: the workbench that gets the session, which becomes the current one; without it that of the kernel.
    """

    _esm = join_modules(Path(__file__).with_name("connectform.mjs"))
    _css = join_styles("base", "controls")

    rows = shown(traitlets.List())
    """The fields: ``name``, ``help``, ``kind`` (text, lines or switch), and ``first``, whether it is shown at once."""
    recent = shown(traitlets.List(traitlets.Unicode()))
    """Addresses that were connected to in this kernel; none with a secret."""
    session = traitlets.Any(None, allow_none=True, read_only=True)
    """The last session that it has opened; None before the first."""

    def __init__(self, bench: Workbench = workbench) -> None:
        super().__init__()
        self._bench = bench
        self.set_trait("rows", [_row(each) for each in sorted(CONNECTION, key=_place)])
        self._note_recent()
        self._failure: CallError | None = None  # of the last attempt
        self._verbs.update(
            connect=self._verb_connect,
            paste=self._verb_paste,
            python=self._verb_python,
            refusal=self._verb_refusal,
        )

    def __repr__(self) -> str:
        return "<ConnectForm>"

    def _verb_paste(self, content: dict[str, Any]) -> Answer:
        """Return the fields of a line that was copied as cURL."""
        return {"fields": fields_of_curl(str(content["text"]).strip())}, ()

    def _verb_python(self, content: dict[str, Any]) -> Answer:
        """Return what the fields say as Python."""
        return {"text": python_of(content["fields"])}, ()

    def _verb_refusal(self, content: dict[str, Any]) -> Answer:
        """Return the call of the last attempt that failed, with its secrets, which are in no trait."""
        return {"text": refusal_of(self._failure, secrets=True)}, ()

    def _verb_connect(self, content: dict[str, Any]) -> Future[Answer]:
        """Open a session in the loop of the kernel."""
        if self._loop is None:
            raise RuntimeError("there is no event loop here that could open a session: use it in a notebook.")
        call = Call(arguments_of(content["fields"]), bench=self._bench)
        return asyncio.run_coroutine_threadsafe(self._connect(call), self._loop)

    async def _connect(self, call: Call) -> Answer:
        self._failure = None
        try:
            session = await VERBS["connect"].action(call)
        except CallError as error:
            self._failure = error
            return {"error": safe_text(str(error)), "refusal": refusal_of(error)}, ()
        self._note_recent()
        self.set_trait("session", session)
        return {"note": safe_text(connected(call, session))}, ()

    def _note_recent(self) -> None:
        urls = [session.call.request.url for session in self._bench.sessions.values()]
        plain = [url for url in reversed(urls) if redact_url(url) == url]
        self.set_trait("recent", list(dict.fromkeys(plain))[:_RECENT])


def _place(row: Any) -> int:
    return FIRST.index(row.name) if row.name in FIRST else len(FIRST)


def _row(row: Any) -> Mapping[str, object]:
    kind = "switch" if row.is_switch else "lines" if row.count == "repeated" else "text"
    return {"name": row.name, "help": row.help, "kind": kind, "first": row.name in FIRST}


class ConnectPanel(ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """A form, and below it the panel of the session that it has opened last."""

    def __init__(self, bench: Workbench = workbench) -> None:
        self.form = ConnectForm(bench)
        """The form."""
        super().__init__(children=(self.form,))
        self.form.observe(self._opened, "session")

    def __repr__(self) -> str:
        return "<ConnectPanel>"

    def _display_(self) -> ConnectForm:
        """Return what marimo shows, which asks for this first: the form is live there, this box is not."""
        return self.form

    def _opened(self, change: Mapping[str, Any]) -> None:
        self.children = (self.form, panel_for(change["new"]))


def panel(
    session: ClientWebSocketSession | Sequence[ClientWebSocketSession] | None = None,
) -> Panel | SessionsPanel | ConnectPanel:
    """Return the panel of a session; of several sessions, with a tab for each; without one a form that opens it.

    As the last line of a cell it is shown.

    Examples: ``panel(session)``, ``panel()``.
    """
    if session is None:
        return ConnectPanel()
    return SessionsPanel(session) if isinstance(session, Sequence) else panel_for(session)

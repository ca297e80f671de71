"""Panel: the widget of a session, controls above and the table of frames below.

A tick refreshes both until the session has ended, ten times a second, and four times in a flood. Buttons are in
controls.py, the table in table.py, the text for a page without a kernel in static.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import ipywidgets

from wsnotebook.session.attempts import newest_of
from wsnotebook.widgets.controls import Controls
from wsnotebook.widgets.following import Following
from wsnotebook.widgets.framecounts import FrameCounts
from wsnotebook.widgets.static import Page, page_of
from wsnotebook.widgets.still import STILL_SECONDS, Still, StillView
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.verbs import sentence_of

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Panel", "panel_for"]

_panels: WeakKeyDictionary[ClientWebSocketSession, Panel] = WeakKeyDictionary()


def panel_for(session: ClientWebSocketSession) -> Panel:
    """Return the panel of ``session``: always the same one, so that showing it twice makes two views of one model.

    Sessions that one connect() has opened one after another have one panel, which shows the newest.
    Example: ``panel_for(session)``.
    """
    panel = _panels.get(session) or _panels.get(newest_of(session))
    if panel is None:
        panel = _panels[session] = Panel(session)
    return panel


# A box of two widgets and not one: that one would spare four of six messages that open it, but 3 of 173 kB, and would
# have the traits of both a second time. Where a front end shows no box, as marimo, _display_ takes its place.
class Panel(StillView, ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """Controls and frames of one session.

    Create it in the loop of the kernel, as every cell does: it is refreshed until the session has ended, and goes on
    with the one that its connect() opens then. Showing it again makes another view with its own scroll position.
    ``close()`` frees it.

    Example: ``Panel(session)``.

    Args:
        session: the session to show; it may have ended.
        clock: seconds, never jumping back.
    """

    def __init__(
        self, session: ClientWebSocketSession, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.session = session = newest_of(session)
        """The session that it shows."""
        self.controls = Controls(session, follows=False)
        self.table = FrameTable(
            session.log,
            of_server=False,
            session=session.name,
            again=self.controls.send_again,
            follows=False,
        )
        self.table.placeholder = "No frames yet. Type something above and press Send, or wait for the peer."
        self._counts = FrameCounts(session.log)
        self._clock = clock
        self._still = Still(self._page)
        self._still_due = 0.0
        self.table.set_trait("still", self._still.name)
        super().__init__(children=(self.controls, self.table))
        self.add_class("wsn-panel")
        self._refresh()
        self.following = Following(session, self._refresh, self._failed, self._ended, self._turned)
        """The tick."""

    def __repr__(self) -> str:
        return f"<Panel of {self.controls.name}: {self.controls.state}, {self.frames:,} frames>"

    @property
    def frames(self) -> int:
        """Frames of the session in its log, those of all its attempts, which the table shows."""
        self._counts.refresh()
        return self._counts[self.session.name]

    def _display_(self) -> Any:
        """Return what marimo shows, which asks for this first: single widgets are live there, a box of them is not."""
        import marimo  # who calls this has it

        return marimo.vstack(self.children)

    def _page(self) -> Page:
        return page_of(self.session, self.frames, self.table.strip.svg())

    def close(self) -> None:
        """Remove the panel from every page and stop its refresh; the session stays open."""
        self.following.stop()
        self._forget()
        self.controls.close()
        self.table.close()
        super().close()

    def _forget(self) -> None:
        """Remove the panel from the registry, so that the session gets a new one when it is shown again."""
        for session in [session for session, panel in _panels.items() if panel is self]:
            del _panels[session]

    def _refresh(self) -> None:
        now = self._clock()
        self.controls.refresh(now)
        self.table.refresh()
        if now >= self._still_due:
            self._still_due = now + STILL_SECONDS
            self._still.update()

    def _turned(self, session: ClientWebSocketSession) -> None:
        if _panels.get(self.session) is self:
            _panels[session] = self
        self.session = session
        self.controls.turn_to(session)

    def _ended(self) -> None:
        self.table.invalidate()  # frames that were still queued are marked unsent now
        self._still.update()

    def _failed(self, error: BaseException) -> None:
        self._forget()
        self.controls.report(f"this panel no longer follows the session: {sentence_of(error)} Show it again.")

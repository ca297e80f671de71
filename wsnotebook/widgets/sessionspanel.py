"""SessionsPanel: the panels of several sessions, with a tab for each; and of all, where they share one log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ipywidgets

from wsnotebook.widgets.framecounts import FrameCounts
from wsnotebook.widgets.logtable import log_table_for
from wsnotebook.widgets.panel import Panel, panel_for
from wsnotebook.widgets.static import Page, page_of
from wsnotebook.widgets.still import STILL_SECONDS, Still, StillView
from wsnotebook.widgets.tabs import ALL, Tab, Tabs

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["SessionsPanel"]


class SessionsPanel(StillView, ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """Tabs above the panel of the session that is chosen, which is the panel that the session shows itself.

    Where all of them share a log, as by ``connect(…, log=log)``, the first tab is that log, on one axis of time.

    Args:
        sessions: at least one, of different names.
        clock: seconds, never jumping back.

    Raises:
        ValueError: there is none, or two have one name.
    """

    def __init__(
        self, sessions: Sequence[ClientWebSocketSession], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        names = [session.name for session in sessions]
        if not names:
            raise ValueError("there is no session: panel() without one is a form that opens it")
        if len(set(names)) < len(names):
            raise ValueError(f"two sessions have one name, of {', '.join(names)}: connect(…, name=…) sets it")
        self.panels: dict[str, Panel] = {session.name: panel_for(session) for session in sessions}
        """By name of the session."""
        self._log = sessions[0].log
        self._counts = FrameCounts(self._log)
        self._logs = {session.log for session in sessions}
        self._end = self._end_of_logs()
        is_shared = len(names) > 1 and all(session.log is self._log for session in sessions)
        self.tabs = Tabs("sessions", "All" if is_shared else "")
        self.tabs.chosen = ALL if is_shared else names[0]
        self._clock = clock
        self._still = Still(self._page)
        self._still_due = 0.0
        self.tabs.set_trait("still", self._still.name)
        super().__init__()
        self._choose()
        self._refresh()
        self.tabs.observe(lambda _: self._choose(), "chosen")
        for panel in self.panels.values():
            panel.controls.observe(lambda _: self._refresh(), "state")
            panel.table.observe(lambda _: self._grown(), "span")

    def __repr__(self) -> str:
        return f"<SessionsPanel of {', '.join(self.panels)}>"

    def _choose(self) -> None:
        """Show the panel of the tab that is chosen."""
        shown = self.panels.get(self.tabs.chosen)
        self.children = (self.tabs, log_table_for(self._log) if shown is None else shown)

    def _grown(self) -> None:
        # Once for all panels of a log, of which each tells it.
        if self._end != (end := self._end_of_logs()):
            self._end = end
            self._refresh()

    def _end_of_logs(self) -> int:
        return sum(log.end for log in self._logs)

    def _refresh(self) -> None:
        tabs = [Tab(name, panel.controls.state, panel.frames) for name, panel in self.panels.items()]
        self._counts.refresh()
        self.tabs.show(tabs, self._counts.total())
        now = self._clock()
        if now >= self._still_due or all(tab.state == "closed" for tab in tabs):
            self._still_due = now + STILL_SECONDS
            self._still.update()

    def _page(self) -> Page:
        pages = [
            page_of(panel.session, panel.frames, panel.table.strip.svg()) for panel in self.panels.values()
        ]
        return Page("\n\n".join(page.plain for page in pages), "".join(page.html for page in pages))

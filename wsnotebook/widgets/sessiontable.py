"""SessionTable: the table of a log that several sessions share, with a tab for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ipywidgets

from wsnotebook.filtering import sessions_of, with_sessions
from wsnotebook.widgets.framecounts import FrameCounts
from wsnotebook.widgets.table import FrameTable
from wsnotebook.widgets.tabs import ALL, Tab, Tabs

__all__ = ["SessionTable"]


class SessionTable(ipywidgets.VBox):  # type: ignore[misc]  # ships no types
    """Tabs above a table. A tab is a ``session:`` term of the table's filter: who chooses one sees it there, and can change it.

    Args:
        table: of the log.
        label: what the tabs are of.
        listed: returns name and state of each session that has a tab, oldest first.
        names_of: returns the names in the log that the tab of a name shows; without it that name alone.
    """

    def __init__(
        self,
        table: FrameTable,
        label: str,
        listed: Callable[[], Iterable[tuple[str, str]]],
        names_of: Callable[[str], Sequence[str]] = lambda name: (name,),
    ) -> None:
        self.table = table
        self.tabs = Tabs(label, "All")
        self._listed = listed
        self._names_of = names_of
        self._counts = FrameCounts(table.log)
        self._is_following = False  # the tab is chosen after the filter, which is not to be changed then
        super().__init__(children=(self.tabs, table))
        self.tabs.observe(lambda _: self.apply(), "chosen")
        table.observe(self._follow, "query")

    def __repr__(self) -> str:
        return f"<SessionTable: {self.tabs!r}>"

    def refresh(self) -> None:
        """Bring tabs and table up to date."""
        self._counts.refresh()
        frames = self._counts
        self.tabs.show((Tab(name, state, frames[name]) for name, state in self._listed()), frames.total())
        self.table.refresh()

    def apply(self) -> None:
        """Let the filter be that of the tab that is chosen; its other terms stay."""
        if not self._is_following:
            chosen = self.tabs.chosen
            names = () if chosen == ALL else self._names_of(chosen)
            self.table.query = with_sessions(self.table.query, names)

    def _follow(self, change: dict[str, Any]) -> None:
        """Choose the tab that shows what a filter that was typed asks for; none where there is no such tab."""
        names = sessions_of(change["new"])
        is_of_one = names != () and names == tuple(self._names_of(names[0]))
        self._is_following = True
        try:
            self.tabs.chosen = names[0] if is_of_one else " ".join(names)
        finally:
            self._is_following = False

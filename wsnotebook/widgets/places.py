"""Places: which row stands at which place of a table, of all rows of a log or of those that a filter matches.

Without a filter the place of a row is its ``seq``; with one it is its position among the matches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wsnotebook.filtering import Filter, Search, parse_filter
from wsnotebook.filtering.conditions import OfConnection
from wsnotebook.filtering.filter import Clause
from wsnotebook.widgets.row import Row, rows_at, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wsnotebook.files.framelog import FrameLog

__all__ = ["Places"]

KEPT_SEARCHES = 4  # in all views together; each costs 8 bytes a match. A fifth replaces the least recent one


class Places:
    """The searches of a table.

    Args:
        log: the log that it shows.
        connection: session name and attempt of the connection whose rows it shows; None for all.
    """

    def __init__(self, log: FrameLog, connection: tuple[str, int] | None) -> None:
        self._log = log
        self._connection = connection
        self._searches: dict[str, Search] = {}  # by the text of the filter, the most recent last
        self._were_part = False  # whether their filters leave other connections out

    @property
    def is_part(self) -> bool:
        """Whether the log has other connections too, whose rows are not shown: then also the empty filter is searched for."""
        mine = self._connection
        return mine is not None and any(
            (each.session, each.attempt) != mine for each in self._log.connections
        )

    def filter_of(self, text: str) -> Filter:
        """Return the filter that a person typed, of the rows that are shown."""
        wanted = parse_filter(text)
        if self._connection is None or not self.is_part:
            return wanted
        return replace(wanted, columns=(Clause((OfConnection(*self._connection),)), *wanted.columns))

    def begin(self, text: str) -> Search:
        """Return the search for a filter, new or continued."""
        if self._were_part != self.is_part:
            self._were_part = self.is_part
            self._searches.clear()
        search = self._searches.pop(text, None) or Search(self._log, self.filter_of(text))
        self._searches[text] = search
        while len(self._searches) > KEPT_SEARCHES:
            del self._searches[next(each for each in self._searches if each)]
        return search

    def step(self, search: Search) -> bool:
        """Examine the next slice of rows for a search, and for the number of all; return whether rows are left."""
        more = search.step()
        return (self._all.step() or more) if self.is_part and search is not self._all else more

    @property
    def total(self) -> int:
        """Rows that are shown without a filter."""
        return self._all.end - self._all.first if self.is_part else len(self._log)

    @property
    def _all(self) -> Search:
        return self._searches.get("") or self.begin("")

    def forget_statuses(self) -> None:
        """Search anew for the status of rows, which has changed."""
        self._searches = {
            text: search for text, search in self._searches.items() if not search.filter.reads_status
        }

    def rows(self, start: int, stop: int, text: str | None) -> tuple[int, list[Row]]:
        """Return the place of the first available row from ``start`` on, and the rows to ``stop``.

        Args:
            start: place.
            stop: place.
            text: the filter; None for all rows.
        """
        if text is None:
            rows = list(rows_of(self._log, start, stop))
            return (rows[0].seq if rows else start), rows
        start, seqs = self._search_for(text).window(start, stop)
        rows = list(rows_at(self._log, seqs))
        return start + len(seqs) - len(rows), rows  # the oldest were dropped meanwhile

    def seqs(self, start: int, stop: int, text: str | None) -> Sequence[int]:
        """Return the ``seq`` of the rows at some places."""
        if text is None:
            return range(max(start, self._log.first), min(stop, self._log.end))
        return self._search_for(text).window(start, stop)[1]

    def _search_for(self, text: str) -> Search:
        search = self._searches.get(text)
        if search is None:
            raise ValueError("the log is being searched anew.")
        return search

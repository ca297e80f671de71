"""Places: which row stands at which place of a table, of all rows of a log or of those that a filter matches.

Without a filter the place of a row is its ``seq``; with one it is its position among the matches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from wsnotebook.filtering import Filter, Search, parse_filter
from wsnotebook.filtering.conditions import SessionIs
from wsnotebook.filtering.filter import Clause
from wsnotebook.widgets.row import Row, rows_at, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wsnotebook.files.framelog import FrameLog

__all__ = ["Match", "Places"]

KEPT_SEARCHES = 4  # in all views together; each costs 8 bytes a match. A fifth replaces the least recent one


class Match(NamedTuple):
    """A row that a filter matches."""

    place: int
    """Where it stands in the table."""
    number: int
    """Which of the matches it is, from 1."""
    total: int
    """Matches so far."""


class Places:
    """The searches of a table.

    Args:
        log: the log that it shows.
        session: name of the session whose rows it shows, all its attempts; None for all.
    """

    def __init__(self, log: FrameLog, session: str | None) -> None:
        self._log = log
        self._session = session
        self._searches: dict[str, Search] = {}  # by the text of the filter, the most recent last
        self._were_part = False  # whether their filters leave other connections out

    @property
    def is_part(self) -> bool:
        """Whether the log has other connections too, whose rows are not shown: then also the empty filter is searched for."""
        mine = self._session
        return mine is not None and any(each.session != mine for each in self._log.connections)

    def filter_of(self, text: str) -> Filter:
        """Return the filter that a person typed, of the rows that are shown."""
        wanted = parse_filter(text)
        if self._session is None or not self.is_part:
            return wanted
        return replace(wanted, columns=(Clause((SessionIs(self._session),)), *wanted.columns))

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

    def matches_among(self, rows: Sequence[Row], text: str) -> list[int]:
        """Return the indices of those rows that a filter matches, as far as it was searched for; ``seq`` goes up."""
        search = self._searches.get(text)
        if search is None or not rows:
            return []
        start, stop = search.position_of(rows[0].seq), search.position_of(rows[-1].seq + 1)
        found = set(search.window(start, stop)[1])
        return [place for place, row in enumerate(rows) if row.seq in found]

    def place_from(self, seq: int, text: str | None) -> int:
        """Return the place of the first shown row with at least this ``seq``; of the last one where there is none."""
        if text is None:
            return seq
        search = self._search_for(text)
        if search.end == search.first:
            raise ValueError("there is no row to go to: the filter matches none.")
        return min(search.position_of(seq), search.end - 1)

    def match_beside(self, place: int, step: int, wanted: str, text: str | None) -> Match | None:
        """Return the next match of a filter after a place, or the previous one; after the last comes the first.

        Args:
            place: where a person is; before the first row, and after the last, is allowed.
            step: 1 for the next match, -1 for the previous one.
            wanted: the filter whose matches are walked over.
            text: the filter that places count in; None for all rows.
        """
        with self._log.lock:
            search = self._search_for(wanted)
            first, count = search.first, search.end - search.first
            if not count:
                return None
            seq = place if text is None else self._seq_near(place, self._search_for(text))
            position = search.position_of(seq + 1) if step > 0 else search.position_of(seq) - 1
            number = (position - first) % count
            (found,) = search.window(first + number, first + number + 1)[1]
            stands = found if text is None else self._search_for(text).position_of(found)
        return Match(stands, number + 1, count)

    def _seq_near(self, place: int, shown: Search) -> int:
        """Return the ``seq`` at a place among matches; before the first place one before all rows, after the last one after."""
        if place < shown.first:
            return self._log.first - 1
        return shown.window(place, place + 1)[1][0] if place < shown.end else self._log.end

    def _search_for(self, text: str) -> Search:
        search = self._searches.get(text)
        if search is None:
            raise ValueError("the log is being searched anew.")
        return search

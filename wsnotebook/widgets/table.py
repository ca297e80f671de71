"""FrameTable: a table in the browser that shows a window of a log.

The kernel sends the length of the log, and the page requests the rows that it shows. They are sent as binary buffers,
so that the cost does not grow with the rate of frames. Layout is in table.mjs, scrolling in viewport.mjs.
"""

from __future__ import annotations

import asyncio
import pathlib
import time
from array import array
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import traitlets

from wsnotebook.safetext import safe_text
from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.filter import Filter
from wsnotebook.widgets.inspector import describe, preview
from wsnotebook.widgets.row import Row, rows_at, rows_of
from wsnotebook.widgets.search import Search
from wsnotebook.widgets.timeline import Timeline
from wsnotebook.widgets.verbs import Answer, VerbWidget

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["FrameTable", "pack_rows"]

ANSWER_SECONDS = 0.1  # of a search between two reports of its progress
KEPT_SEARCHES = 4  # in all views together; each costs 8 bytes a match. A fifth replaces the least recent one
MOST_ROWS = 300  # in one answer; viewport.mjs requests no more. Higher than any screen, a few kB on the comm

_HERE = pathlib.Path(__file__).parent


class FrameTable(VerbWidget):
    """The frames of a log as a table that scrolls through millions of rows.

    Args:
        log: the log to show. Call ``refresh()`` when it may have grown.
        of_server: it is the log of a server, whose received frames are masked.
        clock: seconds, monotonic.
    """

    _esm = join_modules(_HERE / "table.mjs")
    _css = _HERE / "table.css"

    span = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)).tag(sync=True)
    """``seq`` of the oldest row of the log, and of the next row to be appended."""
    of_server = traitlets.Bool(False).tag(sync=True)
    """The log is a server's: received frames are masked, sent ones are not."""
    edition = traitlets.Int(0).tag(sync=True)
    """Increases when rows that the page shows may have changed."""
    event = traitlets.Tuple(
        traitlets.Float(), traitlets.Unicode(), traitlets.Int(), default_value=(0.0, "", 0)
    ).tag(sync=True)
    """The latest event: ms since 1970, its text, and the number of events."""

    def __init__(
        self, log: FrameLog, *, of_server: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(of_server=of_server)
        self._log = log
        self._clock = clock
        self._timeline = Timeline(log)
        self._searches: dict[str, Search] = {}  # by the text of the filter, the most recent last
        self._verbs.update(rows=self._verb_rows, inspect=self._verb_inspect, find=self._verb_find)
        self.refresh()

    def __repr__(self) -> str:
        return f"<FrameTable of {self.span[1] - self.span[0]:,} frames>"

    def refresh(self) -> None:
        """Send the current range of rows and the latest event to the page."""
        with self._log.lock:
            self.span = (self._log.first, self._log.end)
            self._timeline.update()
        if (latest := self._timeline.latest) is not None:
            self.event = (latest.time_ns / 1e6, self._timeline.text_of(latest), self._timeline.count)

    def invalidate(self) -> None:
        """Make the page request its rows again, after the status of rows has changed, for example to ``unsent``."""
        self._searches = {
            text: search for text, search in self._searches.items() if not search.filter.statuses
        }
        self.edition += 1

    def _verb_rows(self, content: dict[str, Any]) -> Answer:
        """Return the rows ``start`` to ``stop``: by ``seq``, or by position among the matches of ``filter``."""
        start = int(content["start"])
        stop = min(int(content["stop"]), start + MOST_ROWS)
        if text := content.get("filter"):
            start, seqs = self._search_for(text).window(start, stop)
            rows = list(rows_at(self._log, seqs))
            start += len(seqs) - len(rows)  # the oldest were dropped meanwhile
        else:
            rows = list(rows_of(self._log, start, stop))
            start = rows[0].seq if rows else start
        self._timeline.update()
        marks = ((place, self._timeline.mark(row.seq)) for place, row in enumerate(rows))
        events = [[place, mark.label, mark.title] for place, mark in marks if mark is not None]
        return {"start": start, "stop": start + len(rows), "events": events}, pack_rows(rows)

    def _verb_inspect(self, content: dict[str, Any]) -> Answer:
        seq = int(content["seq"])
        if text := content.get("filter"):
            _, seqs = self._search_for(text).window(seq, seq + 1)
            if not seqs:
                raise ValueError("this frame is not in the log any more.")
            seq = seqs[0]
        self._timeline.update()
        return describe(self._log, seq, before=self._timeline.texts_before(seq)), ()

    def _verb_find(self, content: dict[str, Any]) -> Answer | Future[Answer]:
        """Search for the rows that ``filter`` matches and return the progress; the page repeats the request until the end."""
        text = str(content["filter"])
        wanted = Filter.parse(text)
        if self._loop is None or self._loop.is_closed():
            search = self._begin(text, wanted)
            return self._progress(search, search.step()), ()
        return asyncio.run_coroutine_threadsafe(self._find(text, wanted), self._loop)

    async def _find(self, text: str, wanted: Filter) -> Answer:
        search = self._begin(text, wanted)
        stop = self._clock() + ANSWER_SECONDS
        more = search.step()
        while more and self._clock() < stop:
            await asyncio.sleep(0)  # other tasks run between two steps
            more = search.step()
        return self._progress(search, more), ()

    def _begin(self, text: str, wanted: Filter) -> Search:
        """Return the search for a filter, new or continued."""
        search = self._searches.pop(text, None) or Search(self._log, wanted)
        self._searches[text] = search
        while len(self._searches) > KEPT_SEARCHES:
            del self._searches[next(iter(self._searches))]
        return search

    def _search_for(self, text: str) -> Search:
        search = self._searches.get(text)
        if search is None:
            raise ValueError("the log is being searched anew.")
        return search

    def _progress(self, search: Search, more: bool) -> dict[str, Any]:
        span = {"first": search.first, "end": search.end}
        return {**span, "looked": search.looked, "of": len(self._log), "more": more}


def pack_rows(rows: Iterable[Row]) -> list[bytes]:
    """Pack the columns of the table for some rows into four buffers, little-endian.

    Returns:
        numbers, three float64 a row (seq, time in ms since 1970, payload bytes); codes, three uint8 a row (first byte
        on the wire, Flag bits, 1 if sent); ends, two uint32 a row (where preview and detail end in the text); text,
        UTF-8.
    """
    numbers, codes, ends, text = array("d"), array("B"), array("I"), bytearray()
    for row in rows:
        numbers.extend((row.seq, row.time_ns / 1e6, len(row.payload)))
        codes.extend((row.head, row.flags, row.is_sent))
        for part in (preview(row), safe_text(row.detail)):
            text += part.encode()
            ends.append(len(text))
    return [numbers.tobytes(), codes.tobytes(), ends.tobytes(), bytes(text)]

"""FrameTable: a window over a log, in the browser.

The page is told a length and asks for the rows it shows; they travel as binary buffers, so that the feed's
rate does not matter. Scrolling, following and the inspector's layout are in table.mjs.
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
from wsnotebook.widgets.filter import Filter
from wsnotebook.widgets.inspector import describe, preview
from wsnotebook.widgets.row import Row, rows_at, rows_of
from wsnotebook.widgets.search import Search
from wsnotebook.widgets.timeline import Timeline
from wsnotebook.widgets.verbs import Answer, VerbWidget

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["FrameTable", "pack_rows"]

ANSWER_SECONDS = 0.1  # that a search may go on before it says how far it is
KEPT_SEARCHES = 4  # at once, of all views; each costs 8 bytes a match. A fifth begins the oldest one anew
MOST_ROWS = 300  # in one answer; table.mjs asks for no more. Higher than any screen, a few kB on the comm

_HERE = pathlib.Path(__file__).parent


class FrameTable(VerbWidget):
    """The frames of a log as a table that scrolls through millions of rows.

    Args:
        log: what to show. Call ``tell()`` when it may have grown.
        of_server: it is a server's log, and masked are the frames that came.
        clock: seconds, never jumping back.
    """

    _esm = _HERE / "table.mjs"
    _css = _HERE / "table.css"

    span = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)).tag(sync=True)
    """``seq`` of the oldest row of the log and of the next one to come, as last told to the page."""
    of_server = traitlets.Bool(False).tag(sync=True)
    """The log is a server's: what came is masked, what was sent is not."""
    edition = traitlets.Int(0).tag(sync=True)
    """Goes up when rows that were shown may have changed."""
    event = traitlets.Tuple(
        traitlets.Float(), traitlets.Unicode(), traitlets.Int(), default_value=(0.0, "", 0)
    ).tag(sync=True)
    """The latest event: ms since 1970 and its text; then how many there are in all."""

    def __init__(
        self, log: FrameLog, *, of_server: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(of_server=of_server)
        self._log = log
        self._clock = clock
        self._timeline = Timeline(log)
        self._searches: dict[str, Search] = {}  # by what was typed, the one last asked for at the end
        self._verbs.update(rows=self._verb_rows, inspect=self._verb_inspect, find=self._verb_find)
        self.tell()

    def __repr__(self) -> str:
        return f"<FrameTable of {self.span[1] - self.span[0]:,} frames>"

    def tell(self) -> None:
        """Tell the page which rows and events the log has now."""
        with self._log.lock:
            self.span = (self._log.first, self._log.end)
            self._timeline.update()
        if (latest := self._timeline.latest) is not None:
            self.event = (latest.time_ns / 1e6, self._timeline.text_of(latest), self._timeline.count)

    def tell_changed(self) -> None:
        """Make the page ask again for what it shows: rows got another status, as frames do that were never sent."""
        self._searches = {
            text: search for text, search in self._searches.items() if not search.filter.statuses
        }
        self.edition += 1

    def _verb_rows(self, content: dict[str, Any]) -> Answer:
        """Give the rows ``start`` to ``stop``: by ``seq``, or by their position among the matches of ``filter``."""
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
        """Look for what ``filter`` matches and say how far that is; the page asks again until all is looked at."""
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
            await asyncio.sleep(0)  # between two steps the loop is for others
            more = search.step()
        return self._progress(search, more), ()

    def _begin(self, text: str, wanted: Filter) -> Search:
        """Return the search for what was typed, begun or gone on with."""
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
    """Pack what the table shows of some rows into four buffers, little-endian.

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

"""Timeline: the position of each event among the rows of a log, so that a row can show the events before it.

An event is placed once, when a later row is appended; a lookup is one bisection, whatever the number of events.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wsnotebook.log.events import Event
from wsnotebook.safetext import safe_text

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.rows import Array

__all__ = ["UNMARKED", "Mark", "Timeline"]

UNMARKED = frozenset(
    {"connecting", "handshake", "open", "closing", "journal on", "journal off", "loop watched", "loop late"}
)
"""Kinds without a mark: every session has the first ones, close frames are rows, a journal is started by a person, and
a loop that comes late is no news to whoever looks at the frames."""
_SILENT = frozenset({"loop watched", "loop late"})  # never the event that is shown as the last one
MARK_TEXTS = 3  # events whose texts are in a mark, which is sent with each window that has its row
FACT_TEXTS = 20  # the same for the facts of one frame
TEXT_LENGTH = 160  # characters of one event's text


class Mark(NamedTuple):
    """The events before a row, as the table shows them."""

    label: str
    """Kind of the last event, and the number of others."""
    title: str
    """Texts of the last events, a line each."""


class _Placed:
    """Events with a later row, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.seqs = array("q")  # of the row after each, going up

    def add(self, events: list[Event], seqs: Array) -> None:
        # A thread may note an event a moment after it read the clock; bisection needs ascending places.
        ordered = np.maximum(seqs, self.seqs[-1]) if self.seqs else seqs
        self.events += events
        self.seqs.extend(ordered.tolist())

    def span(self, seq: int) -> range:
        """Return the places of the events before a row."""
        return range(bisect_left(self.seqs, seq), bisect_right(self.seqs, seq))


class Timeline:
    """The events of a log, each before the first row that was recorded after it.

    Args:
        log: the log with the events and rows. Call ``update()`` when it may have grown.
    """

    def __init__(self, log: FrameLog) -> None:
        self._log = log
        self._placed = _Placed()
        self._marked = _Placed()  # those of them with a mark
        self._waiting: list[Event] = []  # for a later row
        self._looked = 0  # seq of the first row that no event is placed before yet
        self._sessions: set[str] = set()
        self.count = 0
        """Events so far."""
        self.latest: Event | None = None
        """The last event."""

    def update(self) -> None:
        """Read the events and rows that were appended since the last call."""
        with self._log.lock:
            new = self._log.events_since(self.count)
            self._waiting += new
            self._sessions.update(event.session for event in new if event.session)
            self.count += len(new)
            self.latest = next((event for event in reversed(new) if event.kind not in _SILENT), self.latest)
            end = self._log.end
            if self._waiting and self._looked < end:
                self._place(end)
            self._looked = end

    def mark(self, seq: int) -> Mark | None:
        """Return the mark of a row; None where no event to show is before it."""
        with self._log.lock:
            span = self._marked.span(seq)
            if not span:
                return None
            kind = safe_text(self._marked.events[span[-1]].kind)
            label = kind if len(span) == 1 else f"{kind} +{len(span) - 1:,}"
            return Mark(label, "\n".join(self._texts(self._marked, span, MARK_TEXTS)))

    def texts_before(self, seq: int) -> list[str]:
        """Return the texts of the events before a row, of every kind; a last line has the number of omitted ones."""
        with self._log.lock:
            return self._texts(self._placed, self._placed.span(seq), FACT_TEXTS)

    def text_of(self, event: Event) -> str:
        """Return an event in one escaped line, with its session if the log has several."""
        session = f", {event.session}" if event.session and len(self._sessions) > 1 else ""
        line = safe_text(f"{event.kind}{session}" + (f": {event.detail}" if event.detail else ""))
        return line if len(line) <= TEXT_LENGTH else line[: TEXT_LENGTH - 1] + "…"

    def _texts(self, placed: _Placed, span: range, most: int) -> list[str]:
        shown = [self.text_of(placed.events[place]) for place in span[-most:]]
        left_out = len(span) - len(shown)
        return [*shown, f"and {left_out:,} earlier: see log.events"] if left_out else shown

    def _place(self, end: int) -> None:
        """Place the waiting events that are followed by a row before ``end``."""
        self._waiting.sort(key=attrgetter("monotonic_ns"))
        times = np.array([event.monotonic_ns for event in self._waiting], np.int64)
        done = 0
        for rows in self._log.rows(self._looked, end):
            stop = int(times.searchsorted(rows.monotonics[-1], side="right"))
            if stop > done:
                starts = rows.first + rows.counts.cumsum() - rows.counts
                seqs = starts[rows.monotonics.searchsorted(times[done:stop])]
                self._add(self._waiting[done:stop], seqs)
                done = stop
            if done == len(times):
                break
        del self._waiting[:done]

    def _add(self, events: list[Event], seqs: Array) -> None:
        self._placed.add(events, seqs)
        marked = [place for place, event in enumerate(events) if event.kind not in UNMARKED]
        if marked:
            self._marked.add([events[place] for place in marked], seqs[marked])

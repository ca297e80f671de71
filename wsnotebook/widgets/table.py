"""FrameTable: a table in the browser that shows a window of a log, or of the rows that a filter matches.

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

from wsnotebook.filtering import LANGUAGE, Search, filter_log, parse_filter, take_rows
from wsnotebook.log.code import connection_of
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.copying import FORMATS, copied
from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.highlight import highlight_of
from wsnotebook.widgets.inspector import describe, part_of, preview
from wsnotebook.widgets.places import Places
from wsnotebook.widgets.row import Row, rows_at
from wsnotebook.widgets.timeline import Timeline
from wsnotebook.widgets.verbs import Answer, VerbWidget

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.connections import Connection

__all__ = ["COLUMNS", "FrameTable", "pack_rows"]

ANSWER_SECONDS = 0.1  # of a search between two reports of its progress
MOST_ROWS = 300  # in one answer; viewport.mjs requests no more. Higher than any screen, a few kB on the comm
MOST_SELECTED = 100_000  # by one gesture: the selection is a trait, and each number costs 7 bytes on the comm
SAMPLES = 256  # times of rows that a page knows beforehand: one for each few px of a scroll bar

COLUMNS = (
    "seq", "time", "delta", "since", "session", "direction", "type", "bits", "status", "size", "wire", "ratio", "payload",
)  # fmt: skip
"""Columns that a table can show; columns.mjs has their titles."""
SHOWN = ("seq", "time", "direction", "type", "size", "payload")
"""Columns that it shows at first."""

_HERE = pathlib.Path(__file__).parent


class FrameTable(VerbWidget):
    """The frames of a log as a table that scrolls through millions of rows.

    Args:
        log: the log to show. Call ``refresh()`` when it may have grown.
        of_server: it is the log of a server, whose received frames are masked.
        connection: session name and attempt of the one connection whose rows are shown; None for all.
        clock: seconds, monotonic.
    """

    _esm = join_modules(_HERE / "table.mjs")
    _css = _HERE / "table.css"

    span = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)).tag(sync=True)
    """``seq`` of the oldest row of the log, and of the next row to be appended."""
    of_server = traitlets.Bool(False, allow_none=True).tag(sync=True)
    """The log is a server's: received frames are masked, sent ones are not. None: masks are not known, nor marked."""
    placeholder = traitlets.Unicode(
        "No frames yet. Type something above and press Send, or wait for the peer."
    ).tag(sync=True)
    """What the table says while the log is empty."""
    edition = traitlets.Int(0).tag(sync=True)
    """Increases when rows that the page shows may have changed."""
    event = traitlets.Tuple(
        traitlets.Float(), traitlets.Unicode(), traitlets.Int(), default_value=(0.0, "", 0)
    ).tag(sync=True)
    """The latest event: ms since 1970, its text, and the number of events."""
    sessions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Session and attempt of each connection, in the order of the log; shown as a column where they differ."""
    is_part = traitlets.Bool(False).tag(sync=True)
    """The log has rows of other connections too, which are not shown."""
    query = traitlets.Unicode("").tag(sync=True)
    """The filter of the rows; wsnotebook.filtering.LANGUAGE explains it. A wrong one raises TraitError, and is not set."""
    line = traitlets.Unicode("df").tag(sync=True)
    """The line of pandas that gives the rows of ``query`` from ``log.df``. Read only."""
    highlight = traitlets.Unicode("").tag(sync=True)
    """JavaScript regular expression of the texts that ``query`` looks for. Read only."""
    columns = traitlets.List(traitlets.Enum(COLUMNS), default_value=list(SHOWN)).tag(sync=True)
    """Names of the columns, in order, out of COLUMNS; where there are several sessions, ``session`` is added."""
    selection = traitlets.List(traitlets.Int()).tag(sync=True)
    """``seq`` of the selected rows."""
    formats = traitlets.List(traitlets.Unicode(), default_value=list(FORMATS)).tag(sync=True)
    """Forms in which rows can be copied. Read only."""
    language = traitlets.Unicode(LANGUAGE).tag(sync=True)
    """Help text of the filter. Read only."""

    def __init__(
        self,
        log: FrameLog,
        *,
        of_server: bool = False,
        connection: tuple[str, int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(of_server=of_server)
        self._log = log
        self._clock = clock
        self._timeline = Timeline(log)
        self._places = Places(log, connection)
        self._verbs.update(
            rows=self._verb_rows,
            inspect=self._verb_inspect,
            query=self._verb_query,
            find=self._verb_find,
            select=self._verb_select,
            times=self._verb_times,
            part=self._verb_part,
            payload=self._verb_payload,
            copy=self._verb_copy,
        )
        self.refresh()

    def __repr__(self) -> str:
        return f"<FrameTable of {self.span[1] - self.span[0]:,} frames>"

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows that ``query`` matches, as ``log.df`` has them."""
        return filter_log(self._log, self._places.filter_of(self.query))

    @property
    def selected(self) -> pd.DataFrame:
        """The rows of ``selection``, as ``log.df`` has them."""
        return take_rows(self._log, self.selection)

    def refresh(self) -> None:
        """Send the current range of rows and the latest event to the page."""
        with self._log.lock, self.hold_sync():
            self.sessions = [_label(each) for each in self._log.connections]
            if self._places.is_part != self.is_part:
                self.is_part = self._places.is_part
                self._show_line()
            self.span = (self._log.first, self._log.end)
            self._timeline.update()
        if (latest := self._timeline.latest) is not None:
            self.event = (latest.time_ns / 1e6, self._timeline.text_of(latest), self._timeline.count)

    def invalidate(self) -> None:
        """Make the page request its rows again, after the status of rows has changed, for example to ``unsent``."""
        self._places.forget_statuses()
        self.edition += 1

    @traitlets.validate("query")  # type: ignore[untyped-decorator]  # ships no types
    def _check_query(self, proposal: dict[str, Any]) -> str:
        try:
            parse_filter(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from error
        return str(proposal["value"])

    @traitlets.observe("query")  # type: ignore[untyped-decorator]  # ships no types
    def _show_line(self, change: object = None) -> None:
        wanted = self._places.filter_of(self.query)
        self.line = safe_text(wanted.line)
        self.highlight = highlight_of(wanted)

    def _verb_query(self, content: dict[str, Any]) -> Answer:
        """Make ``filter`` the filter of the table."""
        text = str(content["filter"])
        parse_filter(text)  # in this thread: its error is the answer
        self.in_owner(self.set_trait, "query", text)
        return {}, ()

    def _verb_rows(self, content: dict[str, Any]) -> Answer:
        """Return the rows ``start`` to ``stop``: by ``seq``, or by position among the matches of ``filter``."""
        start = int(content["start"])
        stop = min(int(content["stop"]), start + MOST_ROWS)
        start, rows = self._places.rows(start, stop, content.get("filter"))
        self._timeline.update()
        marks = ((place, self._timeline.mark(row.seq)) for place, row in enumerate(rows))
        events = [[place, mark.label, mark.title] for place, mark in marks if mark is not None]
        return {"start": start, "stop": start + len(rows), "events": events}, pack_rows(rows)

    def _verb_inspect(self, content: dict[str, Any]) -> Answer:
        place = int(content["place"])
        seqs = self._places.seqs(place, place + 1, content.get("filter"))
        if not seqs:
            raise ValueError("this frame is not in the log any more.")
        self._timeline.update()
        return describe(self._log, seqs[0], before=self._timeline.texts_before(seqs[0])), ()

    def _verb_select(self, content: dict[str, Any]) -> Answer:
        """Select the rows of some ``ranges`` of places, [start, stop]; return how many, and how far two are apart."""
        ranges = [(int(start), int(stop)) for start, stop in content["ranges"]]
        if (count := sum(stop - start for start, stop in ranges)) > MOST_SELECTED:
            raise ValueError(
                f"{count:,} rows are too many to select: at most {MOST_SELECTED:,}. Filter them, and use table.filtered."
            )
        filter_text = content.get("filter")
        found = {seq for start, stop in ranges for seq in self._places.seqs(start, stop, filter_text)}
        seqs = sorted(found)
        self.in_owner(self.set_trait, "selection", seqs)
        times = [row.time_ns for row in rows_at(self._log, seqs)] if len(seqs) == 2 else []
        return {"count": len(seqs), "apart": (times[1] - times[0]) / 1e6 if len(times) == 2 else None}, ()

    def _verb_part(self, content: dict[str, Any]) -> Answer:
        """Return a view of the frame ``seq`` from a byte of its payload on."""
        view = part_of(self._log, int(content["seq"]), str(content["view"]), int(content["start"]))
        return {"view": view.to_dict()}, ()

    def _verb_payload(self, content: dict[str, Any]) -> Answer:
        """Return the whole payload of the frame ``seq``, to be saved as a file."""
        return {}, [bytes(self._log.frame(int(content["seq"])).data)]

    def _verb_copy(self, content: dict[str, Any]) -> Answer:
        """Return the selected rows as text, in the ``format`` of copying.py."""
        return {"text": copied(rows_at(self._log, self.selection), str(content["format"]))}, ()

    def _verb_times(self, content: dict[str, Any]) -> Answer:
        """Return the times of rows spread evenly over the log: for each a ``seq`` and ms since 1970, as float64."""
        first, end = self._log.first, self._log.end
        step = max(1, (end - first) // SAMPLES)
        samples = array("d")
        for row in rows_at(self._log, range(first, end, step)):
            samples.extend((row.seq, row.time_ns / 1e6))
        return {}, [samples.tobytes()]

    def _verb_find(self, content: dict[str, Any]) -> Answer | Future[Answer]:
        """Search for the rows that ``filter`` matches and return the progress; the page repeats the request until the end."""
        text = str(content["filter"])
        parse_filter(text)  # as in query
        if self._loop is None or self._loop.is_closed():
            search = self._places.begin(text)
            return self._progress(search, self._places.step(search)), ()
        return asyncio.run_coroutine_threadsafe(self._find(text), self._loop)

    async def _find(self, text: str) -> Answer:
        search = self._places.begin(text)
        stop = self._clock() + ANSWER_SECONDS
        more = self._places.step(search)
        while more and self._clock() < stop:
            await asyncio.sleep(0)  # other tasks run between two steps
            more = self._places.step(search)
        return self._progress(search, more), ()

    def _progress(self, search: Search, more: bool) -> dict[str, Any]:
        span = {"first": search.first, "end": search.end}
        return {**span, "looked": search.looked, "of": self._places.total, "more": more}


def _label(connection: Connection) -> str:
    return safe_text(connection.session + (f" #{connection.attempt}" if connection.attempt else ""))


def pack_rows(rows: Iterable[Row]) -> list[bytes]:
    """Pack the columns of the table for some rows into four buffers, little-endian.

    Returns:
        numbers, five float64 a row (seq, time in ms since 1970, payload bytes, payload bytes on the wire, number of the
        connection); codes, three uint8 a row (first byte on the wire, Flag bits, 1 if sent); ends, two uint32 a row
        (where preview and detail end in the text); text, UTF-8.
    """
    numbers, codes, ends, text = array("d"), array("B"), array("I"), bytearray()
    for row in rows:
        numbers.extend(
            (row.seq, row.time_ns / 1e6, len(row.payload), row.wire_length, connection_of(row.code))
        )
        codes.extend((row.head, row.flags, row.is_sent))
        for part in (preview(row), safe_text(row.detail)):
            text += part.encode()
            ends.append(len(text))
    return [numbers.tobytes(), codes.tobytes(), ends.tobytes(), bytes(text)]

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
from functools import partial
from math import nan
from typing import TYPE_CHECKING, Any

import traitlets

from wsnotebook.filtering import LANGUAGE, Search, filter_log, parse_filter, take_rows
from wsnotebook.log.code import connection_of
from wsnotebook.log.restore import NO_TIME
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.copying import FORMATS, copied, lack_of
from wsnotebook.widgets.decodedtypes import DecodedTypes
from wsnotebook.widgets.differenceview import describe_difference
from wsnotebook.widgets.esm import join_modules, join_styles
from wsnotebook.widgets.extracells import extra_cells
from wsnotebook.widgets.folding import folded_rows, whole_messages
from wsnotebook.widgets.frameverbs import FrameVerbs
from wsnotebook.widgets.goto import seq_at
from wsnotebook.widgets.growth import Growth
from wsnotebook.widgets.highlight import highlight_of
from wsnotebook.widgets.inspector import preview
from wsnotebook.widgets.places import Places
from wsnotebook.widgets.row import Row, is_of_server, milliseconds, ns_between, rows_at
from wsnotebook.widgets.strip import Strip, range_of
from wsnotebook.widgets.tablelayout import chosen_layout, remember_layout
from wsnotebook.widgets.timeline import Timeline
from wsnotebook.widgets.verbs import Answer, VerbWidget, shown

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
    "seq", "time", "delta", "since", "session", "connection", "recording", "direction", "type", "bits", "mask", "key",
    "message", "decoded", "status", "size", "wire", "ratio", "payload",
)  # fmt: skip
"""Columns that a table can show; columns.mjs has their titles."""
SHOWN = ("seq", "time", "direction", "type", "size", "payload")
"""Columns that it shows at first."""

_HERE = pathlib.Path(__file__).parent


class FrameTable(VerbWidget):
    """The frames of a log as a table that scrolls through millions of rows.

    ``query``, ``only_matches``, ``columns``, ``widths``, ``selection`` and ``placeholder`` may be set; all other traits are
    read-only. ``filtered`` and ``selected`` are DataFrames. Where it is made in a loop, as by every cell, it follows the log. ``close()`` frees it.

    Example::

        table = FrameTable(session.log)
        table.query = "dir:in size>64k"
        table.filtered  # a DataFrame

    Args:
        log: the log to show.
        of_server: it is the log of a server, whose received frames are masked; None for what its first rows tell.
        session: name of the session whose rows are shown, all its attempts; None for all.
        again: sends the payload of a frame again, by its ``seq``, and returns the answer to the page; None where nothing
            can be sent.
        follows: refresh it when rows are appended; False where somebody else calls ``refresh``.
        clock: seconds, monotonic.
    """

    _esm = join_modules(_HERE / "table.mjs")
    _css = join_styles("base", "table")

    span = shown(traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)))
    """``seq`` of the oldest row of the log, and of the next row to be appended."""
    of_server = shown(traitlets.Bool(False, allow_none=True))
    """The log is a server's: received frames are masked, sent ones are not. None: masks are not known, nor marked."""
    placeholder = traitlets.Unicode("No frames yet: each is a row here once it is recorded.").tag(sync=True)
    """What the table says while the log is empty."""
    edition = shown(traitlets.Int(0))
    """Increases when rows that the page shows may have changed."""
    event = shown(
        traitlets.Tuple(
            traitlets.Float(allow_none=True), traitlets.Unicode(), traitlets.Int(), default_value=(0.0, "", 0)
        )
    )
    """The latest event: ms since 1970, None where its file does not say it, its text, and the number of events."""
    sessions = shown(traitlets.List(traitlets.Unicode()))
    """Session and attempt of each connection, in the order of the log; shown as a column where they differ."""
    is_part = shown(traitlets.Bool(False))
    """The log has rows of other connections too, which are not shown."""
    query = traitlets.Unicode("").tag(sync=True)
    """The filter of the rows; wsnotebook.filtering.LANGUAGE explains it. A wrong one raises TraitError, and is not set."""
    only_matches = traitlets.Bool(True).tag(sync=True)
    """Whether the other rows are hidden; False shows all rows, and marks those that ``query`` matches."""
    line = shown(traitlets.Unicode("df"))
    """The line of pandas that gives the rows of ``query`` from ``log.df``."""
    range = shown(traitlets.List(traitlets.Float(allow_none=True)))
    """Begin and end of the time that ``query`` is about, in ms since 1970, None for no bound; empty where it is about all."""
    highlight = shown(traitlets.Unicode(""))
    """JavaScript regular expression of the texts that ``query`` looks for."""
    columns = traitlets.List(traitlets.Enum(COLUMNS), default_value=list(SHOWN)).tag(sync=True)
    """Names of the columns, in order, out of COLUMNS; at first those that a person has chosen last in another table. Where there are several sessions, ``session`` is added."""
    widths = traitlets.Dict(per_key_traits={name: traitlets.Float(min=1) for name in COLUMNS}).tag(sync=True)
    """Widths in px that a person has chosen, by column; the others are as wide as their texts."""
    first_columns = shown(traitlets.List(traitlets.Unicode(), default_value=list(SHOWN)))
    """Columns of a new table."""
    decoded_to = shown(traitlets.Int(0))
    """``seq`` up to which the column ``decoded`` is known, as told last; the rest is read while the kernel has time."""
    selection = traitlets.List(traitlets.Int()).tag(sync=True)
    """``seq`` of the selected rows."""
    can_send = shown(traitlets.Bool(False))
    """Whether the inspector offers to send a frame again."""
    still = shown(traitlets.Unicode())
    """Class of the element with the text for pages without a kernel, which is hidden while the table is there."""
    formats = shown(traitlets.List(traitlets.Unicode(), default_value=list(FORMATS)))
    """Forms in which rows can be copied."""
    language = shown(traitlets.Unicode(LANGUAGE))
    """Help text of the filter."""

    def __init__(
        self,
        log: FrameLog,
        *,
        of_server: bool | None = None,
        session: str | None = None,
        again: Callable[[int], Answer | Future[Answer]] | None = None,
        follows: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(**chosen_layout())
        self.set_trait("of_server", of_server)
        self._log = log
        self._clock = clock
        self._timeline = Timeline(log)
        self._places = Places(log, session)
        self.strip = Strip(log, session)
        """The timeline above the rows."""
        self._decoded = DecodedTypes(log, self._loop, lambda seq: self.set_trait("decoded_to", seq), clock)
        self._frame_verbs = FrameVerbs(log, self._timeline)
        self._verbs.update(
            rows=self._verb_rows,
            inspect=self._verb_inspect,
            query=self._verb_query,
            find=self._verb_find,
            match=self._verb_match,
            goto=self._verb_goto,
            select=partial(self._in_turn, self._select),
            compare=partial(self._in_turn, self._compare),
            times=self._verb_times,
            bins=self.strip.bins,
            term=self.strip.term,
            part=self._frame_verbs.part,
            decoded=self._frame_verbs.decoded,
            payload=self._frame_verbs.payload,
            copy=partial(self._in_turn, self._copy),
        )
        if again is not None:
            self.set_trait("can_send", True)
            self._verbs["again"] = lambda content: again(int(content["seq"]))
        self.refresh()
        self._growth = Growth(log, self._loop, self._grown) if follows else None

    def __repr__(self) -> str:
        return f"<FrameTable of {self.span[1] - self.span[0]:,} frames>"

    @property
    def log(self) -> FrameLog:
        """The log that it shows."""
        return self._log

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page has changed, as ipywidgets calls it; the next table has the same columns and widths."""
        super().set_state(sync_data)
        remember_layout(self, sync_data)

    def close(self) -> None:
        """Remove the table from every page; the log stays."""
        if self._growth is not None:
            self._growth.stop()
        self._decoded.close()
        super().close()

    def _grown(self) -> None:
        self.refresh()

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
            if self.of_server is None:
                self.set_trait("of_server", is_of_server(self._log))
            self.set_trait("sessions", [_label(each) for each in self._log.connections])
            if self._places.is_part != self.is_part:
                self.set_trait("is_part", self._places.is_part)
                self._show_line()
            self.set_trait("span", (self._log.first, self._log.end))
            self._timeline.update()
        if (latest := self._timeline.latest) is not None:
            time_ms = None if latest.time_ns == NO_TIME else milliseconds(latest.time_ns)
            shown_event = (time_ms, self._timeline.text_of(latest), self._timeline.count)
            self.set_trait("event", shown_event)

    def invalidate(self) -> None:
        """Make the page request its rows again, after the status of rows has changed, for example to ``unsent``."""
        self._places.forget_statuses()
        self._decoded.forget()
        self.set_trait("edition", self.edition + 1)

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
        self.set_trait("line", safe_text(wanted.line))
        self.set_trait("range", range_of(wanted))
        self.set_trait("highlight", highlight_of(wanted))

    def _verb_query(self, content: dict[str, Any]) -> Answer:
        """Make ``filter`` the filter of the table."""
        text = str(content["filter"])
        parse_filter(text)  # in this thread: its error is the answer
        self.in_owner(self.set_trait, "query", text)
        return {}, ()

    def _verb_rows(self, content: dict[str, Any]) -> Answer:
        """Return the rows ``start`` to ``stop``: by ``seq``, or by position among the matches of ``filter``.

        The cells of ``decoded`` are None where they are not read yet. Those that ``find`` matches are told by their indices, and the texts of ``columns`` that need the log by name. With
        ``folds`` the first frame of each message stands for all of it, as folded_rows() tells.
        """
        start = int(content["start"])
        stop = min(int(content["stop"]), start + MOST_ROWS)
        start, rows = self._places.rows(start, stop, content.get("filter"))
        self._timeline.update()
        marks = ((place, self._timeline.mark(row.seq)) for place, row in enumerate(rows))
        events = [[place, mark.label, mark.title] for place, mark in marks if mark is not None]
        answer: dict[str, Any] = {"start": start, "stop": start + len(rows), "events": events}
        if wanted := content.get("find"):
            answer["matches"] = self._places.matches_among(rows, wanted)
        if content.get("folds"):
            answer["folded"] = folded_rows(self._log, rows)
        columns = content.get("columns", ())
        answer["cells"] = cells = extra_cells(self._log, rows, columns)
        if "decoded" in columns:
            cells["decoded"] = self._decoded.cells(rows, folds=bool(content.get("folds")))
        return answer, pack_rows(rows)

    def _verb_inspect(self, content: dict[str, Any]) -> Answer:
        place = int(content["place"])
        seqs = self._places.seqs(place, place + 1, content.get("filter"))
        if not seqs:
            raise ValueError("this frame is not in the log any more.")
        return self._frame_verbs.inspect(seqs[0])

    def _in_turn(self, verb: Callable[[dict[str, Any]], Answer], content: dict[str, Any]) -> Future[Answer]:
        """Run a verb of the selection in the owner: of two in a row the second reads what the first has set."""
        answer: Future[Answer] = Future()

        def run() -> None:
            try:
                answer.set_result(verb(content))
            except Exception as error:  # noqa: BLE001 - it is the answer
                answer.set_exception(error)

        self.in_owner(run)
        return answer

    def _select(self, content: dict[str, Any]) -> Answer:
        """Select the rows at the places ``start`` to ``stop``, or with ``toggles`` one more or less of them; return how many are selected.

        Of two, also how far they are apart in ms, and by how many bytes the later payload is longer.
        """
        start, stop = int(content["start"]), int(content["stop"])
        if (count := stop - start) > MOST_SELECTED:
            raise ValueError(
                f"{count:,} rows are too many to select: at most {MOST_SELECTED:,}. Filter them, and use table.filtered."
            )
        found = set(self._places.seqs(start, stop, content.get("filter")))
        seqs = sorted(found ^ set(self.selection) if content.get("toggles") else found)
        self.set_trait("selection", seqs)
        if len(seqs) != 2 or len(rows := list(rows_at(self._log, seqs))) != 2:
            return {"count": len(seqs), "apart": None, "longer": None}, ()
        apart_ns, longer = ns_between(*rows), rows[1].length - rows[0].length
        return {"count": 2, "apart": None if apart_ns is None else apart_ns / 1e6, "longer": longer}, ()

    def _compare(self, content: dict[str, Any]) -> Answer:
        """Return what differs between the two selected rows, as ``inspect`` does of one."""
        return describe_difference(self._log, self.selection), ()

    def _copy(self, content: dict[str, Any]) -> Answer:
        """Return the selected rows as text, in the ``format`` of copying.py, and what lacks; with ``folds`` a first frame is its whole message."""
        selected = sorted(set(self.selection))
        rows = list(rows_at(self._log, selected))
        lack = lack_of(len(selected), len(rows))
        shown = whole_messages(self._log, rows) if content.get("folds") else rows
        return {"text": copied(self._log, shown, str(content["format"])), "lack": lack}, ()

    def _verb_times(self, content: dict[str, Any]) -> Answer:
        """Return the times of rows spread evenly over the log: for each a ``seq`` and ms since 1970, as float64."""
        first, end = self._log.first, self._log.end
        step = max(1, (end - first) // SAMPLES)
        samples = array("d")
        for row in rows_at(self._log, range(first, end, step)):
            if row.time_ns is not None:
                samples.extend((row.seq, milliseconds(row.time_ns)))
        return {}, [samples.tobytes()]

    def _verb_find(self, content: dict[str, Any]) -> Answer | Future[Answer]:
        """Search for the rows that ``filter`` matches and return the progress; the page repeats the request until the end."""
        text = str(content["filter"])
        parse_filter(text)  # as in query
        if self._loop is None or self._loop.is_closed():
            search = self._places.begin(text)
            return self._progress(search, self._places.step(search)), ()
        return asyncio.run_coroutine_threadsafe(self._find(text), self._loop)

    def _verb_match(self, content: dict[str, Any]) -> Answer:
        """Return the match of ``find`` that is ``step`` after ``place``, which counts in ``filter``; empty for none."""
        found = self._places.match_beside(
            int(content["place"]), int(content["step"]), str(content["find"]), content.get("filter")
        )
        return ({} if found is None else found._asdict()), ()

    def _verb_goto(self, content: dict[str, Any]) -> Answer:
        """Return the place of the row that ``to`` names, by its number or a time, or of the next one that is shown."""
        return {
            "place": self._places.place_from(seq_at(self._log, str(content["to"])), content.get("filter"))
        }, ()

    async def _find(self, text: str) -> Answer:
        search = self._places.begin(text)
        stop = self._clock() + ANSWER_SECONDS
        more = self._places.step(search)
        while more and self._clock() < stop:
            await asyncio.sleep(0)  # other tasks run between two steps
            more = self._places.step(search)
        return self._progress(search, more), ()

    def _progress(self, search: Search, more: bool) -> dict[str, Any]:
        hint = "" if more else safe_text(search.hint)
        done = {"first": search.first, "end": search.end, "looked": search.looked, "of": self._places.total}
        return {**done, "more": more, "hint": hint, "moved": search.moved}


def _label(connection: Connection) -> str:
    return safe_text(connection.session + (f" #{connection.attempt}" if connection.attempt else ""))


def pack_rows(rows: Iterable[Row]) -> list[bytes]:
    """Pack the columns of the table for some rows into four buffers, little-endian.

    Returns:
        numbers, five float64 a row (seq, time in ms since 1970, payload bytes, payload bytes on the wire; NaN for a time or a
        length that is not known; number of the connection); codes, three uint8 a row (first byte on the wire, Flag bits, 1 if sent); ends, two uint32 a row
        (where preview and detail end in the text); text, UTF-8.
    """
    numbers, codes, ends, text = array("d"), array("B"), array("I"), bytearray()
    for row in rows:
        wire_length = nan if row.wire_length is None else row.wire_length
        numbers.extend((row.seq, milliseconds(row.time_ns), row.length, wire_length, connection_of(row.code)))
        codes.extend((row.head, row.flags, row.is_sent))
        for part in (preview(row), safe_text(row.detail)):
            text += part.encode()
            ends.append(len(text))
    return [numbers.tobytes(), codes.tobytes(), ends.tobytes(), bytes(text)]

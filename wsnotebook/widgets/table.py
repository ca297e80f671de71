"""FrameTable: a window over a log, in the browser.

The page is told a length and asks for the rows it shows; they travel as binary buffers, so that the feed's
rate does not matter. Scrolling, following and the inspector's layout are in table.mjs.
"""

from __future__ import annotations

import pathlib
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import traitlets

from wsnotebook.widgets.escape import safe_text
from wsnotebook.widgets.inspector import describe, preview
from wsnotebook.widgets.row import Row, rows_of
from wsnotebook.widgets.verbs import Answer, VerbWidget

if TYPE_CHECKING:
    from wsnotebook.log.framelog import FrameLog

__all__ = ["FrameTable", "pack_rows"]

MOST_ROWS = 300  # in one answer; table.mjs asks for no more. Higher than any screen, a few kB on the comm

_HERE = pathlib.Path(__file__).parent


class FrameTable(VerbWidget):
    """The frames of a log as a table that scrolls through millions of rows.

    Args:
        log: what to show. Call ``tell()`` when it may have grown.
        of_server: it is a server's log, and masked are the frames that came.
    """

    _esm = _HERE / "table.mjs"
    _css = _HERE / "table.css"

    span = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)).tag(sync=True)
    """``seq`` of the oldest row of the log and of the next one to come, as last told to the page."""
    of_server = traitlets.Bool(False).tag(sync=True)
    """The log is a server's: what came is masked, what was sent is not."""
    edition = traitlets.Int(0).tag(sync=True)
    """Goes up when rows that were shown may have changed."""

    def __init__(self, log: FrameLog, *, of_server: bool = False) -> None:
        super().__init__(of_server=of_server)
        self._log = log
        self._verbs.update(rows=self._verb_rows, inspect=self._verb_inspect)
        self.tell()

    def __repr__(self) -> str:
        return f"<FrameTable of {self.span[1] - self.span[0]:,} frames>"

    def tell(self) -> None:
        """Tell the page which rows the log has now."""
        with self._log.lock:
            self.span = (self._log.first, self._log.end)

    def tell_changed(self) -> None:
        """Make the page ask again for what it shows: rows got another status, as frames do that were never sent."""
        self.edition += 1

    def _verb_rows(self, content: dict[str, Any]) -> Answer:
        start = int(content["start"])
        rows = list(rows_of(self._log, start, min(int(content["stop"]), start + MOST_ROWS)))
        if rows:
            start = rows[0].seq  # later than asked for, where older rows were dropped meanwhile
        return {"start": start, "stop": start + len(rows)}, pack_rows(rows)

    def _verb_inspect(self, content: dict[str, Any]) -> Answer:
        return describe(self._log, int(content["seq"])), ()


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

"""LogTable: a log as the last line of a cell, a table and an inspector that follow it while it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from wsnotebook.log.code import is_sent
from wsnotebook.widgets.static import html_of_log
from wsnotebook.widgets.table import FrameTable
from wsnotebook.wire.batch import Flag

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["LogTable", "log_table_for"]

_TICK = 0.1  # seconds between two refreshes, as in the panel
_LOOKED = 256  # rows that tell whose log it is

_tables: WeakKeyDictionary[FrameLog, LogTable] = WeakKeyDictionary()


def log_table_for(log: FrameLog) -> LogTable:
    """Return the table of ``log``: always the same one, so that showing it twice makes two views of one model."""
    table = _tables.get(log)
    if table is None:
        table = _tables[log] = LogTable(log)
    return table


class LogTable(FrameTable):
    """The frames of a log without a session: loaded from a file, of a server, or of several sessions.

    Where it is made in a loop, as by every cell, it is refreshed when rows are appended, and costs nothing while none is.
    ``close()`` frees it.

    Args:
        log: the log to show.
    """

    def __init__(self, log: FrameLog) -> None:
        self._is_due = False  # a refresh is scheduled
        super().__init__(log)
        self.placeholder = "This log has no frames."
        log.add_tap(self._grown)

    def __repr__(self) -> str:
        return f"<LogTable of {self.span[1] - self.span[0]:,} frames>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        made = super()._repr_mimebundle_(**options)
        bundle, metadata = made if isinstance(made, tuple) else (made, {})
        still = {"text/plain": repr(self._log), "text/html": html_of_log(self._log)}
        return {**(bundle or {}), **still}, metadata

    def refresh(self) -> None:
        """Send the current range of rows and the latest event to the page."""
        self.of_server = _is_of_server(self._log)
        super().refresh()

    def close(self) -> None:
        """Remove the table from every page; the log stays."""
        if self.comm is not None:  # closed twice otherwise
            self._log.remove_tap(self._grown)
        if _tables.get(self._log) is self:
            del _tables[self._log]
        super().close()

    def _grown(self) -> None:
        """Schedule one refresh for all rows that are appended until then; called under the lock, in any thread."""
        if self._is_due or self._loop is None or self._loop.is_closed():
            return
        self._is_due = True
        self._loop.call_soon_threadsafe(self._loop.call_later, _TICK, self._update)

    def _update(self) -> None:
        self._is_due = False
        self.refresh()


def _is_of_server(log: FrameLog) -> bool | None:
    """Return whether received frames are masked; None where no frame is, as in a HAR, which does not know masks."""
    for rows in log.rows(log.first, min(log.end, log.first + _LOOKED)):
        masked = (rows.flags & Flag.MASKED) != 0
        if masked.any():
            sent = is_sent(rows.codes).repeat(rows.counts)
            return bool(np.any(masked & ~sent))
    return None

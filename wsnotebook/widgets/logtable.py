"""LogTable: a log as the last line of a cell, a table and an inspector that follow it while it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from wsnotebook.widgets.static import page_of_log
from wsnotebook.widgets.still import STILL_SECONDS, Still, StillView
from wsnotebook.widgets.table import FrameTable

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["LogTable", "log_table_for"]

_tables: WeakKeyDictionary[FrameLog, LogTable] = WeakKeyDictionary()


def log_table_for(log: FrameLog) -> LogTable:
    """Return the table of ``log``: always the same one, so that showing it twice makes two views of one model."""
    table = _tables.get(log)
    if table is None:
        table = _tables[log] = LogTable(log)
    return table


class LogTable(StillView, FrameTable):
    """The frames of a log without a session: loaded from a file, of a server, or of several sessions.

    Args:
        log: the log to show.
    """

    def __init__(self, log: FrameLog) -> None:
        self._is_still_due = False  # an update of the still is scheduled
        super().__init__(log)
        self.placeholder = "This log has no frames."
        self._still = Still(lambda: page_of_log(log, strip=self.strip.svg()))
        self.set_trait("still", self._still.name)

    def __repr__(self) -> str:
        return f"<LogTable of {self.span[1] - self.span[0]:,} frames>"

    def close(self) -> None:
        """Remove the table from every page; the log stays."""
        if _tables.get(self._log) is self:
            del _tables[self._log]
        super().close()

    def _grown(self) -> None:
        super()._grown()
        if not self._is_still_due:
            self._is_still_due = True
            assert self._loop is not None  # that has called this
            self._loop.call_later(STILL_SECONDS, self._update_still)

    def _update_still(self) -> None:
        self._is_still_due = False
        self._still.update()

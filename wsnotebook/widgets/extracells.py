"""Extra cells: what columns show that the page cannot tell from the rows which it has. They are made for the rows in sight only.

A new line: a column is a function of the log and a row in EXTRA, its name in COLUMNS of table.py, its title in columns.mjs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from wsnotebook.log.code import connection_of
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.messagefragments import message_of
from wsnotebook.widgets.row import Row

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["EXTRA", "extra_cells"]


def extra_cells(log: FrameLog, rows: Sequence[Row], names: Iterable[str]) -> dict[str, list[Any]]:
    """Return the texts of the columns among ``names`` that are in EXTRA, one a row, escaped."""
    return {name: [safe_text(EXTRA[name](log, row)) for row in rows] for name in names if name in EXTRA}


def _mask_key(log: FrameLog, row: Row) -> str:
    if row.wire_length is None:
        return ""  # a browser has told the message, and no keys
    key = next((rows.mask_key_at(0) for rows in log.rows(row.seq, row.seq + 1)), None)
    return "" if key is None else key.hex(" ")


def _message(log: FrameLog, row: Row) -> str:
    number = message_of(log, row)
    return "" if number is None else f"{number:,}"


EXTRA: dict[str, Callable[[FrameLog, Row], str]] = {
    "key": _mask_key,
    "message": _message,
    "recording": lambda log, row: log.connections[connection_of(row.code)].recording,
}
"""The text of a cell, by column."""

"""The text of a session or a log for pages without a kernel, such as nbconvert's or a code host's: a summary and the last rows.

Plain text for terminals, escaped HTML without script or style for pages.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from wsnotebook.safetext import safe_text
from wsnotebook.widgets.controls import ending_of
from wsnotebook.widgets.inspector import preview
from wsnotebook.widgets.row import Row, rows_of

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["html_of", "html_of_log", "text_of"]

LAST = 10  # rows in a saved notebook
WIDTH = 100  # characters of a payload
_NAMES = 5  # names of sessions; the others are counted
_HEAD = ("#", "", "type", "bytes", "payload")


def text_of(session: ClientWebSocketSession) -> str:
    """Return a summary and the last rows as plain text, with control characters escaped."""
    lines = [
        f"{seq:>8} {arrow} {kind:<12} {size:>8}  {shown}"
        for seq, arrow, kind, size, shown in _last(session.log)
    ]
    return "\n".join([_summary(session), *lines])


def html_of(session: ClientWebSocketSession) -> str:
    """Return a summary and the last rows as HTML in which all text is escaped, and none is mathematics."""
    return _html(_summary(session), session.log)


def html_of_log(log: FrameLog) -> str:
    """Return the same of a log, whosever it is."""
    names = dict.fromkeys(safe_text(each.session) for each in log.connections)
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    of = f" of {', '.join(list(names)[:_NAMES])}{more}" if names else ""
    return _html(f"{len(log):,} frames{of} when this was shown; the last {min(LAST, len(log))}:", log)


def _html(summary: str, log: FrameLog) -> str:
    rows = "".join(_html_row(row) for row in (_HEAD, *_last(log)))
    return (
        f"<div class='tex2jax_ignore mathjax_ignore'><p>{html.escape(summary)}</p><table>{rows}</table></div>"
    )


def _summary(session: ClientWebSocketSession) -> str:
    ending = ending_of(session)
    state = f"{session.state} ({ending})" if ending else str(session.state)
    name, url = safe_text(session.name), safe_text(session.url)
    return f"WebSocket session {name}, {url}: {state}, {len(session.log):,} frames when this was shown"


def _last(log: FrameLog) -> list[tuple[str, ...]]:
    return [
        (str(row.seq), "↑" if row.is_sent else "↓", row.opcode, f"{len(row.payload):,}", _shown(row))
        for row in rows_of(log, log.end - LAST, log.end)
    ]


def _shown(row: Row) -> str:
    line = preview(row)
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _html_row(cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"

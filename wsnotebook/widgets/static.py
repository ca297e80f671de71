"""The text of a session or a log for pages without a kernel, such as nbconvert's or a code host's: a summary, the last rows, and the timeline.

Plain text for terminals, escaped HTML without script for pages, whose only style keeps the spaces of a payload.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from wsnotebook.log.code import connection_of
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.figures import ending_of
from wsnotebook.widgets.inspector import preview
from wsnotebook.widgets.row import Row, rows_of

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Page", "page_of", "page_of_log"]

LAST = 10  # rows in a saved notebook
WIDTH = 100  # characters of a payload
LOOK_BACK = 10_000  # rows among which those of one connection are looked for
_NAMES = 5  # names of sessions; the others are counted
_HEAD = ("#", "", "type", "bytes", "payload")


class Page(NamedTuple):
    """One view as text."""

    plain: str
    """Control characters are escaped."""
    html: str
    """All text is escaped, and none is mathematics."""


def page_of(session: ClientWebSocketSession, frames: int, strip: str = "") -> Page:
    """Return a summary and the last rows of a session, which has so many frames; ``strip`` is HTML of its timeline."""
    ending = ending_of(session)
    state = f"{session.state} ({ending})" if ending else str(session.state)
    name, url = safe_text(session.name), safe_text(session.url)
    summary = f"WebSocket session {name}, {url}: {state}, {frames:,} frames"
    return _page(summary, _last_of(session.log, session.name), strip)


def page_of_log(log: FrameLog, of_whom: str = "", strip: str = "") -> Page:
    """Return the same of a log; ``of_whom`` says whose it is."""
    names = dict.fromkeys(safe_text(each.session) for each in log.connections)
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    of = f" of {', '.join(list(names)[:_NAMES])}{more}" if names else ""
    summary = f"{of_whom}{len(log):,} frames{of}"
    return _page(summary, list(rows_of(log, log.end - LAST, log.end)), strip)


def _page(summary: str, last: list[Row], strip: str) -> Page:
    cells = [_cells(row) for row in last]
    head = summary + (f"; the last {len(last)}:" if last else "")
    lines = [f"{seq:>8} {arrow} {kind:<12} {size:>8}  {payload}" for seq, arrow, kind, size, payload in cells]
    rows = "".join(_html_row(row) for row in (_HEAD, *cells))
    return Page(
        "\n".join([head, *lines]),
        f"<div class='tex2jax_ignore mathjax_ignore'><p>{html.escape(head)}</p><table>{rows}</table>{strip}</div>",
    )


def _last_of(log: FrameLog, session: str) -> list[Row]:
    """Return the last rows of a session, all its attempts, as far as they are among the last of all."""
    own = {number for number, each in enumerate(log.connections) if each.session == session}
    found = list[Row]()
    step = LAST if len(own) == len(log.connections) else 1000
    for stop in range(log.end, max(log.first, log.end - LOOK_BACK), -step):
        rows = [row for row in rows_of(log, stop - step, stop) if connection_of(row.code) in own]
        found = (rows + found)[-LAST:]
        if len(found) == LAST:
            break
    return found


def _cells(row: Row) -> tuple[str, ...]:
    payload = preview(row)
    shown = payload if len(payload) <= WIDTH else payload[: WIDTH - 1] + "…"
    return str(row.seq), "↑" if row.is_sent else "↓", row.opcode, f"{row.length:,}", shown


def _html_row(cells: Iterable[str]) -> str:
    *others, payload = (html.escape(cell) for cell in cells)
    plain = "".join(f"<td>{cell}</td>" for cell in others)
    return f"<tr>{plain}<td style='white-space: pre-wrap'>{payload}</td></tr>"

"""Question: what was said, in lines that can be read?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from wsnotebook.analysis.columns import connections, ns_of, order_in_time
from wsnotebook.analysis.messages import join
from wsnotebook.analysis.shown import ShownText, short

__all__ = ["conversation"]

_MORE = ("length", "close_code", "close_reason")
_HEX = 32  # bytes of a binary message that are shown
_ARROWS = {"in": "<", "out": ">"}


def conversation(df: pd.DataFrame, limit: int = 200, width: int = 160) -> ShownText:
    """Write the messages, pings, pongs and closes as a transcript, one a line.

    A line has the seconds since the first one, ``>`` for what was sent and ``<`` for what was received, the session if
    there are several, and the text; binary messages are in hexadecimal, with their length. Example:
    ``session.df.ws.conversation()``, ``print(df.ws.conversation(limit=20, width=80))``.

    Args:
        limit: lines at most; of a longer conversation the beginning and the end are written.
        width: characters of a line at most.

    Raises:
        ValueError: ``limit`` is not over 1, or ``width`` not over 40.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    if limit < 2 or width < 41:
        raise ValueError(f"limit is at least 2 and width at least 41, not {limit} and {width}")
    rows = _entries(df)
    start = ns_of(rows["time"].dropna().iloc[:1]).sum()
    names = rows["session"].nunique() > 1
    head, tail = rows, rows.iloc[:0]
    if len(rows) > limit:
        half = limit // 2
        head, tail = rows.iloc[:half], rows.iloc[len(rows) - (limit - half) + 1 :]
    lines = list(_lines(head, start, width, names=names))
    if len(head) < len(rows):
        lines.append(f"… {len(rows) - len(head) - len(tail):,} more …")
        lines += _lines(tail, start, width, names=names)
    return ShownText("\n".join(lines) if lines else "no frames")


def _entries(df: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each message and control frame, by time, those of a connection in the order of record."""
    joined = join(df, "conversation", _MORE, control=True)
    rows = joined.first.assign(
        payload=pd.arrays.ArrowExtensionArray(joined.payload),
        shown=pd.arrays.ArrowExtensionArray(joined.text),
        length=joined.total("length"),
        is_cut=~joined.complete.to_numpy(bool, na_value=True),
    )
    return rows.iloc[order_in_time(ns_of(rows["time"]), connections(rows))]


def _lines(rows: pd.DataFrame, start: int, width: int, *, names: bool) -> Iterator[str]:
    times = zip(ns_of(rows["time"]).tolist(), rows["time"].notna().tolist(), strict=True)
    for (time, is_known), row in zip(times, rows.itertuples(), strict=True):
        session = f" {short(str(row.session), 20)}" if names else ""
        seconds = f"{(time - start) / 1e9:10.3f}" if is_known else f"{'-':>10}"
        head = f"{seconds}{session} {_ARROWS.get(str(row.direction), '?')} "
        yield head + short(_words(row), max(width - len(head), 20))


def _words(row: Any) -> str:
    cut = " (not whole)" if row.is_cut else ""
    if row.opcode == "close":
        return f"close {'' if pd.isna(row.close_code) else row.close_code} {'' if pd.isna(row.close_reason) else row.close_reason}".rstrip()
    if row.opcode in ("ping", "pong"):
        return f"{row.opcode} {row.payload[:_HEX].hex(' ')}".rstrip()
    if not pd.isna(row.shown):
        return f"{row.shown}{cut}"
    return f"{row.opcode} {row.length:,} bytes{cut}: {row.payload[:_HEX].hex(' ')}{' …' if row.length > _HEX else ''}"

"""Question: what is in this recording, on one screen?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from wsnotebook.analysis.closes import closes
from wsnotebook.analysis.columns import (
    are_unsent,
    check_times,
    connections,
    identity,
    need,
    occurrences,
    recordings,
    traffic,
    with_numbers,
)
from wsnotebook.analysis.compression import compression
from wsnotebook.analysis.gaps import gaps
from wsnotebook.analysis.messagetypes import types
from wsnotebook.analysis.pairs import pairs
from wsnotebook.analysis.pings import pings
from wsnotebook.analysis.seqs import has_seq
from wsnotebook.analysis.shown import ShownText, short
from wsnotebook.analysis.stalls import stalls
from wsnotebook.analysis.violations import violations

__all__ = ["summary"]

_ROWS = 8  # of each part
_WIDTH = 160  # characters of a line
_NEEDED = ("time", "session", "direction", "length", "opcode", "monotonic")


def summary(df: pd.DataFrame) -> ShownText:
    """Write what is in the frames on one screen, for a person or a program that reads text.

    Duration, connections with their counts, sizes, rates and ends; types of messages; requests and their latency; pings;
    gaps of over a second, and whose they were; violations; compression. At most 80 lines of 160 characters, whatever was
    recorded; a peer's text in them is escaped. Example: ``session.df.ws.summary()``.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    need(df.columns, _NEEDED, "df.ws.summary()")
    check_times(df["time"])
    df = with_numbers(df)
    lines = [line for part in _PARTS for line in part(df)] if len(df) else ["no frames"]
    return ShownText("\n".join(short(line, _WIDTH) for line in lines))


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError("a unit is always found")


def _seconds(value: float) -> str:
    return "-" if np.isnan(value) else f"{value * 1e3:,.1f} ms" if value < 1 else f"{value:,.1f} s"


def _whole(df: pd.DataFrame) -> Iterator[str]:
    times = df["time"]
    first, last = times.min(), times.max()
    when = "without a time"
    if not pd.isna(first):
        when = (
            f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} {times.dt.tz or 'UTC'}, "
            f"{_seconds((last - first).total_seconds())}"
        )
    unsent = int(are_unsent(df).sum())
    several = len(set(recordings(identity(df)))) if "recording" in df.columns else 1
    yield (
        f"{len(df):,} frames, {_size(df['length'].sum())}, {when}"
        + (f", {several:,} recordings" if several > 1 else "")
        + (f", {unsent:,} frames never sent" if unsent else "")
    )


def _connections(df: pd.DataFrame) -> Iterator[str]:
    rows = traffic(df, "summary", _NEEDED)
    if rows.empty:
        return
    ends = _ends(df)
    number = connections(rows)
    groups = rows.groupby(number, sort=False)
    sizes = groups.size().sort_values(ascending=False, kind="stable")
    yield f"connections: {len(sizes):,}"
    for one in sizes.index[:_ROWS]:
        mine = rows[number == one]
        seconds = (mine["time"].max() - mine["time"].min()).total_seconds()  # NaN without a time
        told = []
        for direction, word in (("in", "received"), ("out", "sent")):
            part = mine[mine["direction"].eq(direction)]
            rate = f", {len(part) / seconds:,.1f}/s" if seconds > 0 and len(part) else ""
            told.append(f"{word} {len(part):,} ({_size(part['length'].sum())}{rate})")
        attempt = mine["attempt"].iloc[0] if "attempt" in mine.columns else 0
        name = f"{mine['session'].iloc[0]}" + (f" attempt {attempt}" if attempt else "")
        yield f"  {short(name, 40)}: {_seconds(seconds)}, {', '.join(told)}, {ends.get(_key(mine), 'no close frame')}"
    yield from _more(len(sizes), "connections")


def _key(rows: pd.DataFrame) -> tuple[Any, ...]:
    return tuple(identity(rows).iloc[0])


def _ends(df: pd.DataFrame) -> dict[tuple[Any, ...], str]:
    """Return the words on the end of each connection that was closed."""
    found = closes(df)
    found = found[found["first"]].astype({"close_reason": "object"})
    words: dict[tuple[Any, ...], str] = {}
    for place, row in enumerate(found.to_dict("records")):
        code = "without a code" if pd.isna(row["close_code"]) else row["close_code"]
        reason = "" if pd.isna(row["close_reason"]) else short(row["close_reason"], 40)
        side = "us" if row["initiator"] == "local" else "the peer"
        words[_key(found.iloc[[place]])] = f"closed by {side}, {code} {reason}".rstrip()
    return words


def _types(df: pd.DataFrame) -> Iterator[str]:
    found = types(df)
    if found.empty:
        return
    groups = found.groupby(["direction", "type"], observed=True, sort=False)
    totals = groups.agg(count=("count", "sum"), bytes=("bytes", "sum"), example=("example", "first"))
    totals = totals.sort_values("count", ascending=False, kind="stable")
    seconds = (found["last"].max() - found["first"].min()).total_seconds()  # of all connections
    key = found.attrs["key"]
    yield f"messages: {found['count'].sum():,}" + (f", by {short(key, 40)}" if key else "")
    for row in totals.head(_ROWS).reset_index().to_dict("records"):
        example = "" if pd.isna(row["example"]) else f": {short(row['example'], 70)}"
        rate = f", {row['count'] / seconds:,.2f}/s" if seconds > 0 else ""
        told = f"{row['count']:,}, {_size(row['bytes'])}{rate}{example}"
        yield f"  {row['direction']} {short(row['type'], 30)}: {told}"
    yield from _more(len(totals), "types")


def _pairs(df: pd.DataFrame) -> Iterator[str]:
    try:
        found = pairs(df)
    except ValueError:  # no protocol that is known without its name
        return
    told = _told(found["outcome"])
    yield f"requests ({found.attrs['pairs']['protocol']}): {len(found):,}, {told}"
    for name, row in found.percentiles().head(_ROWS).iterrows():
        yield f"  {short(str(name), 40)}: {row['count']:,.0f}, p50 {_seconds(row['p50'])}, p99 {_seconds(row['p99'])}"
    yield from _more(found["what"].astype(str).nunique(), "kinds of requests")


def _pings(df: pd.DataFrame) -> Iterator[str]:
    found = pings(df)
    for direction, word in (("out", "our pings"), ("in", "pings of the peer")):
        mine = found[found["direction"].eq(direction)]
        if len(mine):
            latency = mine["latency"]
            yield (
                f"{word}: {len(mine):,}, {latency.isna().sum():,} unanswered, latency {_seconds(latency.median())} (median), "
                f"{_seconds(latency.max())} (most)"
            )


def _told(values: pd.Series[Any]) -> str:
    """Return how often each value occurs, in words."""
    return ", ".join(f"{count:,} {name}" for name, count in occurrences(values).items())


def _gaps(df: pd.DataFrame) -> Iterator[str]:
    found = gaps(df)
    found = found[found["direction"].eq("in")]
    if len(found):
        whose = _told(found["whose"])
        longest = found.iloc[int(found["duration"].argmax())]
        yield (
            f"gaps over 1 s in what was received: {len(found):,} ({whose}), the longest {_seconds(longest['duration'])} "
            f"({longest['whose']}) before {_place(df, found, longest)}"
        )
    late = stalls(df)
    if len(late):
        yield f"our loop was late: {len(late):,} times, {_seconds(late['duration'].sum())}, most {_seconds(late['duration'].max())}"


def _place(df: pd.DataFrame, found: pd.DataFrame, gap: pd.Series[Any]) -> str:
    """Return where a gap ends: a seq, or where the index has none, a time."""
    return f"seq {found['duration'].idxmax()}" if has_seq(df) else f"{gap['end']:%Y-%m-%d %H:%M:%S}"


def _violations(df: pd.DataFrame) -> Iterator[str]:
    if not {"status", "detail"} <= set(df.columns):
        return
    found = violations(df)
    if len(found):
        yield f"frames that are not ok: {len(found):,}"
        kinds = (
            found.assign(detail=found["detail"].astype("string").fillna(""))
            .groupby(["status", "detail"], observed=True)
            .size()
        )
        for row in kinds.nlargest(_ROWS).rename("count").reset_index().to_dict("records"):
            yield f"  {row['count']:,} {row['status']}: {short(row['detail'], 100)}"
        yield from _more(len(kinds), "kinds")


def _compression(df: pd.DataFrame) -> Iterator[str]:
    found = compression(df)
    found = found[found["after"].notna()]  # a browser does not tell it
    before, after = found["before"].sum(), found["after"].sum()
    if before and before != after:
        yield f"compression: {_size(before)} as {_size(after)}, ratio {after / before:.2f}"


def _more(count: int, word: str) -> Iterator[str]:
    if count > _ROWS:
        yield f"  … and {count - _ROWS:,} more {word}"


_PARTS: tuple[Callable[[pd.DataFrame], Iterator[str]], ...] = (
    _whole,
    _connections,
    _types,
    _pairs,
    _pings,
    _gaps,
    _violations,
    _compression,
)

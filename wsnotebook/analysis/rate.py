"""Question: how many frames and bytes were there in each interval of time?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import ns_of, traffic
from wsnotebook.analysis.durations import Duration, nanoseconds

__all__ = ["RATED", "add_rates", "rate", "rate_of_part", "whole_rate"]

RATED = ("time", "direction", "length")
"""Columns that the question needs."""

_KEYS = ["start", "direction"]
# 320 MB of results. One frame with a time in 1970 must not make a recording fill the memory with zeros.
_MAX_INTERVALS = 10_000_000


def rate(df: pd.DataFrame, every: Duration = "1s") -> pd.DataFrame:
    """Count frames and payload bytes in each interval of wall-clock time.

    Example: ``session.df.ws.rate("100ms")["frames_in"].max()``.

    Args:
        every: length of an interval: seconds, or ``"100ms"``, ``"1min"``, ….

    Returns:
        One row per interval from the first frame to the last, with zeros for an interval without frames. The index
        ``time`` is the start of the interval (UTC, a multiple of ``every`` since 1970); the columns are ``frames_in``,
        ``frames_out``, ``bytes_in`` and ``bytes_out``: sums over the interval, not per second. Frames that were never
        sent (status ``unsent``) are not counted.

    Raises:
        ValueError: ``every`` is not a duration over zero, or so short that there are over 10 million intervals.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    return whole_rate(rate_of_part(df, every), every)


def rate_of_part(df: pd.DataFrame, every: Duration) -> pd.DataFrame:
    """Return the sums of a part of the frames: start (ns since 1970), direction, frames, bytes; no empty intervals."""
    step = nanoseconds(every, "every")
    rows = traffic(df, "rate", RATED)
    groups = rows.assign(start=ns_of(rows["time"]) // step * step).groupby(_KEYS, observed=True)
    return groups.agg(frames=("length", "size"), bytes=("length", "sum")).reset_index()


def add_rates(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the concatenated sums of several parts as the sums of one part."""
    return parts.groupby(_KEYS, observed=True).sum().reset_index()


def whole_rate(parts: pd.DataFrame, every: Duration) -> pd.DataFrame:
    """Return the result of rate() from the concatenated sums of all parts."""
    starts = _starts(parts["start"], every)
    columns: dict[str, Any] = {}
    for figure in ("frames", "bytes"):
        for direction in ("in", "out"):
            sums = parts[parts["direction"] == direction].groupby("start")[figure].sum()
            columns[f"{figure}_{direction}"] = sums.reindex(starts, fill_value=0).to_numpy(np.int64)
    index = pd.DatetimeIndex(pd.array(starts, dtype=pd.DatetimeTZDtype("ns", "UTC")), name="time")
    return pd.DataFrame(columns, index=index)


def _starts(found: pd.Series[Any], every: Duration) -> Any:
    step = nanoseconds(every, "every")
    if found.empty:
        return np.empty(0, np.int64)
    first, last = int(found.min()), int(found.max())
    count = (last - first) // step + 1
    if count > _MAX_INTERVALS:
        raise ValueError(
            f"every={every!r} makes {count:,} intervals between the first frame and the last: take a longer one, or "
            "select frames by time"
        )
    return first + step * np.arange(count, dtype=np.int64)

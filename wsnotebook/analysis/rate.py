"""How fast: frames and bytes in each interval of time."""

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
_MOST = (
    10_000_000  # intervals: 320 MB. A file with one frame of 1970 in it must not fill the memory with zeros.
)


def rate(df: pd.DataFrame, every: Duration = "1s") -> pd.DataFrame:
    """Count frames and payload bytes in each interval of wall-clock time.

    Args:
        every: length of an interval: seconds, or ``"100ms"``, ``"1min"``, ….

    Returns:
        One row for each interval from the first frame to the last, zeros where nothing came. The index ``time`` is its
        beginning (UTC, a multiple of ``every`` since 1970); the columns are ``frames_in``, ``frames_out``, ``bytes_in`` and
        ``bytes_out``, for the interval, not for a second. Frames that were never sent do not count.

    Raises:
        ValueError: ``every`` is no duration over zero, or so short that there would be over 10 million intervals.
    """
    return whole_rate(rate_of_part(df, every), every)


def rate_of_part(df: pd.DataFrame, every: Duration) -> pd.DataFrame:
    """Return the sums of some of the frames, only for intervals that have any: start (ns), direction, frames, bytes."""
    step = nanoseconds(every, "every")
    rows = traffic(df, "rate", RATED)
    groups = rows.assign(start=ns_of(rows["time"]) // step * step).groupby(_KEYS, observed=True)
    return groups.agg(frames=("length", "size"), bytes=("length", "sum")).reset_index()


def add_rates(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of several parts, one below the other, as those of one part."""
    return parts.groupby(_KEYS, observed=True).sum().reset_index()


def whole_rate(parts: pd.DataFrame, every: Duration) -> pd.DataFrame:
    """Return the answer to rate() from the sums of all parts, one below the other."""
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
    if count > _MOST:
        raise ValueError(
            f"every={every!r} makes {count:,} intervals between the first frame and the last: take a longer one, or "
            "select frames by time"
        )
    return first + step * np.arange(count, dtype=np.int64)

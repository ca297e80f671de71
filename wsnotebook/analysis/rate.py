"""Question: how many frames and bytes were there in each interval of time?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.columns import in_order, ns_of, recordings, traffic
from wsnotebook.analysis.durations import Duration, nanoseconds

__all__ = ["RATED", "add_rates", "rate", "rate_of_part", "whole_rate"]

RATED = ("time", "direction", "length")
"""Columns that the question needs."""

_KEYS = ["start", "direction"]
# 320 MB of results. One frame with a time in 1970 must not make a recording fill the memory with zeros.
_MAX_INTERVALS = 10_000_000
_DAY = 86_400 * 10**9
_JUMP = 10**9  # ns by which the wall clock must have gone further than the monotonic one to have been set


def rate(df: pd.DataFrame, every: Duration = "1s") -> pd.DataFrame:
    """Count frames and payload bytes in each interval of wall-clock time.

    Example: ``session.df.ws.rate("100ms")["frames_in"].max()``.

    Args:
        every: length of an interval: seconds, or ``"100ms"``, ``"1min"``, ….

    Returns:
        One row per interval from the first frame to the last, with zeros for an interval without frames; of one
        recording those are left out that passed only on the wall clock, because it was set or the machine slept. The index
        ``time`` is the start of the interval, in the time zone of the column ``time``: a multiple of ``every`` since
        1970 UTC, or midnight of that zone if ``every`` is whole days. The columns are ``frames_in``, ``frames_out``,
        ``bytes_in`` and ``bytes_out``: sums over the interval, not per second. Frames that were never sent (status
        ``unsent``), and those without a time, are not counted.

    Raises:
        ValueError: ``every`` is not a duration over zero, or so short that there are over 10 million intervals.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    return whole_rate(rate_of_part(df, every), every, _jumps(df))


def _jumps(df: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return from when to when the wall clock went on alone; of several recordings, which may fill it, nothing."""
    if "monotonic" not in df.columns:
        return []
    rows = in_order(_timed(df, ("monotonic",)).dropna(subset="monotonic"))
    if not len(rows) or recordings(rows).any():
        return []
    walls = ns_of(rows["time"])
    passed = np.diff(rows["monotonic"].to_numpy(np.int64))
    # What passed of a jump may have passed before it or after it.
    before, after = walls[:-1] + passed, walls[1:] - passed
    zone = rows["time"].dt.tz or UTC
    return [
        (
            pd.Timestamp(before[at], tz="UTC").tz_convert(zone),
            pd.Timestamp(after[at], tz="UTC").tz_convert(zone),
        )
        for at in np.flatnonzero((np.diff(walls) - passed > _JUMP) & (after > before)).tolist()
    ]


def _timed(df: pd.DataFrame, more: tuple[str, ...] = ()) -> pd.DataFrame:
    rows = traffic(df, "rate", (*RATED, *more))
    return rows[rows["time"].notna()] if rows["time"].isna().any() else rows


def rate_of_part(df: pd.DataFrame, every: Duration) -> pd.DataFrame:
    """Return the sums of a part of the frames: start, direction, frames, bytes; no empty intervals."""
    step = nanoseconds(every, "every")
    rows = _timed(df)
    groups = rows.assign(start=_at(_floor(rows["time"], step), rows["time"], step)).groupby(
        _KEYS, observed=True
    )
    return groups.agg(frames=("length", "size"), bytes=("length", "sum")).reset_index()


def add_rates(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the concatenated sums of several parts as the sums of one part."""
    return parts.groupby(_KEYS, observed=True).sum().reset_index()


def whole_rate(
    parts: pd.DataFrame, every: Duration, jumps: Sequence[tuple[pd.Timestamp, pd.Timestamp]] = ()
) -> pd.DataFrame:
    """Return the result of rate() from the concatenated sums of all parts.

    Args:
        parts: the sums.
        every: as of rate().
        jumps: from when to when no interval is wanted.
    """
    starts = _starts(parts["start"], every, jumps)
    places = starts.get_indexer(pd.DatetimeIndex(parts["start"]))
    columns: dict[str, Any] = {}
    for figure in ("frames", "bytes"):
        for direction in ("in", "out"):
            mine = parts["direction"].eq(direction).to_numpy(bool)
            sums = columns[f"{figure}_{direction}"] = np.zeros(len(starts), np.int64)
            np.add.at(sums, places[mine], parts[figure].to_numpy(np.int64)[mine])
    return pd.DataFrame(columns, index=starts)


def _floor(times: pd.Series[Any], step: int) -> NDArray[np.int64]:
    """Return the start of the interval of each time: ns since 1970, on the wall clock of the zone if _is_of_days."""
    if _is_of_days(step) and times.dt.tz is not None:
        times = times.dt.tz_localize(None)
    return ns_of(times) // step * step


def _at(starts: NDArray[np.int64], times: pd.Series[Any], step: int) -> pd.DatetimeIndex:
    """Return the results of _floor as times in the zone of ``times``."""
    zone = times.dt.tz or UTC
    index = pd.DatetimeIndex(starts.astype("datetime64[ns]"))
    if not _is_of_days(step):
        return index.tz_localize("UTC").tz_convert(zone)
    # Where midnight comes twice the day begins at the first; where it is skipped, at the first moment after it.
    return index.tz_localize(zone, ambiguous=np.ones(len(index), bool), nonexistent="shift_forward")


def _is_of_days(step: int) -> bool:
    return step % _DAY == 0


def _starts(
    found: pd.Series[Any], every: Duration, jumps: Sequence[tuple[pd.Timestamp, pd.Timestamp]]
) -> pd.DatetimeIndex:
    step = nanoseconds(every, "every")
    stretches = list(_stretches(found, step, jumps)) if len(found) else []
    count = sum((last - first) // step + 1 for first, last in stretches)
    if count > _MAX_INTERVALS:
        raise ValueError(
            f"every={every!r} makes {count:,} intervals between the first frame and the last: take a longer one, or "
            "select frames by time"
        )
    steps = [np.arange(first, last + 1, step, dtype=np.int64) for first, last in stretches]
    return _at(np.concatenate([np.empty(0, np.int64), *steps]), found, step).rename("time")


def _stretches(
    found: pd.Series[Any], step: int, jumps: Sequence[tuple[pd.Timestamp, pd.Timestamp]]
) -> Iterator[tuple[int, int]]:
    """Yield the first and the last interval of each stretch without a jump, as _floor returns them."""
    floors = _floor(found, step)
    start, end = int(floors.min()), int(floors.max())
    for jump in sorted(jumps):
        before, after = _floor(pd.Series(jump), step).tolist()
        if start <= before < after - step:
            yield start, before
            start = after
    yield start, end

"""Question: when could a session not receive, because its own event loop was busy?

Asked of ``df.attrs``, where the log has put how late the loop of each session came.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.columns import need

__all__ = ["late_within", "stalls"]


def stalls(df: pd.DataFrame) -> pd.DataFrame:
    """List when the event loop of a session came 50 ms late or more, so that nothing was received meanwhile.

    A cell that computes without ``await`` is what makes it late; with ``io="thread"`` a session goes on. Example:
    ``session.df.ws.stalls()["duration"].max()``.

    Returns:
        One row per delay of a session of ``df``: session, ``start`` and ``end`` (wall clock) and ``duration`` (seconds).
        ``attrs["watched"]`` has the sessions whose loop was watched: of others, such as those of a file of another
        program or of several logs put together, no delay is known.

    Raises:
        AttributeError: ``df`` has no column ``session``.
    """
    need(df.columns, ("session",), "df.ws.stalls()")
    late = _late(df)
    late = late[late["session"].isin(set(df["session"].dropna().unique()))]
    found = late[late["seconds"] > 0]
    end = pd.DatetimeIndex(found["time"].to_numpy().astype("datetime64[ns]")).tz_localize("UTC")
    table = pd.DataFrame(
        {
            "session": found["session"].to_numpy(),
            "start": end - pd.to_timedelta(found["seconds"].to_numpy(), unit="s").as_unit("ns"),
            "end": end,
            "duration": found["seconds"].to_numpy(),
        }
    ).astype({"session": "str"})
    table.attrs["watched"] = sorted(set(late["session"]))
    return table


def _late(df: pd.DataFrame) -> pd.DataFrame:
    rows = df.attrs.get("wsnotebook", {}).get("late", ())
    kinds = {"session": "str", "time": "int64", "monotonic": "int64", "seconds": "float64"}
    return pd.DataFrame(list(rows), columns=list(kinds)).astype(kinds)


def late_within(
    df: pd.DataFrame, sessions: Any, start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for how many ns of each span the loop of its session was late; NaN where it was not watched.

    Args:
        df: the frames.
        sessions: name of the session of each span.
        start: monotonic clock at the beginning of each span, ns.
        end: the same at its end.
    """
    result = np.full(len(start), np.nan)
    names = np.asarray(sessions, object)
    for session, mine in _late(df).groupby("session"):
        until = mine["monotonic"].to_numpy()
        lasted = mine["seconds"].to_numpy() * 1e9
        places = np.column_stack((until - lasted, until)).ravel()
        total = np.column_stack((np.cumsum(lasted) - lasted, np.cumsum(lasted))).ravel()
        asked = (names == session) & (start >= until[0])
        first, last = (np.interp(moment[asked], places, total) for moment in (start, end))
        result[asked] = last - first
    return result

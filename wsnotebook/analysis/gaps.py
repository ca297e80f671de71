"""When it was silent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import connections, in_order, traffic
from wsnotebook.analysis.durations import Duration, nanoseconds

__all__ = ["gaps"]


def gaps(df: pd.DataFrame, longer_than: Duration = "1s") -> pd.DataFrame:
    """List the silences of each session and direction, control frames counting as sound.

    Args:
        longer_than: seconds, or ``"100ms"``, ``"1min"``, …; what is as long or shorter is not listed.

    Returns:
        One row a silence, by the ``seq`` of the frame that ended it: session, direction, ``start`` and ``end`` (wall clock of
        the frames around it), ``after`` (``seq`` of the frame before it) and ``duration`` (seconds, by the monotonic clock).
        A silence may reach over a reconnection; before the first frame and after the last there is none.

    Raises:
        ValueError: ``longer_than`` is no duration over zero.
    """
    limit = nanoseconds(longer_than, "longer_than")
    rows = in_order(traffic(df, "gaps", ("time", "monotonic", "session", "direction")))
    flow = (
        2 * connections(rows) + rows["direction"].eq("out").to_numpy()
    )  # no attempt here: reconnections are one flow
    order = np.argsort(flow, kind="stable")
    silence = np.diff(rows["monotonic"].to_numpy()[order])
    found = np.flatnonzero((np.diff(flow[order]) == 0) & (silence > limit))
    found = found[np.argsort(order[found + 1])]
    before, after = rows.iloc[order[found]], rows.iloc[order[found + 1]]
    return pd.DataFrame(
        {
            "session": after["session"],
            "direction": after["direction"],
            "start": before["time"].array,
            "end": after["time"],
            "after": before.index.to_numpy(np.int64),
            "duration": silence[found] / 1e9,
        }
    )

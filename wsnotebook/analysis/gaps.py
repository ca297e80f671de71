"""Question: when were there no frames for longer than a given time?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import connections, in_order, traffic
from wsnotebook.analysis.durations import Duration, nanoseconds

__all__ = ["gaps"]


def gaps(df: pd.DataFrame, longer_than: Duration = "1s") -> pd.DataFrame:
    """List the gaps between consecutive frames of each session and direction; control frames end a gap too.

    Example: ``session.df.ws.gaps("100ms")``.

    Args:
        longer_than: seconds, or ``"100ms"``, ``"1min"``, …; a gap of exactly this length is not listed.

    Returns:
        One row per gap, indexed by the ``seq`` of the frame that ends it: session, direction, ``start`` and ``end``
        (wall clock of the frames around it), ``after`` (``seq`` of the frame before it) and ``duration`` (seconds,
        monotonic clock). A gap may span a reconnection. The time before the first frame and after the last one is
        not a gap.

    Raises:
        ValueError: ``longer_than`` is not a duration over zero.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    limit = nanoseconds(longer_than, "longer_than")
    rows = in_order(traffic(df, "gaps", ("time", "monotonic", "session", "direction")))
    # rows has no column attempt, so that all connections of a session are one flow and a gap spans a reconnection.
    flow = 2 * connections(rows) + rows["direction"].eq("out").to_numpy()
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

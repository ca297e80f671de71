"""Question: when were there no frames for longer than a given time?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import flows, identity, in_order, traffic
from wsnotebook.analysis.durations import Duration, nanoseconds
from wsnotebook.analysis.stalls import late_within

__all__ = ["gaps"]


def gaps(df: pd.DataFrame, longer_than: Duration = "1s") -> pd.DataFrame:
    """List the gaps between consecutive frames of each connection and direction; control frames end a gap too.

    Example: ``session.df.ws.gaps("100ms")``.

    Args:
        longer_than: seconds, or ``"100ms"``, ``"1min"``, …; a gap of exactly this length is not listed.

    Returns:
        One row per gap, indexed by the ``seq`` of the frame that ends it: recording, connection, session and attempt
        (those that ``df`` has), direction, ``start`` and ``end`` (wall clock of the frames around it),
        ``after`` (``seq`` of the frame before it), ``duration`` (seconds, monotonic clock) and ``whose``. A gap may span
        a reconnection. The time before the first frame and after the last one is not a gap.

        ``whose`` is ``ours`` where nothing was sent, or where without the delays of our own event loop, which ``stalls()``
        lists, the gap would not be longer than asked for; ``theirs`` where the loop was watched and did not make the gap;
        ``unknown`` of frames whose loop nobody watched: a capture, another program's file, several logs put together.

    Raises:
        ValueError: ``longer_than`` is not a duration over zero.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    limit = nanoseconds(longer_than, "longer_than")
    rows = in_order(traffic(df, "gaps", ("time", "monotonic", "session", "direction")))
    flow = 2 * flows(rows) + rows["direction"].eq("out").to_numpy()
    order = np.argsort(flow, kind="stable")
    silence = np.diff(rows["monotonic"].to_numpy()[order])
    found = np.flatnonzero((np.diff(flow[order]) == 0) & (silence > limit))
    found = found[np.argsort(order[found + 1])]
    before, after = rows.iloc[order[found]], rows.iloc[order[found + 1]]
    late = late_within(df, after["session"], before["monotonic"].to_numpy(), after["monotonic"].to_numpy())
    is_ours = after["direction"].eq("out").to_numpy() | (silence[found] - late <= limit)
    whose = np.select([is_ours, np.isnan(late)], ["ours", "unknown"], "theirs")
    return identity(after).assign(
        **{
            "direction": after["direction"],
            "start": before["time"].array,
            "end": after["time"],
            "after": before.index.to_numpy(),
            "duration": silence[found] / 1e9,
            "whose": pd.Categorical(whose, categories=["ours", "theirs", "unknown"]),
        }
    )

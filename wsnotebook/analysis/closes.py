"""Question: which close frames were there, and which side closed first?"""

from __future__ import annotations

import pandas as pd

from wsnotebook.analysis.columns import connections, identity, in_order, traffic

__all__ = ["closes"]

_INITIATORS = {"out": "local", "in": "peer"}


def closes(df: pd.DataFrame) -> pd.DataFrame:
    """List the close frames, and which side closed first.

    Example: ``session.df.ws.closes()``.

    Returns:
        One row per close frame, indexed by ``seq``: time (wall clock), recording, connection, session and attempt
        (those that ``df`` has), direction, close_code and close_reason (missing in an empty close), ``initiator`` of the connection (local or peer: the
        side that sent the first close frame), ``first`` (whether this is that frame) and ``delay`` (seconds after
        that frame, monotonic clock). A connection that was lost without a close frame has no row.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    wanted = ("time", "monotonic", "session", "direction", "opcode", "close_code", "close_reason")
    rows = in_order(traffic(df, "closes", wanted))
    number = connections(rows)[rows["opcode"].eq("close")]
    rows = rows[rows["opcode"].eq("close")]
    groups = rows.groupby(number, sort=False)
    shown = ["time", *identity(rows), "direction", "close_code", "close_reason"]
    initiator = groups["direction"].transform("first").astype("str").map(_INITIATORS)
    return rows[shown].assign(
        initiator=initiator.astype(pd.CategoricalDtype(["local", "peer"])),
        first=groups.cumcount().eq(0),
        delay=(rows["monotonic"] - groups["monotonic"].transform("first")) / 1e9,
    )

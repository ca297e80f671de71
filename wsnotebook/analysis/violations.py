"""Question: which frames broke a rule, were cut off, were over the limit, or were never sent?"""

from __future__ import annotations

import pandas as pd

from wsnotebook.analysis.columns import IDENTITY, need

__all__ = ["violations"]

_SHOWN = (
    "time",
    *IDENTITY,
    "direction",
    "opcode",
    "fin",
    "length",
    "close_code",
    "status",
    "detail",
)


def violations(df: pd.DataFrame) -> pd.DataFrame:
    """List the frames whose status is not ``ok``, and the reason.

    Example: ``session.df.ws.violations()[["direction", "opcode", "detail"]]``.

    Returns:
        One row per frame, but for those whose status is missing, indexed by ``seq``; of these columns those that ``df``
        has: time, recording, connection, session, attempt, direction, opcode, fin, length, close_code, ``status``
        (violation, unsent, truncated or oversized) and
        ``detail`` (the broken rule, or the reason). ``df.loc[answer.index]`` has all columns, payload included.

    Raises:
        AttributeError: ``df`` has no ``status`` or ``detail``.
    """
    need(df.columns, ("status", "detail"), "df.ws.violations()")
    is_wrong = df["status"].ne("ok") & df["status"].notna()
    rows = df.loc[is_wrong, [name for name in _SHOWN if name in df.columns]]
    rows.attrs = {}
    return rows

"""What was wrong: frames that broke a rule, were cut, or were never sent."""

from __future__ import annotations

import pandas as pd

from wsnotebook.analysis.columns import need

__all__ = ["violations"]

_SHOWN = (
    "time",
    "session",
    "attempt",
    "direction",
    "opcode",
    "fin",
    "length",
    "close_code",
    "status",
    "detail",
)


def violations(df: pd.DataFrame) -> pd.DataFrame:
    """List the frames whose status is not ``ok``, and why.

    Returns:
        One row a frame, by ``seq``; of ``df``'s columns those that help: time, session, attempt, direction, opcode, fin,
        length, close_code, ``status`` (violation, dropped or truncated) and ``detail``. ``df.loc[answer.index]`` has the
        rest, payload included.
    """
    need(df.columns, ("status", "detail"), "df.ws.violations()")
    rows = df.loc[df["status"].ne("ok"), [name for name in _SHOWN if name in df.columns]]
    rows.attrs = {}
    return rows

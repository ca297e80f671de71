"""How much of what: frames and bytes by session, direction and opcode."""

from __future__ import annotations

import pandas as pd

from wsnotebook.analysis.columns import traffic

__all__ = ["COUNTED", "add_counts", "counts", "counts_of_part"]

COUNTED = ("session", "direction", "opcode", "length", "frame_length")
"""Columns that the question needs."""

_KEYS = ["session", "direction", "opcode"]


def counts(df: pd.DataFrame) -> pd.DataFrame:
    """Count frames and bytes by session, direction and opcode.

    Returns:
        One row for each combination that occurs; the index is (session, direction, opcode). ``frames``; ``bytes``, the
        payload as the application sees it; ``wire_bytes``, with headers and as compressed. Frames that were never sent
        (status ``dropped``) do not count.
    """
    return add_counts(counts_of_part(df))


def counts_of_part(df: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of some of the frames, which add_counts adds to those of others; a plain index."""
    rows = traffic(df, "counts", COUNTED)
    groups = rows.groupby(_KEYS, observed=True)
    parts = groups.agg(frames=("length", "size"), bytes=("length", "sum"), wire_bytes=("frame_length", "sum"))
    return parts.reset_index()


def add_counts(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of the whole from those of its parts, one below the other."""
    return parts.groupby(_KEYS, observed=True).sum()

"""Question: how many frames and bytes were there by session, direction and opcode?"""

from __future__ import annotations

import pandas as pd

from wsnotebook.analysis.columns import known_sums, traffic

__all__ = ["COUNTED", "add_counts", "counts", "counts_of_part", "whole_counts"]

COUNTED = ("session", "direction", "opcode", "length", "frame_length")
"""Columns that the question needs."""

_KEYS = ["session", "direction", "opcode"]


def counts(df: pd.DataFrame) -> pd.DataFrame:
    """Count frames and bytes by session, direction and opcode.

    Example: ``session.df.ws.counts().loc[("feed", "in")]``.

    Returns:
        One row per combination that occurs, indexed by (session, direction, opcode): ``frames``; ``bytes``, payload
        bytes as the application sees them; ``wire_bytes``, bytes of header and compressed payload, missing where a
        browser has told some of the messages. Frames that were never sent (status ``unsent``) are not counted.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    return whole_counts(counts_of_part(df))


def counts_of_part(df: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of a part of the frames, with a plain index, for add_counts."""
    rows = traffic(df, "counts", COUNTED)
    groups = rows.groupby(_KEYS, observed=True, dropna=False)
    parts = groups.agg(frames=("length", "size"), bytes=("length", "sum"))
    return parts.assign(wire_bytes=known_sums(groups[["frame_length"]])["frame_length"]).reset_index()


def add_counts(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the concatenated counts of several parts added up, in the shape of those of one part."""
    return whole_counts(parts).reset_index()


def whole_counts(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the result of counts() from the concatenated counts of all parts."""
    return known_sums(parts.groupby(_KEYS, observed=True, dropna=False))

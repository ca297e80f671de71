"""What permessage-deflate saved."""

from __future__ import annotations

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import traffic

__all__ = ["COMPRESSED", "add_compressions", "compression", "compression_of_part"]

COMPRESSED = ("session", "direction", "opcode", "length", "wire_length")
"""Columns that the question needs."""

_KEYS = ["session", "direction"]
_DATA = ["continuation", "text", "binary"]  # control frames are never compressed (RFC 7692 §6)


def compression(df: pd.DataFrame) -> pd.DataFrame:
    """Compare the payload bytes of data frames before and after compression.

    Returns:
        One row for each session and direction; the index is (session, direction). ``frames``; ``before``, bytes as the
        application sees them; ``after``, bytes on the wire without headers; ``ratio``, after / before: 0.25 is a quarter, 1.0
        is not compressed, NaN where there were no bytes.
    """
    return add_compressions(compression_of_part(df))


def compression_of_part(df: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of some of the frames, which add_compressions adds to those of others; a plain index."""
    rows = traffic(df, "compression", COMPRESSED)
    groups = rows[rows["opcode"].isin(_DATA)].groupby(_KEYS, observed=True)
    sums = groups.agg(frames=("length", "size"), before=("length", "sum"), after=("wire_length", "sum"))
    return sums.reset_index()


def add_compressions(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the answer to compression() from the sums of its parts, one below the other."""
    sums = parts.groupby(_KEYS, observed=True).sum()
    return sums.assign(ratio=sums["after"] / sums["before"].replace(0, np.nan))

"""Question: how much smaller did permessage-deflate (RFC 7692) make the payloads?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import known_sums, traffic

__all__ = ["COMPRESSED", "add_compressions", "compression", "compression_of_part", "whole_compression"]

COMPRESSED = ("session", "direction", "opcode", "length", "wire_length")
"""Columns that the question needs."""

_KEYS = ["session", "direction"]
_DATA = ["continuation", "text", "binary"]  # control frames are never compressed (RFC 7692 §6)


def compression(df: pd.DataFrame) -> pd.DataFrame:
    """Compare the payload bytes of data frames before and after compression.

    Example: ``session.df.ws.compression()["ratio"]``.

    Returns:
        One row per session and direction, indexed by (session, direction): ``frames``; ``before``, payload bytes as
        the application sees them; ``after``, payload bytes on the wire, without headers, missing where a browser has
        told some of the messages; ``ratio``, after / before: 0.25 is a quarter, 1.0 is not compressed, missing if there were no
        bytes.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    return whole_compression(compression_of_part(df))


def compression_of_part(df: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of a part of the frames, with a plain index, for add_compressions."""
    rows = traffic(df, "compression", COMPRESSED)
    groups = rows[rows["opcode"].isin(_DATA)].groupby(_KEYS, observed=True, dropna=False)
    sums = groups.agg(frames=("length", "size"), before=("length", "sum"))
    return sums.assign(after=known_sums(groups[["wire_length"]])["wire_length"]).reset_index()


def add_compressions(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the concatenated sums of several parts added up, in the shape of those of one part."""
    return _added(parts).reset_index()


def whole_compression(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the result of compression() from the concatenated sums of all parts."""
    sums = _added(parts)
    return sums.assign(ratio=sums["after"] / sums["before"].replace(0, np.nan))


def _added(parts: pd.DataFrame) -> pd.DataFrame:
    return known_sums(parts.groupby(_KEYS, observed=True, dropna=False))

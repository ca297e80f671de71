"""The number of each frame: its ``seq``, in the index, or where that was thrown away what the messages tell of it.

The log has numbered each message as the ``seq`` of its first frame, so that the column ``message`` proves an index.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["are_first", "has_seq", "known_seq", "message_numbers"]


def message_numbers(df: pd.DataFrame) -> NDArray[np.int64]:
    """Return the number of the message of each frame, -1 where it is in none."""
    if "message" not in df.columns:
        return np.full(len(df), -1, np.int64)
    numbers = df["message"]
    if not pd.api.types.is_integer_dtype(numbers.dtype):  # of a program that has other types
        numbers = numbers.astype("Int64")
    return numbers.to_numpy(np.int64, na_value=-1)


def are_first(opcodes: pd.Series[Any], numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which frames are the first of a message, so that its number is their ``seq``."""
    return opcodes.ne("continuation").to_numpy(bool) & (numbers >= 0)


def has_seq(df: pd.DataFrame, numbers: NDArray[np.int64] | None = None) -> bool:
    """Return whether the index of frames is their ``seq``, and does not count rows anew.

    Args:
        df: the frames.
        numbers: what message_numbers() returned of them.
    """
    if df.index.name != "seq" or not pd.api.types.is_integer_dtype(df.index.dtype):
        return False  # pandas drops the name of an index with its values
    numbers = message_numbers(df) if numbers is None else numbers
    differs = np.flatnonzero(numbers != df.index.to_numpy())
    return not (len(differs) and are_first(df["opcode"].iloc[differs], numbers[differs]).any())


def known_seq(rows: pd.DataFrame, recording: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ``seq`` of each row; -1 where nobody can say, because it was thrown away.

    Between the first frames of two messages no row was left out if their numbers differ as their places do.

    Args:
        rows: frames in the order of record.
        recording: the number of the recording of each.
    """
    numbers = message_numbers(rows)
    if has_seq(rows, numbers):
        return np.asarray(rows.index, np.int64)
    order = np.argsort(recording, kind="stable")
    first = np.flatnonzero(are_first(rows["opcode"], numbers)[order])
    offset = numbers[order][first] - first
    before = np.searchsorted(first, np.arange(len(order)), side="right") - 1
    after = np.minimum(before + 1, len(first) - 1)
    found = np.full(len(rows), -1, np.int64)
    if len(first):
        is_known = (before >= 0) & (offset[before] == offset[after]) & (before < after)
        is_known &= recording[order][first][before] == recording[order][first][after]
        is_known[first] = True
        found[order[is_known]] = (np.arange(len(order)) + offset[before])[is_known]
    return found

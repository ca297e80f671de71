"""What every question does first: look whether its columns are there, leave out what was never sent, restore the order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["CORE", "arrow", "connections", "in_order", "need", "ns_of", "traffic"]

CORE = ("direction", "opcode")
"""Columns without which a DataFrame is no frame log, whatever is asked."""


def need(columns: Iterable[str], wanted: Iterable[str], asker: str) -> None:
    """Check that the columns which a question needs are there.

    Raises:
        AttributeError: some are missing; the sentence names them.
    """
    missing = [name for name in wanted if name not in set(columns)]
    if missing:
        raise AttributeError(
            f"{asker} needs a frame log with the columns {', '.join(missing)}, which this DataFrame has not: "
            "ask session.df, log.df, or rows of them with these columns kept"
        )


def traffic(
    df: pd.DataFrame, asker: str, wanted: Sequence[str], optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the columns that a question needs, of the frames that crossed the wire.

    Rows with status ``unsent`` (``dropped`` in files of version 1) were queued and never sent, so they are left out; where the column ``status`` is missing,
    every row is taken.
    """
    need(df.columns, wanted, f"df.ws.{asker}()")
    rows = df[[*wanted, *(name for name in optional if name in df.columns)]]
    rows.attrs = {}  # handshakes, which pandas would copy at each of the steps that follow
    if "status" in df.columns:
        unsent = df["status"].isin(("unsent", "dropped")).to_numpy(dtype=bool, na_value=False)
        if unsent.any():
            return rows[~unsent]
    return rows


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in the order of record, however they were sorted.

    ``seq`` is that order. Where it has values twice the rows come from several recordings, and are left as they are: one
    recording after the other.
    """
    if rows.index.is_monotonic_increasing or not rows.index.is_unique:
        return rows
    return rows.sort_index(kind="stable")


def connections(rows: pd.DataFrame) -> NDArray[Any]:
    """Return a number for each row: the same for rows of one connection, that is recording, session and attempt.

    Clocks of two recordings cannot be compared, nor does a pong in one answer a ping in the other.
    """
    seq = rows.index.to_numpy()
    recording = np.zeros(len(rows), np.int64)
    if not rows.index.is_unique:
        recording[1:] = np.cumsum(seq[1:] <= seq[:-1])
    keys: list[Any] = [recording, rows["session"].astype("category").cat.codes.to_numpy()]
    if "attempt" in rows.columns:
        keys.append(rows["attempt"].to_numpy())
    return rows.groupby(keys, sort=False).ngroup().to_numpy()


def ns_of(times: pd.Series[Any]) -> NDArray[np.int64]:
    """Return a column of times as ns since the epoch."""
    return np.asarray(times.dt.as_unit("ns").astype("int64"), np.int64)


def arrow(values: pd.Series[Any], kind: pa.DataType) -> pa.Array:
    """Return a column as one Arrow array."""
    array = pa.array(values.array, kind)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array

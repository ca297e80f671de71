"""The first steps of every question: check its columns, drop rows that were never sent, restore the order of record.

Also the identity of connections, and conversions of columns to numpy and Arrow. Questions have modules of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["CORE", "arrow", "connections", "in_order", "need", "ns_of", "traffic"]

CORE = ("direction", "opcode")
"""Columns that every frame log has; ``df.ws`` raises AttributeError without them."""


def need(columns: Iterable[str], wanted: Iterable[str], asker: str) -> None:
    """Check that ``columns`` contains all of ``wanted``.

    Args:
        columns: column names of the DataFrame.
        wanted: column names that the question needs.
        asker: the question, for the message: ``df.ws.rate()``.

    Raises:
        AttributeError: some are missing; the message names them.
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

    Rows with status ``unsent`` (``dropped`` in files of version 1) were queued and never sent, so they are left out.
    Without a column ``status`` all rows are returned.

    Args:
        df: the frame log.
        asker: name of the question, for the message.
        wanted: columns that the question needs.
        optional: further columns to return if ``df`` has them.

    Raises:
        AttributeError: some of ``wanted`` are missing.
    """
    need(df.columns, wanted, f"df.ws.{asker}()")
    rows = df[[*wanted, *(name for name in optional if name in df.columns)]]
    rows.attrs = {}  # pandas would deep-copy the handshakes at each of the following steps
    if "status" in df.columns:
        unsent = df["status"].isin(("unsent", "dropped")).to_numpy(dtype=bool, na_value=False)
        if unsent.any():
            return rows[~unsent]
    return rows


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows sorted by ``seq``, the order of record.

    A ``seq`` that occurs twice means rows of several recordings, one recording after the other; they are returned
    unsorted.
    """
    if rows.index.is_monotonic_increasing or not rows.index.is_unique:
        return rows
    return rows.sort_index(kind="stable")


def connections(rows: pd.DataFrame) -> NDArray[Any]:
    """Return the number of the connection of each row, int array of ``len(rows)``.

    Rows of one recording, session and attempt have one number. Recordings are kept apart because their monotonic
    clocks cannot be compared, and a pong in one does not answer a ping in another.
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
    """Return a datetime column as int64 nanoseconds since 1970 UTC."""
    return np.asarray(times.dt.as_unit("ns").astype("int64"), np.int64)


def arrow(values: pd.Series[Any], kind: pa.DataType) -> pa.Array:
    """Return a column as one contiguous Arrow array of type ``kind``."""
    array = pa.array(values.array, kind)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array

"""Question: which pong answers each ping, and after how long?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.columns import byte_codes, connections, identity, in_order, labels, traffic

__all__ = ["pings"]


def pings(df: pd.DataFrame) -> pd.DataFrame:
    """Find the pong of each ping, and the latency.

    A pong answers the oldest unanswered ping before it of the same connection, the opposite direction and the same
    payload (RFC 6455 §5.5.3). Example: ``session.df.ws.pings()["latency"].describe()``.

    Returns:
        One row per ping, indexed by ``seq``: time (wall clock), recording, connection, session and attempt (those that
        ``df`` has), ``direction`` (out: our ping, in: the peer's), ``payload``, ``pong`` (``seq`` of the answer, missing if there is none) and ``latency`` (seconds,
        monotonic clock, NaN if there is none; for a ping of the peer, the time until our pong).

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    wanted = ("time", "monotonic", "session", "direction", "opcode", "payload")
    rows = in_order(traffic(df, "pings", wanted))
    rows = rows[rows["opcode"].isin(["ping", "pong"])]
    is_ping = rows["opcode"].eq("ping").to_numpy()
    answer = _answers(_flows(rows, is_ping), is_ping)
    answered = answer >= 0
    monotonic = rows["monotonic"].to_numpy()
    latency = np.where(answered, (monotonic[answer] - monotonic) / 1e9, np.nan)
    pong = labels(rows, answer, answered)
    shown = ["time", *identity(rows), "direction", "payload"]
    found = rows[shown].assign(pong=pong, latency=latency)
    return found[is_ping]


def _flows(rows: pd.DataFrame, is_ping: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a flow number for each row: pings of one connection, direction and payload, and their pongs, share one."""
    asked_by_us = rows["direction"].eq("out").to_numpy() == is_ping
    payload = byte_codes(rows["payload"])
    flows = rows.groupby([connections(rows), asked_by_us, payload], sort=False).ngroup()
    return np.asarray(flows, np.int64)


def _answers(flow: NDArray[np.int64], is_ping: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each row with a ping the row index of its pong, -1 for all others.

    Unanswered pings of a flow form a queue. The running sum of +1 for a ping and -1 for a pong reaches a new minimum
    below zero exactly where a pong finds the queue empty. Without those pongs, the n-th pong answers the n-th ping.
    """
    step: pd.Series[Any] = pd.Series(np.where(is_ping, 1, -1))
    low = step.groupby(flow).cumsum().groupby(flow).cummin().clip(upper=0)
    unasked = (low < low.groupby(flow).shift(fill_value=0)).to_numpy()
    kind = np.where(is_ping, 0, np.where(unasked, 2, 1))
    rank = step.groupby([flow, kind]).cumcount().to_numpy()
    rows = pd.DataFrame({"flow": flow, "rank": rank, "row": np.arange(len(flow))})
    pairs = rows[kind == 0].merge(rows[kind == 1], on=["flow", "rank"], suffixes=("", "_pong"))
    answer = np.full(len(flow), -1, np.int64)
    answer[pairs["row"].to_numpy()] = pairs["row_pong"].to_numpy()
    return answer

"""How long an answer takes: pings and their pongs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.columns import connections, in_order, traffic

__all__ = ["pings"]


def pings(df: pd.DataFrame) -> pd.DataFrame:
    """Find the pong of each ping.

    A pong answers the oldest ping of its connection that came before it, went the other way, has the same payload (RFC 6455
    §5.5.3) and has no pong yet.

    Returns:
        One row a ping, by ``seq``: time (wall clock), session, ``direction`` (out: ours, in: the peer's), ``payload``, ``pong``
        (``seq`` of the answer, missing where there is none) and ``latency`` (seconds by the monotonic clock, NaN where
        there is none; of a peer's ping it is how long we took).
    """
    wanted = ("time", "monotonic", "session", "direction", "opcode", "payload")
    rows = in_order(traffic(df, "pings", wanted, optional=("attempt",)))
    rows = rows[rows["opcode"].isin(["ping", "pong"])]
    is_ping = rows["opcode"].eq("ping").to_numpy()
    answer = _answers(_flows(rows, is_ping), is_ping)
    answered = answer >= 0
    monotonic = rows["monotonic"].to_numpy()
    latency = np.where(answered, (monotonic[answer] - monotonic) / 1e9, np.nan)
    pong = pd.arrays.IntegerArray(np.where(answered, rows.index.to_numpy(np.int64)[answer], 0), ~answered)
    found = rows[["time", "session", "direction", "payload"]].assign(pong=pong, latency=latency)
    return found[is_ping]


def _flows(rows: pd.DataFrame, is_ping: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a number for each row: the same for the pings of one connection, direction and payload, and their pongs."""
    asked_by_us = rows["direction"].eq("out").to_numpy() == is_ping
    payload = pd.factorize(rows["payload"])[0]
    flows = rows.groupby([connections(rows), asked_by_us, payload], sort=False).ngroup()
    return np.asarray(flows, np.int64)


def _answers(flow: NDArray[np.int64], is_ping: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each ping the place of its pong, or -1.

    In each flow pings wait in a queue. The sum of +1 for a ping and -1 for a pong falls to a new low under zero exactly
    where a pong finds the queue empty; without those, the n-th pong answers the n-th ping.
    """
    step: pd.Series[Any] = pd.Series(np.where(is_ping, 1, -1))
    low = step.groupby(flow).cumsum().groupby(flow).cummin().clip(upper=0)
    unasked = (low < low.groupby(flow).shift(fill_value=0)).to_numpy()
    kind = np.where(is_ping, 0, np.where(unasked, 2, 1))
    rank = step.groupby([flow, kind]).cumcount().to_numpy()
    places = pd.DataFrame({"flow": flow, "rank": rank, "place": np.arange(len(flow))})
    pairs = places[kind == 0].merge(places[kind == 1], on=["flow", "rank"], suffixes=("", "_pong"))
    answer = np.full(len(flow), -1, np.int64)
    answer[pairs["place"].to_numpy()] = pairs["place_pong"].to_numpy()
    return answer

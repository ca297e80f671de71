"""Question: which numbers of a sequence are missing, came twice or out of order, and where does it begin again?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.columns import identity
from wsnotebook.analysis.decodedmessages import read_messages
from wsnotebook.analysis.jsonmessages import JsonMessages
from wsnotebook.analysis.pairrules import codes_of, column

__all__ = ["sequence"]

_KINDS = ("missing", "duplicate", "reordered", "reset")
_LIMIT = 1 << 63
_WHOLE = re.compile(r"[+-]?[0-9]{1,100}")  # Python refuses to read thousands of digits


def sequence(df: pd.DataFrame, field: str, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Find what is wrong in numbers that a service counts up by one: of each connection, direction and key.

    Example: ``session.df.ws.sequence("seq", by="symbol").query("kind == 'missing'")``.

    Args:
        field: the key with the number, dotted.
        by: the key, or keys, that have sequences of their own.

    Returns:
        One row per irregularity, in order: recording, connection, session and attempt (those that ``df`` has), direction,
        the columns of ``by``, ``time`` (wall clock), ``seq`` of the message, ``kind``, ``expected`` and ``value`` (the number
        that should have come, and that came) and ``count``. The kinds are ``missing``: ``count`` numbers before ``value``
        never came; ``duplicate``: it was there before; ``reordered``: it came after a larger one; ``reset``: the sequence
        begins again, at 0 or 1 or below all numbers before, and goes on from there. ``attrs["sequence"]`` has the number of
        ``values`` and of each kind, and ``not_integer``, the values that are not whole numbers of 64 bits, in strings
        or not.

    Raises:
        ValueError: no message has ``field`` or ``by``.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    keys = [] if by is None else [by] if isinstance(by, str) else list(by)
    parsed = read_messages(df, "sequence")
    values, is_number = _numbers(_column(parsed, field))
    others = {name: _column(parsed, name) for name in keys}
    rows = _checked(parsed, values, is_number, others)
    odd = rows[rows["kind"].ne("")]
    of = parsed.of.iloc[odd["place"].to_numpy()].reset_index(drop=True)
    odd = odd.reset_index(drop=True)
    table = identity(of).assign(
        direction=of["direction"],
        **{name: others[name].iloc[odd["place"].to_numpy()].reset_index(drop=True) for name in keys},
        time=of["time"],
        seq=parsed.seq[odd["place"].to_numpy()],
        kind=pd.Categorical(odd["kind"], categories=_KINDS),
        expected=odd["top"] + 1,
        value=odd["value"],
        count=odd["count"],
    )
    totals = table.groupby("kind", observed=False)["count"].sum().astype(int).to_dict()
    wrong = int((~is_number & _column(parsed, field).notna().to_numpy()).sum())
    table.attrs["sequence"] = {"values": int(is_number.sum()), **totals, "not_integer": wrong}
    return table


def _column(parsed: JsonMessages, name: str) -> pd.Series[Any]:
    parts = parsed.parts()
    found: pd.Series[Any] | None = column(parts, len(parsed.messages), name)
    if found is not None:
        return found
    if len(parsed.messages):
        names = ", ".join(sorted(".".join(path) for path in parts)[:20])
        raise ValueError(f"no message has the key {name!r}: give one of {names}")
    return pd.Series([], dtype=object)


def _numbers(values: pd.Series[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return values as int64, and which of them are whole numbers of 64 bits."""
    if pd.api.types.is_signed_integer_dtype(values.dtype):
        return values.fillna(0).to_numpy(np.int64), values.notna().to_numpy(bool)
    found = pd.array([_number(value) for value in values.astype(object)], "Int64")
    return found.to_numpy(np.int64, na_value=0), ~found.isna()


def _number(value: Any) -> int | None:
    """Return a whole number of 64 bits, also of a string as some services write it; None for any other value."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    return value if type(value) is int and -_LIMIT <= value < _LIMIT else None


def _checked(
    parsed: JsonMessages,
    values: NDArray[np.int64],
    is_number: NDArray[np.bool_],
    others: dict[str, pd.Series[Any]],
) -> pd.DataFrame:
    """Return the numbers with the kind of each that is wrong, an empty one for others, in their order.

    ``top`` is the largest number of the run before, from which the next one is counted.
    """
    of = parsed.of
    keys = [parsed.connections, of["direction"].eq("out").to_numpy()]
    keys += [codes_of(each) for each in others.values()]
    flow = pd.DataFrame(np.column_stack(keys)).groupby(list(range(len(keys))), sort=False).ngroup().to_numpy()
    rows = pd.DataFrame(
        {"place": np.flatnonzero(is_number), "flow": flow[is_number], "value": values[is_number]}
    )
    rows = rows.sort_values("flow", kind="stable", ignore_index=True)
    rows["run"] = _runs(rows)
    runs = rows.groupby("run", sort=False)["value"]
    top = runs.cummax().groupby(rows["run"]).shift(fill_value=np.iinfo(np.int64).min)
    is_first = ~rows["run"].duplicated()
    is_seen = rows.duplicated(["run", "value"])
    is_late = ~is_first & ~is_seen & (rows["value"] < top)
    is_gap = ~is_first & (rows["value"] > top + 1)
    is_reset = is_first & rows["flow"].duplicated()
    before = rows["value"].groupby(rows["flow"]).cummax().groupby(rows["flow"]).shift(fill_value=0)
    rows["top"] = top.where(~is_first, before)
    rows["count"] = np.where(is_gap, rows["value"] - rows["top"] - 1, 1)
    _fill_gaps(rows, is_gap, is_late)
    rows["kind"] = np.select(
        [is_reset, is_gap & (rows["count"] > 0), is_seen, is_late],
        ["reset", "missing", "duplicate", "reordered"],
        "",
    )
    return rows.sort_values("place", kind="stable")


def _runs(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each run: a new flow, and a number from which a sequence begins again, begin one."""
    value, values = rows["value"], rows.groupby("flow", sort=False)["value"]
    before, after = values.shift(), values.shift(-1)
    lowest = values.cummin().groupby(rows["flow"]).shift()
    begins = (value < before) & ((value.between(0, 1)) | (value < lowest)) & (after == value + 1)
    return np.asarray((begins | before.isna()).cumsum().to_numpy(), np.int64)


def _fill_gaps(rows: pd.DataFrame, is_gap: pd.Series[Any], is_late: pd.Series[Any]) -> None:
    """Count a number that came late no longer as missing."""
    gaps = (
        rows.loc[is_gap, ["run", "value", "top"]]
        .rename(columns={"top": "after"})
        .sort_values("value", kind="stable")
    )
    late = rows.loc[is_late, ["run", "value"]].sort_values("value", kind="stable")
    if not len(gaps) or not len(late):
        return
    found = pd.merge_asof(late, gaps.reset_index(), on="value", by="run", direction="forward")
    filled = found.loc[found["value"] > found["after"], "index"].astype("int64").value_counts()
    rows.loc[filled.index, "count"] -= filled

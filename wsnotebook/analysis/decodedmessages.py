"""Messages as objects: JSON of frames, or what ``decode()`` returned, in one form for the questions that look into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wsnotebook.analysis.columns import IDENTITY, in_order, is_decoded, need, recordings
from wsnotebook.analysis.decoders.jsontext import kind_of
from wsnotebook.analysis.jsonexact import COUNTS, ExactParser
from wsnotebook.analysis.jsonmessages import JsonMessages, parse_messages
from wsnotebook.analysis.messages import Joined

__all__ = ["KIND", "decoded_in_order", "read_messages"]

KIND = "kind"
"""The key of a decoded object that has its type in the protocol."""


def read_messages(
    df: pd.DataFrame,
    asker: str,
    *,
    path: str | Sequence[str] | None = None,
    flatten: bool = True,
    decimals: bool = False,
    nulls: bool = False,
    partly: bool = False,
    more: tuple[str, ...] = (),
) -> JsonMessages:
    """Return the objects in the messages of a frame log, or in what ``decode()`` returned; as parse_messages.

    With ``partly``, what could be read of a decoded message with an error is an object too. The object of a decoded message is its value and the key ``kind``, its type in the protocol; a key of this name in the
    value becomes ``json_kind``. A value that is no object is one with the key ``value``.

    Raises:
        AttributeError: columns are missing.
    """
    if not is_decoded(df):
        return parse_messages(
            df, asker, path=path, flatten=flatten, decimals=decimals, nulls=nulls, more=more
        )
    need(df.columns, ("time", "direction", *more), f"df.ws.{asker}()")
    df = decoded_in_order(df)
    joined = _joined(df, more)
    parser = ExactParser(path, flatten=flatten)
    kinds, values = df["kind"].tolist(), df["value"].tolist()
    is_whole = df["error"].isna().to_numpy(bool)
    if partly:
        is_whole = is_whole | np.fromiter((isinstance(value, Mapping) for value in values), bool, len(values))
    whole = np.flatnonzero(is_whole)
    objects = [_object(kinds[place], values[place]) for place in whole]
    piece = parser.rows(objects, whole.tolist())
    counts = {"messages": len(df), "rows": len(piece.sources), "incomplete": int((~is_whole).sum())}
    counts |= {name: parser.counts[name] for name in COUNTS}
    has_kinds = any(each.get(KIND) is kinds[place] for each, place in zip(objects, whole, strict=True))
    order = np.arange(len(piece.sources))
    return JsonMessages(joined, piece.sources, [piece], order, counts, values, KIND if has_kinds else None)


def decoded_in_order(df: pd.DataFrame) -> pd.DataFrame:
    """Return what ``decode()`` returned in the order in which the messages ended, whatever rows were sorted by since."""
    rows = in_order(df) if df.index.is_unique else df
    last = rows["last_seq"].to_numpy(np.int64)
    recording = recordings(rows)
    order = np.lexsort((last, recording))  # stable: several of one message stay as they are
    is_sorted = (np.diff(last) >= 0)[np.diff(recording) == 0].all() and (np.diff(recording) >= 0).all()
    return rows if is_sorted else rows.take(order)


def _joined(df: pd.DataFrame, more: tuple[str, ...]) -> Joined:
    """Return decoded messages in the form of messages that were joined; they have no payload of their own."""
    names = ("time", "direction", *(name for name in IDENTITY if name in df.columns), *more)
    rows = df[list(dict.fromkeys(names))].reset_index(drop=True)
    rows.attrs = {}
    rows["message"] = df["first_seq"].to_numpy(np.int64)
    count = len(rows)
    complete = pd.arrays.BooleanArray(np.ones(count, bool), np.zeros(count, bool))
    payload, text = pa.nulls(count, pa.large_binary()), pa.nulls(count, pa.large_string())
    return Joined(rows, np.arange(count + 1), payload, text, complete)


def _object(kind: Any, value: Any) -> dict[Any, Any]:
    """Return the object of a decoded message."""
    fields = value if isinstance(value, Mapping) else {"value": value}
    has_kind = isinstance(kind, str) and kind != kind_of(value)  # JSON in gzip has none
    if not has_kind:
        return dict(fields)
    if KIND not in fields:
        return {KIND: kind, **fields}
    return {KIND: kind} | {f"json_{KIND}" if key == KIND else key: each for key, each in fields.items()}

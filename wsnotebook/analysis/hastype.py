"""Question: which frames end a message of a type?"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import (
    IDENTITY,
    are_cut,
    are_unsent,
    asked,
    connections,
    in_order,
    payloads,
)
from wsnotebook.analysis.decoders.guess import subprotocol_of
from wsnotebook.analysis.typereader import TypeReader

__all__ = ["has_type"]

_OPCODES = {"continuation": 0, "text": 1, "binary": 2}
_OTHER = 15  # of no data frame
_NEEDED = ("direction", "opcode", "fin", "payload", "text")


def has_type(df: pd.DataFrame, name: str | Collection[str]) -> pd.Series[bool]:
    """Tell which frames end a message of a type, as ``type:`` does in a filter.

    Example: ``df[df.ws.has_type("order")]``. The types of a message are its kind for the decoder of its connection, which is guessed as ``decode()`` guesses it, and
    the text of the key ``type``, ``event``, ``op``, ``method``, … in its JSON.

    Args:
        name: the type, or several; capital and small letters are alike.

    Returns:
        A Series of bool for each row. A message in fragments has its type in the last one.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    wanted = {each.casefold() for each in ([name] if isinstance(name, str) else name)}
    rows = asked(df, "has_type", (*_NEEDED, *({"status"} & set(df.columns))))
    rows = in_order(rows.assign(place=np.arange(len(rows))))
    rows = rows[~are_unsent(rows)]
    found = np.zeros(len(df), bool)
    reader, numbers = TypeReader(), connections(rows)
    first = np.unique(numbers, return_index=True)[1]
    for at in first.tolist():
        of = {each: rows[each].iloc[at] for each in IDENTITY if each in rows.columns}
        reader.begin(int(numbers[at]), subprotocol_of(df.attrs, of))
    frames = zip(
        rows["place"].tolist(),
        numbers.tolist(),
        rows["direction"].eq("out").tolist(),
        rows["opcode"].map(_OPCODES).astype("Int64").fillna(_OTHER).tolist(),
        rows["fin"].tolist(),
        payloads(rows).to_pylist(),
        are_cut(rows).tolist(),
        strict=True,
    )
    for place, number, is_sent, opcode, is_final, payload, is_cut in frames:
        types = reader.read(number, is_sent, opcode, is_final, None if is_cut else payload or b"")
        found[place] = any(each.casefold() in wanted for each in types)
    return pd.Series(found, df.index, dtype=bool)

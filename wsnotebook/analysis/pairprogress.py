"""Which request a message of progress belongs to: the one that gave it the token, as in JSON-RPC's $/progress."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wsnotebook.analysis.jsoncolumns import Path
from wsnotebook.analysis.jsontable import Parts
from wsnotebook.analysis.pairrules import PairRule, column, fits

__all__ = ["progress_codes"]


def progress_codes(
    parts: Mapping[Path, Parts],
    rule: PairRule,
    connections: NDArray[np.int64],
    is_out: NDArray[np.bool_],
    asks: NDArray[np.bool_],
    codes: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return for each row of progress the number of the id of its request; -1 for other rows, and for unknown tokens.

    The request is the last one before it, of the other side of its connection, that gave the token.

    Args:
        parts: the columns of the messages, in order of record.
        rule: the protocol.
        connections: the connection of each row.
        is_out: whether it was sent.
        asks: whether it is a request.
        codes: the number of its id.
    """
    rows = len(codes)
    found = np.full(rows, -1, np.int64)
    reports = fits(parts, rows, rule.progress)
    if not reports.any():
        return found
    given: dict[tuple[int, bool, type, object], int] = {}
    named = [*_tokens(parts, rule.tokens, asks), *_tokens(parts, rule.progress_tokens, reports)]
    for row, token in sorted(named, key=lambda each: each[0]):
        key = (int(connections[row]), bool(is_out[row] == asks[row]), type(token), token)
        if asks[row]:
            given[key] = int(codes[row])
        else:
            found[row] = given.get(key, -1)
    return found


def _tokens(
    parts: Mapping[Path, Parts], names: tuple[str, ...], marks: NDArray[np.bool_]
) -> list[tuple[int, object]]:
    """Return row and value of each token that marked rows have."""
    found: list[tuple[int, object]] = []
    for name in names:
        values = column(parts, len(marks), name)
        if values is None:
            continue
        there = np.flatnonzero(values.notna().to_numpy(bool) & marks)
        tokens = values.iloc[there].astype(object)
        found += [
            (int(row), token)
            for row, token in zip(there, tokens, strict=True)
            if isinstance(token, (str, int))
        ]
    return found

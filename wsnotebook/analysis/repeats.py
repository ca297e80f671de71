"""Copies among frames that name no recording: those of former versions, of other programs, and of who made them by hand.

Their times may be coarse, and frames truly equal. So one row proves nothing: a copy is a run of rows, over two times or more,
that is there once more as a whole.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["check_repeats"]

_RUNS = (
    100  # runs of rising times that are compared, each with each; a table with more was put in another order
)


class _Repeat(NamedTuple):
    """Rows ``start`` to ``stop`` that are those from ``original`` on."""

    start: int
    stop: int
    original: int


def check_repeats(clock: NDArray[Any], index: pd.Index[Any], code: Callable[[], NDArray[np.int64]]) -> None:
    """Check that no run of frames is there twice.

    Args:
        clock: the time of each row, on one clock, in the order of the table.
        index: the index of the table.
        code: returns a number for each row, the same for rows with equal direction, opcode, payload and session.

    Raises:
        ValueError: one is; the message has the remedy.
    """
    code = functools.cache(code)
    if not index.is_unique and _are_equal_by_index(clock, index, code):
        raise ValueError(
            "frames are there twice, with one number in the index, and would count twice: keep each once, "
            "df[~df.index.duplicated()]"
        )
    found = _repeat(clock, code)
    if found is not None:
        raise ValueError(
            f"frames are there twice, and would count twice: rows {found.start:,} to {found.stop - 1:,} are those from row "
            f"{found.original:,} on: keep each once, pd.concat([df[:{found.start}], df[{found.stop}:]])"
        )


def _are_equal_by_index(
    clock: NDArray[Any], index: pd.Index[Any], code: Callable[[], NDArray[np.int64]]
) -> bool:
    """Return whether all rows with one number are equal: then they were not numbered by themselves, and are copies.

    Numbers that only rise count rows if they end before the number of rows; else they may be coarse times.
    """
    if not pd.api.types.is_integer_dtype(index.dtype):
        return False
    if index.is_monotonic_increasing and not 0 <= index[0] <= index[-1] < len(index):
        return False
    again = np.flatnonzero(index.duplicated())
    number = pd.factorize(index)[0]
    first = np.unique(number, return_index=True)[1][number[again]]
    if len(np.unique(clock[again])) < 2 or not np.array_equal(clock[again], clock[first]):
        return False
    return np.array_equal(code()[again], code()[first])


def _repeat(clock: NDArray[Any], code: Callable[[], NDArray[np.int64]]) -> _Repeat | None:
    """Return the first run of rows that is there twice; None without one."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(clock) < 0) + 1, [len(clock)]])
    if not 2 < len(starts) <= _RUNS + 1:
        return None
    runs = [slice(int(start), int(stop)) for start, stop in itertools.pairwise(starts)]
    for one, other in itertools.combinations(runs, 2):
        for early, late in ((one, other), (other, one)):
            found = _overlap(clock, code, early, late)
            if found is not None:
                return found
    return None


def _overlap(
    clock: NDArray[Any], code: Callable[[], NDArray[np.int64]], early: slice, late: slice
) -> _Repeat | None:
    """Return the first rows of one run that are also rows of another: to the end of one of them."""
    where = [np.searchsorted(clock[early], clock[late.start], side) for side in ("left", "right")]
    for original in range(early.start + int(where[0]), early.start + int(where[1])):
        count = min(early.stop - original, late.stop - late.start)
        here, there = slice(late.start, late.start + count), slice(original, original + count)
        if clock[here][0] == clock[here][-1] or not np.array_equal(clock[here], clock[there]):
            continue
        if np.array_equal(code()[here], code()[there]):
            return _Repeat(here.start, here.stop, original)
    return None

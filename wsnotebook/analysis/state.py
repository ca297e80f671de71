"""Question: what does a state look like that messages change, such as an order book, at some time?"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import pandas as pd

from wsnotebook.analysis.columns import check_one, is_decoded, ns_of
from wsnotebook.analysis.decodedmessages import decoded_in_order
from wsnotebook.analysis.jsonexact import ExactParser
from wsnotebook.analysis.jsonmessages import texts_of
from wsnotebook.analysis.messages import Joined, join

__all__ = ["state"]

Apply: TypeAlias = Callable[[Any, Any], Any]
"""Applies a message to a state: returns the new state, or None after it has changed the state in place."""


def state(df: pd.DataFrame, apply: Apply, at: Any = None, initial: Any = None) -> Any:
    """Apply JSON messages one after the other to a state, and return it as it was at a time.

    Of what ``decode()`` returned, the values are applied.

    Example, an order book: ``def apply(book, message): book.update(message["bids"])``, then
    ``df[df["direction"] == "in"].ws.state(apply, at="2026-11-27 09:30")``.

    Args:
        apply: called with the state and each message, a dict, a list or another JSON value; returns the new state, or None
            after it has changed the state in place.
        at: the time, as text, ``pd.Timestamp`` or datetime; without a zone it is in that of the column ``time``. Messages
            of that moment are applied. None is the end; a list or Series of times gives a Series of states, each its own copy.
        initial: the state before the first message, which is copied; without it an empty dict.

    Returns:
        The state, or a Series of states with the times as its index. Messages that are not JSON, or not whole, are left out.

    Raises:
        ValueError: the frames are of several connections, or a time is none; the message has the remedy.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    joined = None if is_decoded(df) else join(df, "state")
    df = decoded_in_order(df) if joined is None else df
    first = df if joined is None else joined.first
    check_one(first, "a state", "state(apply)")
    times = first["time"]
    is_one = isinstance(at, str) or not isinstance(at, Iterable)
    ns = ns_of(times).tolist()
    moments = [_moment(each, times.dt.tz) for each in ([at] if is_one else at)]
    values = _decoded(df, ns) if joined is None else _parsed(joined, ns)
    current: Any = {} if initial is None else copy.deepcopy(initial)
    found: dict[int, Any] = {}
    waiting = next(values, None)
    for place in sorted(range(len(moments)), key=lambda place: (moments[place] is None, moments[place] or 0)):
        end = moments[place]
        while waiting is not None and (end is None or waiting[0] <= end):
            changed = apply(current, waiting[1])
            current = current if changed is None else changed
            waiting = next(values, None)
        found[place] = current if is_one else copy.deepcopy(current)
    if is_one:
        return found[0]
    return pd.Series([found[place] for place in range(len(moments))], index=pd.Index(at), dtype=object)


def _decoded(df: pd.DataFrame, times: list[int]) -> Iterator[tuple[int, Any]]:
    """Yield the time of each message that a decoder has read, in ns, and its value."""
    is_read = df["error"].isna().tolist()
    for time, value, whole in zip(times, df["value"].tolist(), is_read, strict=True):
        if whole:
            yield time, value


def _parsed(joined: Joined, times: list[int]) -> Iterator[tuple[int, Any]]:
    """Yield the time of each message in ns, and each JSON value in it."""
    parser = ExactParser()
    whole = joined.complete.to_numpy(bool, na_value=True).tolist()
    for time, text, is_whole in zip(times, texts_of(joined), whole, strict=True):
        if is_whole:
            for value in parser.values(text.as_py()):
                yield time, value


def _moment(at: Any, zone: Any) -> int | None:
    """Return a time in ns since 1970 UTC."""
    if at is None:
        return None
    try:
        moment = pd.Timestamp(at)
    except (ValueError, TypeError) as error:
        raise ValueError(f"at is a time such as '2026-11-27 09:30:00', not {at!r}") from error
    if pd.isna(moment):
        raise ValueError(f"at is a time such as '2026-11-27 09:30:00', not {at!r}")
    return (moment.tz_localize(zone or "UTC") if moment.tzinfo is None else moment).as_unit("ns").value

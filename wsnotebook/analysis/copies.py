"""The check before every question: frames are there once, and in an order that can be known, with or without ``seq``.

A copy is told by what the log has numbered: ``seq``, and where that was thrown away, ``message``, which is the ``seq`` of
a message's first frame. Frames whose numbers are equal and whose clocks are not were numbered anew, and are no copies.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.columns import (
    IDENTITY,
    are_rising,
    byte_codes,
    check_index,
    connections,
    in_order,
    is_decoded,
    ns_of,
    recordings,
)
from wsnotebook.analysis.repeats import check_repeats
from wsnotebook.analysis.seqs import are_first, has_seq, known_seq, message_numbers

__all__ = ["KEYS", "checked_rows", "keys_of_part", "refuse_copies"]

KEYS = ("recording", "message", "opcode", "monotonic")
"""Columns that tell the frames of a part from those of others."""
_CLOCKS = ("monotonic", "time")
_EQUAL = ("recording", "connection", "direction", "opcode", "fin", "message", "monotonic", "time", "payload")
_OF_READ = ("recording", "connection", "direction", "monotonic")
_DECODED = ("recording", "connection", "direction", "first_seq", "last_seq", "kind")
_FEW = 10_000  # messages of a part whose keys are all kept; of more, one in _THINNED
_THINNED = 64


def checked_rows(df: pd.DataFrame, *, any_order: bool) -> pd.DataFrame:
    """Return frames, or what ``decode()`` returned, with an index that has no name of a column: pandas would not know
    which one a question means. They are there once, and in an order that can be known.

    Rows of former versions, and of who made them by hand, have no column ``recording``: a copy of them has the numbers and
    the monotonic clock of another row, or repeats a run of rows. Their order is checked where no two messages have one
    number, as those of two recordings do.

    Args:
        df: the frames.
        any_order: whether the order does not matter.

    Raises:
        ValueError: a recording, or a part of it, is there twice, or its order is lost; two columns have one name; or the
            index has what should be a column. The message has the remedy.
    """
    check_index(df)
    rows = _without_clash(df)
    if len(rows) > 1:
        _check_rows(rows, any_order=any_order)
    return rows


def _without_clash(df: pd.DataFrame) -> pd.DataFrame:
    if not df.columns.is_unique:
        twice = ", ".join(map(str, df.columns[df.columns.duplicated()].unique()))
        raise ValueError(
            f"the columns {twice} are there twice: keep each once, df.loc[:, ~df.columns.duplicated()]"
        )
    names = [None if name in df.columns else name for name in df.index.names]
    return df if names == list(df.index.names) else df.set_axis(df.index.set_names(names))


def _check_rows(df: pd.DataFrame, *, any_order: bool) -> None:
    if "recording" not in df.columns:
        if not is_decoded(df):
            _check_unnamed(df, any_order=any_order)
        return
    if is_decoded(df):
        _check_decoded(df)
        return
    numbers = message_numbers(df)
    if not has_seq(df, numbers):
        places = np.flatnonzero(are_first(df["opcode"], numbers))
        keys = _keys(df, places, numbers[places]).set_axis(df.index[places])
        refuse_copies(keys, df)
        is_sorted = _are_in_order(keys)
        _check_unnumbered(df, numbers, is_sorted=is_sorted)
        if not any_order and not (is_sorted and _are_at_their_time(df)):
            raise _lost(df, keys)
    elif not (df.index.is_monotonic_increasing and df.index.is_unique):
        refuse_copies(_keys(df, np.arange(len(df)), df.index.to_numpy(np.int64)), df)


def _check_unnamed(df: pd.DataFrame, *, any_order: bool) -> None:
    """Check frames that name no recording."""
    clock = _clock_of(df)
    if clock is None:
        return
    keys = None
    if clock == "monotonic":
        numbers = message_numbers(df)
        if has_seq(df, numbers):
            if not (df.index.is_monotonic_increasing and df.index.is_unique):
                refuse_copies(_keys(df, np.arange(len(df)), df.index.to_numpy(np.int64)), df)
            return
        places = np.flatnonzero(are_first(df["opcode"], numbers))
        keys = _keys(df, places, numbers[places]).set_axis(df.index[places])
        refuse_copies(keys, df)
    times = df[clock]
    if times.dtype.kind in "iufM" and not times.hasnans:
        values = ns_of(times) if times.dtype.kind == "M" else times.to_numpy()
        check_repeats(values, df.index, partial(_content_codes, df))
    if any_order or keys is None or keys.empty or (_are_in_order(keys) and _are_at_their_time(df)):
        return
    if keys["number"].is_unique:
        raise _lost(df, keys)


def _content_codes(df: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each row; rows that have all but their clock in common have one number."""
    codes = {
        name: pd.factorize(df[name])[0]
        for name in (*IDENTITY, "direction", "opcode", "fin", "text")
        if name in df.columns
    }
    if "payload" in df.columns:
        codes["payload"] = byte_codes(df["payload"])
    return np.asarray(pd.DataFrame(codes).groupby([*codes], sort=False).ngroup(), np.int64)


def keys_of_part(df: pd.DataFrame) -> pd.DataFrame:
    """Return what tells the messages of a part of the frames from those of others, for refuse_copies.

    Of a large part one in 64, so that the keys of a recording larger than the memory fit there.
    """
    numbers = message_numbers(df)
    places = np.flatnonzero(are_first(df["opcode"], numbers))
    if len(places) > _FEW:
        places = places[numbers[places] % _THINNED == 0]
    return _keys(df, places, numbers[places])


def refuse_copies(keys: pd.DataFrame, df: pd.DataFrame | None = None) -> None:
    """Check that frames are there once.

    Args:
        keys: recording, number and clock of each.
        df: all frames, for the remedy.

    Raises:
        ValueError: some are there twice; the message has the remedy.
    """
    recording, names = pd.factorize(keys["recording"])
    numbers = keys["number"].to_numpy()
    if are_rising(numbers, recording):
        return
    order = np.lexsort((numbers, recording))
    again = order[1:][(np.diff(recording[order]) == 0) & (np.diff(numbers[order]) == 0)]
    is_suspect = keys["number"].isin(numbers[again]).to_numpy()
    found = recording[is_suspect][keys[is_suspect].duplicated()]
    if len(found):
        raise _error(names[found[0]], df)


def _keys(df: pd.DataFrame, places: NDArray[np.int64], numbers: NDArray[np.int64]) -> pd.DataFrame:
    clock = _clock_of(df)
    return pd.DataFrame(
        {
            "recording": df["recording"].array[places] if "recording" in df.columns else "",
            "number": numbers,
            "clock": 0 if clock is None else df[clock].array[places],
        }
    )


def _clock_of(df: pd.DataFrame) -> str | None:
    return next((name for name in _CLOCKS if name in df.columns), None)


def _check_unnumbered(df: pd.DataFrame, numbers: NDArray[np.int64], *, is_sorted: bool) -> None:
    """Check frames that begin no message, and so have no number of their own: pings, pongs, closes, fragments.

    Equal ones of one read stand side by side, and the numbers of the messages around them leave room for all. Those of a
    copy lie apart, or lack room.

    Args:
        df: the frames.
        numbers: the number of the message of each, -1 where it is in none.
        is_sorted: whether the messages are in order.
    """
    content = next((name for name in ("payload", "length") if name in df.columns), None)
    if content is None or not set(_OF_READ) <= set(df.columns):
        return
    is_first = are_first(df["opcode"], numbers)
    is_asked = (
        ~is_first if is_sorted else numbers < 0
    )  # equal fragments of one read may lie apart once sorted
    twins = _twins(df, np.flatnonzero(is_asked), content)
    if twins.max(initial=-1) < 0:
        return
    rows = df[[*_OF_READ]].assign(number=np.where(is_first, numbers, -1), twins=twins)
    # Once sorted, frames of the other direction may lie between those of one read too.
    rows = in_order(rows if is_sorted else rows[is_asked])
    runs, crowds = _runs(rows, _OF_READ[: 2 if is_sorted else 3]), _crowds(rows)
    is_twin = rows["twins"].to_numpy() >= 0
    found = rows.loc[is_twin, ["recording", "twins"]]
    recording = _recording_twice(found, runs[is_twin])
    if recording is None and is_sorted:
        crowded = crowds[is_twin] >= 0
        again = found[crowded].assign(crowd=crowds[is_twin][crowded])
        recording = next(iter(again.loc[again.duplicated(), "recording"]), None)
    if recording is not None:
        raise _error(recording, df)


def _twins(df: pd.DataFrame, places: NDArray[np.int64], content: str) -> NDArray[np.int64]:
    """Return a number for each row that equals another one of some places, the same for both; -1 for others."""
    facts = df[[*_OF_READ, "opcode"]].iloc[places]
    values = df[content].iloc[places]
    facts = facts.assign(content=byte_codes(values) if content == "payload" else values.to_numpy())
    is_twin = facts.duplicated(keep=False).to_numpy()
    found = np.full(len(df), -1, np.int64)
    groups = facts[is_twin].groupby([*facts], observed=True, sort=False, dropna=False)
    found[places[is_twin]] = groups.ngroup()
    return found


def _runs(rows: pd.DataFrame, of: tuple[str, ...]) -> NDArray[np.int64]:
    """Return a number for the rows of one connection, or direction, that stand side by side and have one clock."""
    flow = rows.groupby([*of], observed=True, sort=False).ngroup().to_numpy()
    clock = rows["monotonic"].to_numpy(np.int64, na_value=0)
    order = np.argsort(flow, kind="stable")
    runs = np.empty(len(rows), np.int64)
    runs[order] = np.cumsum((np.diff(flow[order], prepend=-1) != 0) | (np.diff(clock[order], prepend=0) != 0))
    return runs


def _crowds(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for the rows between two numbered ones, where they are more than these numbers leave room for.

    It is -1 for others, and where the clock goes back, so that the rows are not all of that place.
    """
    recording = pd.factorize(rows["recording"])[0]
    order = np.argsort(recording, kind="stable")
    recording, numbers = recording[order], rows["number"].to_numpy()[order]
    clock = rows["monotonic"].to_numpy(np.int64, na_value=0)[order]
    ends = np.flatnonzero(numbers >= 0)
    goes_back = np.cumsum(np.diff(clock, prepend=clock[:1]) < 0)
    is_crowded = np.diff(ends) > np.diff(numbers[ends])
    for same in (recording, goes_back):
        is_crowded &= np.diff(same[ends]) == 0
    is_crowded &= np.diff(numbers[ends]) > 0
    between = np.searchsorted(ends, np.arange(len(order))) - 1
    crowds = np.full(len(order), -1, np.int64)
    inside = np.flatnonzero((between >= 0) & (between < len(is_crowded)))
    inside = inside[is_crowded[between[inside]]]
    crowds[order[inside]] = between[inside]
    return crowds


def _recording_twice(facts: pd.DataFrame, run: NDArray[np.int64]) -> Any:
    """Return the recording of the first row that equals one of another run; None without one."""
    once = facts.assign(run=run).drop_duplicates()
    twice = once.duplicated([*facts]).to_numpy()
    return once["recording"].iloc[int(np.argmax(twice))] if twice.any() else None


def _lost(df: pd.DataFrame, keys: pd.DataFrame) -> ValueError:
    """Return the error of frames in another order than that of record."""
    remedy = "sort without ignore_index, and do not reset the index"
    if "seq" in df.columns:
        remedy = 'df.set_index("seq")'
    elif "monotonic" in df.columns and _are_in_order(
        keys.sort_values("clock", kind="stable", ignore_index=True)
    ):
        remedy = 'df.sort_values("monotonic", kind="stable", ignore_index=True)'
    return ValueError(
        "the order of record is lost: the index of these frames is not their seq, and they are not in the order of their "
        f"messages and clock; {remedy}"
    )


def _are_at_their_time(df: pd.DataFrame) -> bool:
    """Return whether the clock of no connection goes back at a frame whose ``seq`` nobody knows, such as a ping.

    Where it is known the clock says nothing: that of a captured segment which was sent again goes back too.
    """
    if "monotonic" not in df.columns:
        return True
    rows = df[[name for name in (*IDENTITY, "opcode", "message", "monotonic") if name in df.columns]]
    rows = in_order(rows)
    has_clock = rows["monotonic"].notna().to_numpy()
    clock = rows["monotonic"].to_numpy(np.int64, na_value=0)
    if (np.diff(clock[has_clock]) >= 0).all():
        return True
    is_known, connection = known_seq(rows, recordings(rows)) >= 0, connections(rows)
    order = np.argsort(connection, kind="stable")
    order = order[has_clock[order]]
    goes_back = (np.diff(clock[order]) < 0) & (np.diff(connection[order]) == 0)
    return not (goes_back & ~(is_known[order][1:] & is_known[order][:-1])).any()


def _are_in_order(keys: pd.DataFrame) -> bool:
    """Return whether numbers rise; those of parts that were saved by themselves begin anew later."""
    keys = in_order(keys)
    recording = pd.factorize(keys["recording"])[0]
    order = np.argsort(recording, kind="stable")
    goes_back = (np.diff(keys["number"].to_numpy()[order]) < 0) & (np.diff(recording[order]) == 0)
    clock = keys["clock"].to_numpy()[order]
    return not (goes_back & (clock[1:] <= clock[:-1])).any()


def _check_decoded(df: pd.DataFrame) -> None:
    """Check what was decoded: it has the order of ``last_seq``, and equal rows of one message stand side by side."""
    last = df["last_seq"].to_numpy(np.int64)
    if (np.diff(last) >= 0).all() and df.index.is_unique:
        return
    keys = df[[name for name in _DECODED if name in df.columns]]
    keys = in_order(keys) if df.index.is_unique else keys
    last = keys["last_seq"].to_numpy(np.int64)
    run = np.cumsum(np.concatenate(([0], np.diff(last) != 0)))
    recording = _recording_twice(keys, run)
    if recording is not None:
        raise ValueError(
            f"messages of the recording {recording} are there twice, and would count twice: put its frames together once, and "
            "decode them then"
        )


def _error(recording: Any, df: pd.DataFrame | None) -> ValueError:
    of = f" of the recording {recording}" if recording else ""
    return ValueError(f"frames{of} are there twice, and would count twice: keep each once, {_remedy(df)}")


def _has_bytearrays(values: pd.Series[Any]) -> bool:
    """Return whether pandas cannot compare the values, as those of DuckDB."""
    return values.dtype == object and any(isinstance(value, bytearray) for value in values)


def _remedy(df: pd.DataFrame | None) -> str:
    """Return the call that keeps each frame of a DataFrame once."""
    clock = _CLOCKS[0] if df is None else _clock_of(df)
    recording = "recording" if df is None or "recording" in df.columns else None
    named = ", ".join(f'"{name}"' for name in (recording, "seq", clock) if name)
    if df is None or (has_seq(df) and "seq" not in df.columns):
        name = "" if df is None or df.index.name == "seq" else 'names="seq"'
        return f'df.reset_index({name}).drop_duplicates([{named}]).set_index("seq")'
    if "seq" in df.columns:
        return f'df.drop_duplicates([{named}]).set_index("seq")'
    equal = [name for name in _EQUAL if name in df.columns]
    if clock is not None and "payload" in equal and not _has_bytearrays(df["payload"]):
        read = df[clock].ne(df[clock].shift()).cumsum()
        if not df[equal].assign(read=read).duplicated().any():  # else equal frames of one read would be lost
            is_sorted = df.drop_duplicates(equal)[clock].is_monotonic_increasing
            sort = "" if is_sorted else f'sort_values("{clock}", kind="stable").'
            return (
                f"df.{sort}drop_duplicates([{', '.join(f'{name!r}' for name in equal)}], ignore_index=True)"
            )
    return (
        f"pd.concat([a, b]).reset_index().drop_duplicates([{named}]).set_index('seq'): put the parts together with "
        "their index, since without it equal frames of one read cannot be told from copies"
    )

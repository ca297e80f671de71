"""Two recordings compared: what is missing, extra, in another order or changed, and how the times shifted."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.alignment import align
from wsnotebook.analysis.closes import closes
from wsnotebook.analysis.columns import connections, ns_of, recordings
from wsnotebook.analysis.copies import checked_rows
from wsnotebook.analysis.differences import canonical, differences, parsed
from wsnotebook.analysis.messages import messages
from wsnotebook.analysis.seqs import has_seq
from wsnotebook.analysis.shown import short
from wsnotebook.jsonvalues import JsonPath, parse_keys, parse_single_path, value_at

__all__ = ["Comparison", "compare"]

_SHOWN = 10  # rows of each kind in the text
_LENGTH = 100  # characters of a message in the text
_OPCODES = {False: "text", True: "binary"}
_SIDES = ["connection", "direction", "seq", "message"]
_CHANGED = ["connection", "direction", "seq_a", "seq_b", "path", "a", "b"]
_PAIRED = ["connection", "direction", "seq_a", "seq_b"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two recordings. ``print(comparison)`` says it in words; ``comparison.check()`` fails a test."""

    missing: pd.DataFrame
    """Messages of the first alone: connection, direction, seq, message."""
    extra: pd.DataFrame
    """Messages of the second alone, in the same columns."""
    reordered: pd.DataFrame
    """Messages of both that stand elsewhere: connection, direction, seq_a, seq_b."""
    changed: pd.DataFrame
    """Values that differ: connection, direction, seq_a, seq_b, path (``data.items[0].price``), a, b."""
    timing: pd.DataFrame
    """Messages of both: connection, direction, seq_a, seq_b, ``at_a`` and ``at_b`` (seconds after the first message of
    the connection) and ``shift`` (at_b - at_a)."""

    @property
    def same(self) -> bool:
        """Whether nothing but times differs."""
        return not (len(self.missing) or len(self.extra) or len(self.reordered) or len(self.changed))

    def check(self) -> None:
        """Raise AssertionError with what differs, if anything but times does."""
        if not self.same:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return str(self)

    def _lines(self) -> Iterator[str]:
        shift = self.timing["shift"].abs().dropna()
        times = (
            f", times shifted by {shift.median():.3g} s (median), {shift.max():.3g} s (most)"
            if len(shift)
            else ""
        )
        facts = [
            (len(self.missing), "missing"),
            (len(self.extra), "extra"),
            (len(self.reordered), "reordered"),
            (len(self.changed.drop_duplicates(["seq_a", "seq_b", "connection", "direction"])), "changed"),
        ]
        told = ", ".join(f"{count:,} {word}" for count, word in facts if count) or "no difference"
        yield f"{told}; {len(self.timing):,} messages of both{times}"
        for table, word, sign in ((self.missing, "missing", "-"), (self.extra, "extra", "+")):
            for row in table.head(_SHOWN).to_dict("records"):
                yield f"  {sign} {_where(row, row['seq'])} {word}: {_short(row['message'])}"
            yield from _rest(table, word)
        for row in self.reordered.head(_SHOWN).to_dict("records"):
            yield f"  ~ {_where(row, row['seq_a'])} is seq {row['seq_b']} in the second"
        yield from _rest(self.reordered, "reordered")
        for row in self.changed.head(_SHOWN).to_dict("records"):
            path = short(row["path"], _LENGTH) or "message"
            yield f"  ! {_where(row, row['seq_a'])} {path}: {_short(row['a'])} -> {_short(row['b'])}"
        yield from _rest(self.changed, "changed values")


def _where(row: dict[Any, Any], seq: Any) -> str:
    connection = f"connection {row['connection']}, " if row["connection"] else ""
    return f"{connection}{row['direction']} seq {seq}"


def _short(message: Any) -> str:
    return short(message if isinstance(message, str) else repr(message), _LENGTH)


def _rest(table: pd.DataFrame, word: str) -> Iterator[str]:
    if len(table) > _SHOWN:
        yield f"  … and {len(table) - _SHOWN:,} more {word}"


class _Message(NamedTuple):
    seq: Any
    """The label of its row where that is another one."""
    seconds: float
    value: Any
    is_binary: bool


def compare(
    a: Any, b: Any, *, key: str | Sequence[str] | None = None, ignore: Sequence[str] = ()
) -> Comparison:
    """Compare the messages and closes of two recordings.

    The first connection of one is compared with the first of the other, and so on, each direction for itself; those of
    several recordings in one DataFrame are in the order of time. A number in JSON equals what has its value, as it is
    written: 1 and 1.0, NaN and NaN, but not 1e400 and 1e500. Example:
    ``wsnotebook.compare(wsnotebook.load("before.parquet"), log, ignore=["ts"]).check()``.

    Args:
        a: a log, a session, or a DataFrame of frames.
        b: the other one.
        key: the path, or paths, in a JSON message of what says which messages belong together: ``"id"``, ``"data.order"``.
            Without it equal messages do, and different ones between the same neighbours.
        ignore: keys of JSON objects whose values may differ, at any depth; ``"data.ts"`` for those in ``data`` only.

    Raises:
        ValueError: ``key`` or ``ignore`` is no path.
        AttributeError: one has no frames, or lacks columns; the message names them.
    """
    keys = (
        None
        if key is None
        else [parse_single_path(each) for each in ([key] if isinstance(key, str) else key)]
    )
    ignored = [_ignored(each) for each in ignore]
    sides = [_flows(_frames(each)) for each in (a, b)]
    rows: dict[str, list[Any]] = {name: [] for name in ("missing", "extra", "reordered", "changed", "timing")}
    for flow in sorted({*sides[0], *sides[1]}):
        _compare_flow(flow, [side.get(flow, []) for side in sides], keys, ignored, rows)
    return Comparison(
        pd.DataFrame(rows["missing"], columns=_SIDES),
        pd.DataFrame(rows["extra"], columns=_SIDES),
        pd.DataFrame(rows["reordered"], columns=_PAIRED),
        pd.DataFrame(rows["changed"], columns=_CHANGED),
        pd.DataFrame(rows["timing"], columns=[*_PAIRED, "at_a", "at_b", "shift"]),
    )


def _ignored(text: str) -> tuple[str, ...]:
    if text.startswith("$"):
        raise ValueError(
            f"{text!r} begins at the message, and what is ignored may be at any depth: write 'ts' or 'data.ts'"
        )
    return parse_keys(text)


def _frames(what: Any) -> pd.DataFrame:
    found = what if isinstance(what, pd.DataFrame) else getattr(what, "df", None)
    if not isinstance(found, pd.DataFrame):
        raise AttributeError(
            f"compare() takes logs, sessions and DataFrames of frames, not {type(what).__name__}"
        )
    return found


def _flows(df: pd.DataFrame) -> dict[tuple[int, str], list[_Message]]:
    """Return the messages and closes of each connection, numbered in order, and direction."""
    df = checked_rows(df, any_order=False)
    if "recording" not in df.columns:
        df = df.assign(recording=recordings(df))
    found, ends = messages(df), closes(df)
    values = [
        parsed(payload if pd.isna(text) else text)
        for payload, text in zip(found["payload"], found["text"], strict=True)
    ]
    are_binary = [*found["text"].isna(), *[False] * len(ends)]
    words = [
        "close without a code"
        if pd.isna(code)
        else f"close {code} {'' if pd.isna(reason) else reason}".rstrip()
        for code, reason in zip(ends["close_code"], ends["close_reason"], strict=True)
    ]
    rows = pd.concat([found.drop(columns=["payload", "text"]), ends], ignore_index=True)
    rows["seq"] = [*found.index, *ends.index]
    rows["place"] = np.arange(len(rows))
    # Without their seq, closes have no number that could be compared with those of messages.
    rows = rows.sort_values("seq" if has_seq(df) else "time", kind="stable", ignore_index=True)
    values += words
    flows: dict[tuple[int, str], list[_Message]] = {}
    starts: dict[int, int] = {}
    told = zip(
        _numbers(rows).tolist(),
        rows["direction"],
        rows["seq"],
        rows["time"].isna(),
        ns_of(rows["time"]),
        rows["place"],
        strict=True,
    )
    for connection, direction, seq, is_unknown, time, place in told:
        seconds = math.nan if is_unknown else (int(time) - starts.setdefault(connection, int(time))) / 1e9
        flows.setdefault((connection, str(direction)), []).append(
            _Message(seq, seconds, values[place], are_binary[place])
        )
    return flows


def _numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return the number of the connection of each row; the seqs of several recordings say nothing of their order."""
    numbers = connections(rows)
    if rows["recording"].nunique() < 2:
        return numbers
    starts = ns_of(rows["time"])[np.unique(numbers, return_index=True)[1]]
    ranks: NDArray[np.int64] = np.argsort(np.argsort(starts, kind="stable"))
    return ranks[numbers]


def _compare_flow(
    flow: tuple[int, str],
    sides: Sequence[Sequence[_Message]],
    keys: Sequence[JsonPath] | None,
    ignore: Sequence[tuple[str, ...]],
    rows: dict[str, list[Any]],
) -> None:
    names = [[_name(each, keys, ignore) for each in side] for side in sides]
    found = align(names[0], names[1])
    pairs = [*found.in_order, *found.reordered]
    if keys is None:
        pairs += found.replaced
    else:
        found.missing.extend(one for one, _ in found.replaced)
        found.extra.extend(other for _, other in found.replaced)
    for one, other in sorted(pairs):
        first, second = sides[0][one], sides[1][other]
        where = (*flow, first.seq, second.seq)
        rows["timing"].append((*where, first.seconds, second.seconds, second.seconds - first.seconds))
        if first.is_binary is not second.is_binary:
            rows["changed"].append(
                (*where, "opcode", *(_OPCODES[each.is_binary] for each in (first, second)))
            )
        rows["changed"] += [(*where, *each) for each in differences(first.value, second.value, ignore)]
    rows["reordered"] += [(*flow, sides[0][one].seq, sides[1][other].seq) for one, other in found.reordered]
    for name, side, places in (("missing", sides[0], found.missing), ("extra", sides[1], found.extra)):
        rows[name] += [(*flow, side[place].seq, side[place].value) for place in sorted(places)]


def _name(message: _Message, keys: Sequence[JsonPath] | None, ignore: Sequence[tuple[str, ...]]) -> Hashable:
    """Return what makes two messages the same: the values of the keys, or all that is not ignored."""
    if keys is not None:
        found = [_at(message.value, steps) for steps in keys]
        if None not in found:
            return tuple(canonical(each, ()) for each in found)
    return ("whole", message.is_binary, canonical(message.value, ignore))


def _at(value: Any, path: JsonPath) -> Any:
    try:
        return value_at(value, path)
    except LookupError:
        return None

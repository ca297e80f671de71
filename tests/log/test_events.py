"""Events: kinds that are known and others, and a DataFrame whose schema depends on nothing but other kinds."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import wsnotebook
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.events import EVENT_KINDS, Event, events_to_dataframe, lateness
from wsnotebook.log.rowlog import RowLog

DTYPES = {
    "time": "datetime64[ns, UTC]",
    "monotonic": "int64",
    "session": "category",
    "kind": "category",
    "detail": str(pd.Series([""]).dtype),
    "seconds": "float64",
}
START = 1_700_000_000_123_456_789


def some_events(count: int) -> list[Event]:
    kinds = list(EVENT_KINDS)
    return [Event(START + n, n, f"s{n % 2}", kinds[n % len(kinds)], f"detail {n}") for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 100])
def test_the_schema_is_the_same_for_none_one_and_many(count: int) -> None:
    """Columns, order, dtypes and the categories of kind never depend on what happened."""
    df = events_to_dataframe(some_events(count))
    assert {name: str(dtype) for name, dtype in df.dtypes.items()} == DTYPES
    assert df["kind"].cat.categories.tolist() == list(EVENT_KINDS) and len(df) == count


def test_values_are_those_of_the_events() -> None:
    """To the nanosecond, in the order they were noted, whatever characters the detail has."""
    events = [*some_events(3), Event(START, 7, "", "error", "a \u202e 'quoted' \x00 ☃")]
    df = events_to_dataframe(events)
    assert df["time"].astype("int64").tolist() == [event.time_ns for event in events]
    for column, field in (("monotonic", 1), ("session", 2), ("kind", 3), ("detail", 4)):
        assert df[column].tolist() == [event[field] for event in events]
    assert isinstance(df.index, pd.RangeIndex)


def test_an_event_may_have_lasted() -> None:
    """Seconds are a number, missing where the event is a moment."""
    events = [Event(START, 7, "s", "loop late", "", 0.25), Event(START, 7, "s", "open", "")]
    assert events_to_dataframe(events)["seconds"].fillna(-1).tolist() == [0.25, -1]
    assert lateness([*events, Event(START, 3, "t", "loop watched", "")]) == [
        ("s", START, 7, 0.25),
        ("t", START, 3, 0.0),
    ]


def test_a_kind_that_is_not_known_is_a_category_too() -> None:
    """It stands after the known ones, once, and its events are not NA."""
    df = events_to_dataframe(
        [Event(START, n, "", kind, "") for n, kind in enumerate(("mark", "open", "mark"))]
    )
    assert df["kind"].tolist() == ["mark", "open", "mark"]
    assert df["kind"].cat.categories.tolist() == [*EVENT_KINDS, "mark"]


def test_a_note_is_stamped_by_the_clocks_of_the_log() -> None:
    """Both clocks are those that the log was given; each look is a new DataFrame."""
    log = RowLog(clock=lambda: START, monotonic=lambda: 42)
    log.note("open", "ws://host/", "one")
    first = log.events
    log.note("closed")
    assert log.event_list == [
        Event(START, 42, "one", "open", "ws://host/"),
        Event(START, 42, "", "closed", ""),
    ]
    assert len(first) == 1 and len(log.events) == 2


def test_every_kind_that_is_noted_is_a_known_one() -> None:
    """EVENT_KINDS says what each kind of ours means: each literal of a note() is there."""
    noted = {
        node.args[0].value
        for path in Path(wsnotebook.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "note"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(noted) > 5 and noted <= set(EVENT_KINDS)


def test_what_is_noted_can_be_shown_and_saved(tmp_path: Path) -> None:
    """Half a character, which plain JSON of a peer may have, is escaped; numbers are written out, times are seconds."""
    log = FrameLog()
    log.note("error", "a task failed: \ud800", "\udcff")
    log.note("temperature", 21.5, "é", np.int64(2))  # type: ignore[arg-type]  # as users do
    log.note("slow", "", "", timedelta(milliseconds=1500))  # type: ignore[arg-type]
    rows = [
        ["\\udcff", "error", "a task failed: \\ud800", None],
        ["é", "temperature", "21.5", 2.0],
        ["", "slow", "", 1.5],
    ]
    assert [list(event[2:]) for event in log.event_list] == rows
    assert log.events["detail"].tolist() == [row[2] for row in rows]
    for name in ("x.parquet", "x.jsonl", "x.har", "x.pcapng"):
        log.save(tmp_path / name)
        assert wsnotebook.load(tmp_path / name).event_list == log.event_list, name


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (("x", None), TypeError, "detail of note.* is a text, not None"),
        ((5,), TypeError, "kind of note.* is a text, not 5; str"),
        (("x", "d", b"s"), TypeError, "session of note.* is a text"),
        (("x", "d", "", "2"), TypeError, "a number or a timedelta, not '2'"),
        (("x", "d", "", float("nan")), ValueError, "from 0 on, not nan"),
        (("x", "d", "", -1), ValueError, "from 0 on, not -1"),
    ],
)
def test_what_no_file_can_keep_is_refused_when_it_is_noted(
    values: tuple[Any, ...], error: type[Exception], words: str
) -> None:
    """By a sentence that says what to write, and not by a file that cannot be loaded."""
    log = RowLog()
    with pytest.raises(error, match=words):
        log.note(*values)
    assert log.event_list == []

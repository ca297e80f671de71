"""Recordings compared: messages and ends, by key or by place, and in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import wsnotebook
from tests.analysis.conftest import Talk
from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.frames import Frame


def recording(*values: Any, step: float = 1.0, close: bytes | None = None) -> Any:
    """A log with a message every ``step`` seconds, texts as they are."""
    talk = Talk(FrameLog())
    for at, value in enumerate(values):
        text = value if isinstance(value, str) else json.dumps(value)
        talk.receive(at * step, (0x81, text.encode()))
    if close is not None:
        talk.receive(len(values) * step, (0x88, close))
    return talk.log


def test_a_recording_is_the_same_as_itself() -> None:
    """Whatever it is asked as; the order of keys and the times do not matter."""
    a = recording({"a": 1, "b": 2}, "text", close=b"\x03\xe8bye")
    b = recording('{"b": 2, "a": 1}', "text", step=1.5, close=b"\x03\xe8bye")
    found = wsnotebook.compare(a, b.df)
    assert found.same and found.timing["shift"].tolist() == [0, 0.5, 1.0]
    assert str(found) == "no difference; 3 messages of both, times shifted by 0.5 s (median), 1 s (most)"
    found.check()


def test_each_kind_of_difference_is_found() -> None:
    """Missing, extra, reordered, changed with its path, and the end."""
    a = recording(*[{"n": n, "o": {"v": [n]}} for n in range(6)], close=b"\x03\xe8")
    values = [{"n": n, "o": {"v": [n]}} for n in (0, 2, 3, 1, 4, 7)]
    values[4]["o"]["v"][0] = 40
    b = recording(*values, "more", close=b"\x03\xe9")
    found = wsnotebook.compare(a, b, key="n")
    assert found.missing["message"].tolist() == [{"n": 5, "o": {"v": [5]}}, "close 1000"]
    assert found.extra["message"].tolist() == [{"n": 7, "o": {"v": [7]}}, "more", "close 1001"]
    assert found.reordered[["seq_a", "seq_b"]].to_numpy().tolist() == [[1, 3]]
    assert found.changed[["seq_a", "seq_b", "path", "a", "b"]].to_numpy().tolist() == [
        [4, 4, "o.v[0]", 4, 40]
    ]
    with pytest.raises(AssertionError) as failure:
        found.check()
    assert str(failure.value).splitlines() == [
        "2 missing, 3 extra, 1 reordered, 1 changed; 5 messages of both, times shifted by 1 s (median), 2 s (most)",
        "  - in seq 5 missing: {'n': 5, 'o': {'v': [5]}}",
        "  - in seq 6 missing: close 1000",
        "  + in seq 5 extra: {'n': 7, 'o': {'v': [7]}}",
        "  + in seq 6 extra: more",
        "  + in seq 7 extra: close 1001",
        "  ~ in seq 1 is seq 3 in the second",
        "  ! in seq 4 o.v[0]: 4 -> 40",
    ]


def test_json_in_binary_messages_is_compared_as_json(elsewhere: Callable[[], Any]) -> None:
    """Its order of keys does not matter, and what is ignored is; that one of both is a text is a difference."""
    talks = [elsewhere() for _ in range(3)]
    for talk, head, texts in zip(
        talks,
        (0x82, 0x82, 0x81),
        (['{"id":1,"n":[2]}', "{\xff", "[1"], ['{"n": [2], "id":7}', "{\xff", "[1"], ['{"id":1,"n":[2]}']),
        strict=True,
    ):
        talk.receive(0, *((head, text.encode("latin-1")) for text in texts))
    one, other, text = (talk.log for talk in talks)
    assert wsnotebook.compare(one, other, ignore=["id"]).same
    assert wsnotebook.compare(one, other).changed[["path", "a", "b"]].to_numpy().tolist() == [["id", 1, 7]]
    found = wsnotebook.compare(one.df[:1], text).changed
    assert found[["path", "a", "b"]].to_numpy().tolist() == [["opcode", "binary", "text"]]


@pytest.mark.long
def test_without_a_key_neighbours_tell_what_was_changed() -> None:
    """A message between the same two others is the same one with other values; ignored keys may differ."""
    a = recording({"id": 1, "ts": 5}, {"v": 1, "ts": 6}, {"id": 3, "ts": 7})
    b = recording({"id": 1, "ts": 8}, {"v": 2, "ts": 9}, {"id": 3, "ts": 9})
    found = wsnotebook.compare(a, b, ignore=["ts"])
    assert found.changed[["path", "a", "b"]].to_numpy().tolist() == [["v", 1, 2]]
    assert wsnotebook.compare(a, b, ignore=["ts", "v"]).same


def test_connections_and_directions_are_compared_each_with_its_own(
    talk: Any, another: Callable[..., Any]
) -> None:
    """What one side said on one connection is not missing because another said it."""
    talk.receive(0, (0x81, b"x"))
    talk.send(1, Frame.text("y"))
    another("t").receive(2, (0x81, b"z"))
    df = talk.log.df
    assert wsnotebook.compare(df, df).same
    found = wsnotebook.compare(df, df[df["session"] == "s"])
    assert found.missing[["connection", "direction", "message"]].to_numpy().tolist() == [[1, "in", "z"]]
    assert "connection 1, in seq 2 missing: z" in str(found)


def test_connections_of_several_recordings_are_in_the_order_of_time(elsewhere: Callable[[], Any]) -> None:
    """Both recordings number their rows from 0, which says nothing of which came first."""
    first, second = elsewhere(), elsewhere()
    first.receive(0, (0x81, b"a"), (0x81, b"b"))
    Talk(first.log, "t").receive(5, (0x81, b"c"))
    second.receive(3, (0x81, b"d"))
    both = pd.concat([first.log.df, second.log.df])
    turned = pd.concat([second.log.df, first.log.df])
    for other in (both.ws.to_log(), turned, both.sort_values("time", ignore_index=True)):
        assert wsnotebook.compare(both, other).same
    unnamed = both.drop(columns="recording")  # of a former version
    assert wsnotebook.compare(unnamed, both).same and wsnotebook.compare(both[:2], unnamed[:2]).same
    found = wsnotebook.compare(both, first.log.df[:2])
    assert found.missing[["connection", "message"]].to_numpy().tolist() == [[1, "d"], [2, "c"]]


def test_the_text_is_short_and_safe() -> None:
    """A thousand differences are a page, and a peer's text moves no line."""
    found = wsnotebook.compare(recording(*[f"\x1b[2J{n}\n" for n in range(300)]), recording("x" * 120))
    lines = str(found).splitlines()
    assert len(lines) == 13 and "and 289 more missing" in str(found) and "\x1b" not in str(found)
    assert repr(found) == str(found) and all(len(line) < 250 for line in lines)


def test_a_number_is_one_in_every_notation() -> None:
    """With a key and without one, in its place and elsewhere; NaN is what it was."""
    a, b = recording('{"id": 1, "v": NaN}', "x", "NaN"), recording('{"v": NaN, "id": 1.0}', "x", "NaN")
    assert wsnotebook.compare(a, b).same and wsnotebook.compare(a, b, key="id").same
    found = wsnotebook.compare(a, recording("x", "NaN", '{"id": 1.0, "v": NaN}'))
    assert len(found.reordered) == 1 and not len(found.missing) and not len(found.changed)
    found = wsnotebook.compare(recording('{"v": 1e400}'), recording('{"v": 1e500}'))
    assert "v: Decimal('1E+400') -> Decimal('1E+500')" in str(found)


def test_what_has_no_frames_is_refused() -> None:
    """The sentence says what can be compared."""
    with pytest.raises(AttributeError, match="takes logs, sessions and DataFrames of frames, not str"):
        wsnotebook.compare("a.parquet", FrameLog())
    with pytest.raises(AttributeError, match=r"needs a frame log"):
        wsnotebook.compare(pd.DataFrame({"a": [1]}), FrameLog())


def test_paths_are_those_of_json(elsewhere: Callable[[], Any]) -> None:
    """A key may be in an array or have a dot in it; what is no path of keys is refused, as nothing would be ignored."""
    a, b = elsewhere(), elsewhere()
    for talk, values in ((a, (1, 2)), (b, (2, 1))):
        for value in values:
            talk.receive(value, (0x81, json.dumps({"ids": [value], "a.b": value}).encode()))
    assert len(wsnotebook.compare(a.log, b.log, key="$.ids[0]").reordered) == 1
    assert wsnotebook.compare(a.log, b.log, ignore=["ids", '["a.b"]']).same
    for ignore, match in (("$.ids", "any depth"), ("ids[0]", "leave out its index"), ("a b", "is no path")):
        with pytest.raises(ValueError, match=match):
            wsnotebook.compare(a.log, b.log, ignore=[ignore])


def test_a_row_without_a_time_has_no_timing(elsewhere: Callable[[], Any]) -> None:
    """The first one that has a time is the beginning."""
    talk = elsewhere()
    for at in range(3):
        talk.receive(at, (0x81, b"%d" % at))
    df = talk.log.df
    timing = wsnotebook.compare(df.assign(time=df["time"].where(df.index != 0)), df).timing
    assert timing["at_a"].isna().tolist() == [True, False, False]
    assert timing["at_a"].tolist()[1:] == [0, 1] and timing["at_b"].tolist() == [0, 1, 2]
    none = df.assign(time=df["time"].where(df.index < 0))
    assert str(wsnotebook.compare(none, df)) == "no difference; 3 messages of both"

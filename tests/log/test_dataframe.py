"""The DataFrame: its schema is DESIGN's, its values are the wire's, and asking again shares what was built."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from feed import Feed, server_frame

from wsnotebook.analysis.versions import HAS_COPY_ON_WRITE
from wsnotebook.log.columns import COLUMNS, INDEX
from wsnotebook.log.dataframe import Frames
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.rows import read_rows
from wsnotebook.wire.frames import CloseReason, Frame

DTYPES = {
    "recording": "category", "connection": "int32",
    "time": "datetime64[ns, UTC]", "monotonic": "int64", "session": "category", "attempt": "int32",
    "direction": "category", "opcode": "category", "fin": "bool", "rsv1": "bool", "rsv2": "bool", "rsv3": "bool",
    "masked": "bool", "mask_key": "binary[pyarrow]", "length": "int64", "wire_length": "int64", "frame_length": "int64",
    "payload": "large_binary[pyarrow]", "text": "large_string[pyarrow]", "message": "Int64", "close_code": "Int32",
    "close_reason": "string", "status": "category", "detail": "string",
}  # fmt: skip


def test_the_schema_is_the_same_for_none_one_and_many_rows() -> None:
    """Columns, order and dtypes never depend on what was recorded."""
    log = RowLog()
    feed = Feed(log)
    frames = [log.df, log.window(0, 0)]
    feed.receive(server_frame(b"one"))
    frames += [log.df, log.tail(1)]
    feed.receive(server_frame(b"x") * 5000)
    frames += [log.df, log.window(10, 4000)]
    for df in frames:
        assert {name: str(dtype) for name, dtype in df.dtypes.items()} == DTYPES
        assert {column.name: column.kind.pandas for column in COLUMNS} == DTYPES
        assert list(df.columns) == list(DTYPES)
        assert df.index.name == INDEX.name == "seq" and df.index.dtype == INDEX.kind.pandas == "int64"


def test_a_run_without_rows_changes_nothing() -> None:
    """As a part of a dataset may have."""
    log = RowLog()
    Feed(log).receive(server_frame(b"x"))
    segment = log.segment_of(0)
    frames = Frames(0, only_occurring=True)
    for rows in (read_rows(segment, 0, 0), read_rows(segment, 0, 1), read_rows(segment, 1, 1)):
        frames.extend(rows, log.connections)
    pd.testing.assert_frame_equal(frames.dataframe(log.connections), log.df)


def test_values_are_those_of_the_wire() -> None:
    """One row of each kind, read back column by column."""
    log = RowLog()
    feed = Feed(log, "s")
    feed.receive(
        server_frame("é".encode()) + server_frame(b"\xff", 0x82) + server_frame(b"\x03\xe8bye", 0x88)
    )
    feed.send(Frame.text("out"), Frame.close(CloseReason(4321, "own")))
    df = log.df
    assert df["opcode"].tolist() == ["text", "binary", "close", "text", "close"]
    assert df["direction"].tolist() == ["in", "in", "in", "out", "out"]
    assert df["masked"].tolist() == [False, False, False, True, True]
    assert df["text"].fillna("-").tolist() == ["é", "-", "-", "out", "-"]
    assert df["payload"].tolist() == ["é".encode(), b"\xff", b"\x03\xe8bye", b"out", b"\x10\xe1own"]
    assert df["close_code"].fillna(0).tolist() == [0, 0, 1000, 0, 4321]
    assert df["close_reason"].fillna("-").tolist() == ["-", "-", "bye", "-", "own"]
    assert df["frame_length"].tolist() == [4, 3, 7, 9, 11]
    assert df["mask_key"].isna().tolist() == [True, True, True, False, False]
    assert all(len(key) == 4 for key in df["mask_key"].dropna())
    assert df["time"].iloc[0] == pd.Timestamp(1, unit="s", tz="UTC") and df["monotonic"].iloc[0] == 10**9
    assert df["session"].unique().tolist() == ["s"] and set(df["status"]) == {"ok"}


def test_frames_of_a_message_share_its_first_seq() -> None:
    """Fragments belong together, across reads, control frames between them and another session's; control frames to none."""
    log = RowLog()
    one, other = Feed(log, "one"), Feed(log, "other")
    one.receive(server_frame(b"1", 0x01))
    other.receive(server_frame(b"whole"))
    one.receive(server_frame(b"", 0x89) + server_frame(b"2", 0x00))
    log.df  # noqa: B018 - what is built by now must go on rightly
    one.receive(server_frame(b"3", 0x80) + server_frame(b"orphan", 0x80) + server_frame(b"next"))
    assert log.df["message"].fillna(-1).tolist() == [0, 1, -1, 0, 0, -1, 6]


def test_part_of_a_character_is_bytes_and_not_text() -> None:
    """A fragment that ends inside a character has no text of its own; its payload keeps every byte."""
    log = RowLog()
    Feed(log).receive(server_frame(b"\xc3", 0x01) + server_frame(b"\xa9", 0x80) + server_frame(b"\xc3\x28"))
    df = log.df
    assert df["text"].isna().all() and df["payload"].tolist() == [b"\xc3", b"\xa9", b"\xc3\x28"]
    assert df["status"].tolist() == ["ok", "ok", "violation"] and "not UTF-8" in df["detail"].iloc[2]


@pytest.mark.skipif(not HAS_COPY_ON_WRITE, reason="before pandas 3 each DataFrame is a copy")
def test_asking_again_shares_what_was_built() -> None:
    """The second DataFrame is a view of the first one's arrays, and a longer one of both."""
    log = RowLog()
    feed = Feed(log)
    feed.receive(server_frame(b"x" * 50) * 3000)
    first, second = log.df, log.df
    assert np.shares_memory(first["length"].to_numpy(), second["length"].to_numpy())
    feed.receive(server_frame(b"y"))
    third = log.df
    assert np.shares_memory(first["length"].to_numpy(), third["length"].to_numpy())
    assert len(first) == 3000 and len(third) == 3001


def test_what_a_user_changes_stays_with_the_user() -> None:
    """Copy-on-write keeps the log's own columns out of reach."""
    log = RowLog()
    feed = Feed(log)
    feed.receive(server_frame(b"one") + server_frame(b"two"))
    df = log.df
    df.loc[0, "length"] = 99
    df["fin"] = False
    del df["text"]
    again = log.df
    assert (
        again["length"].tolist() == [3, 3] and again["fin"].all() and again["text"].tolist() == ["one", "two"]
    )


def test_a_change_to_an_older_dataframe_reaches_neither_the_log_nor_a_newer_one() -> None:
    """What shares memory is known to pandas for as long as anybody has it: rows, a column, a new session in between."""
    log = RowLog()
    feed = Feed(log, "a")
    feed.receive(server_frame(b"one") * 3 + server_frame(b"", 0x88))
    old, column, view = log.df, log.df["length"], log.df.iloc[1:]
    Feed(log, "b").receive(server_frame(b"y"))
    newer = log.df
    expected = newer.copy()
    old.loc[0, "length"], old.loc[0, "message"], old.loc[0, "close_code"] = 99, 77, 1000
    old.loc[0, "opcode"], old.loc[0, "masked"] = "close", True
    old.loc[0, "time"] += pd.Timedelta(seconds=1)
    column.iloc[2] = 55
    view.loc[1, "length"] = 44
    feed.receive(server_frame(b"z"))
    pd.testing.assert_frame_equal(newer, expected)
    pd.testing.assert_frame_equal(log.df.iloc[:5], expected)


@pytest.mark.long
def test_a_longer_log_equals_one_asked_for_at_once() -> None:
    """However often it was asked for in between, over segments that were open and are sealed, the result is the same."""
    asked, once = RowLog(), RowLog()
    once.recording_id = asked.recording_id
    feeds = Feed(asked), Feed(once)
    for number in range(40):
        for feed in feeds:
            feed.receive(
                server_frame(f"{number}".encode() * 7, 0x81 if number % 3 else 0x01 if number % 2 else 0x80)
                * 200
            )
        asked.df  # noqa: B018 - asking is the point
    pd.testing.assert_frame_equal(asked.df, once.df)
    pd.testing.assert_frame_equal(asked.df, asked.window(0, len(asked)))


def test_only_opcodes_that_occur_are_categories() -> None:
    """In the order of opcodes, whenever one comes first; what a user has keeps its values, and the schema of none is kept."""
    log = RowLog()
    feed = Feed(log)
    heads = {0x89: "ping", 0x82: "binary", 0x88: "close", 0x81: "text", 0x80: "continuation", 0x8B: "0xb"}
    held = [log.df]
    for head in heads:
        feed.receive(server_frame(b"", head) * 2 + server_frame(b"", 0x89))
        held.append(log.df)
    names = [name for head in heads for name in (heads[head], heads[head], "ping")]
    order = ["continuation", "text", "binary", "close", "ping", "0xb"]
    for count, df in enumerate(held):
        assert df["opcode"].tolist() == names[: 3 * count]
        assert df["opcode"].cat.categories.tolist() == [name for name in order if name in names[: 3 * count]]
        assert df["opcode"].cat.categories.dtype == pd.Series([""]).dtype
    pd.testing.assert_frame_equal(held[-1], log.window(0, len(log)))
    assert log.tail(1)["opcode"].value_counts().to_dict() == {"ping": 1}
    assert (log.df["opcode"] == "pong").sum() == 0, "a question for what does not occur is no error"


def test_a_dropped_opcode_is_no_category() -> None:
    """The categories are those of the rows that are left."""
    log = RowLog(retention=200_000, spill=False)
    feed = Feed(log)
    feed.receive(server_frame(b"", 0x89) + server_frame(b"x" * 50) * 1000)
    assert set(log.df["opcode"].cat.categories) == {"text", "ping"}
    feed.receive(server_frame(b"x" * 50) * 10_000)
    assert log.dropped and log.df["opcode"].cat.categories.tolist() == ["text"]


def test_many_sessions_have_their_names() -> None:
    """More sessions than one byte can count, each with its name and attempt."""
    log = RowLog()
    for number in range(300):
        Feed(log, f"s{number}", attempt=number % 2).receive(server_frame(b"x"))
        if number == 100:
            log.df  # noqa: B018 - the codes have to grow from here
    df = log.df
    assert df["session"].tolist() == [f"s{number}" for number in range(300)]
    assert df["attempt"].tolist() == [number % 2 for number in range(300)]


@pytest.mark.parametrize("count", [126, 127, 128, 129])
def test_a_name_that_one_byte_cannot_count_is_that_of_its_rows(count: int) -> None:
    """Also where the DataFrame was asked for between the handshake of a session and its first frame."""
    log = RowLog()
    feeds = [Feed(log, f"s{number}") for number in range(count)]
    feeds[0].receive(server_frame(b"x"))
    log.df  # noqa: B018 - one over arrays of one byte
    feeds += [Feed(log, f"s{count}")]
    for number in (count, 1, count):
        log.df  # noqa: B018 - the rows that follow have to reach it
        feeds[number].receive(server_frame(b"x"))
    assert log.df["session"].tolist() == ["s0", f"s{count}", "s1", f"s{count}"]


def test_attrs_carry_the_handshakes() -> None:
    """df.attrs tells of each connection, in plain values."""
    log = RowLog()
    Feed(log, "a").receive(server_frame(b"x"))
    (connection,) = log.df.attrs["wsnotebook"]["connections"]
    assert connection["session"] == "a" and connection["attempt"] == 0


def test_attrs_tell_what_is_not_in_the_rows() -> None:
    """Rows that were dropped and bytes that were passed over are counted in each DataFrame, as of its own moment."""
    log = RowLog(retention=200_000, spill=False)
    feed = Feed(log)
    feed.receive(server_frame(b"x" * 50) * 1000)
    before = log.df
    feed.receive(server_frame(b"x" * 50) * 10_000)
    log.truncated += 7
    for df in (log.df, log.tail(1)):
        told = df.attrs["wsnotebook"]
        assert (told["dropped"], told["truncated"]) == (log.dropped, 7) != (0, 7)
    assert log.df.index[0] == log.dropped
    assert before.attrs["wsnotebook"]["dropped"] == 0

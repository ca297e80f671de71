"""A log as a stream of Arrow: what pyarrow, pandas, DuckDB and Polars make of it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest
from feed import Feed, server_frame
from logs import with_all_opcodes

from wsnotebook.files.framelog import FrameLog


@pytest.mark.long
def test_pyarrow_takes_a_log(make_log: Callable[..., FrameLog]) -> None:
    """Types are those of the DataFrame, and pandas restores it, index and attrs included."""
    log = make_log(7000)
    table = pa.table(log)
    assert set(table.schema.names) == {"seq", *log.df.columns}
    assert len(table) == len(log) and table.column("payload").num_chunks > 1
    assert table.schema.field("payload").type == pa.large_binary()
    with pd.option_context("mode.string_storage", "pyarrow"):  # pandas 2 makes Python's strings otherwise
        df = table.to_pandas()
    expected = with_all_opcodes(log.df)
    assert df.equals(expected) and df.dtypes.equals(expected.dtypes)
    assert (
        df.attrs == log.df.attrs or "attributes" not in table.schema.pandas_metadata
    )  # older pyarrow has none


def test_a_log_without_rows_has_the_columns() -> None:
    """And a log that grows keeps the rows of the moment at which it was asked."""
    log = FrameLog()
    assert set(pa.table(log).schema.names) == {"seq", *log.df.columns} and len(pa.table(log)) == 0
    feed = Feed(log)
    feed.receive(server_frame(b"a"))
    reader = pa.RecordBatchReader.from_stream(log)
    feed.receive(server_frame(b"b"))
    assert reader.read_all().column("text").to_pylist() == ["a"]


def test_rows_on_disk_are_streamed() -> None:
    """A log beyond its retention gives all rows."""
    log = FrameLog(retention=100_000)
    feed = Feed(log)
    for _ in range(20):
        feed.receive(server_frame(b"x" * 100) * 500)
    assert log.spilled
    assert sum(map(len, pa.RecordBatchReader.from_stream(log))) == 10_000


@pytest.mark.long
def test_duckdb_takes_a_log(make_log: Callable[..., FrameLog]) -> None:
    """A query names the log as a table."""
    duckdb = pytest.importorskip("duckdb")
    log = make_log(7000)  # the query finds it by its name
    answer = duckdb.sql("select direction, opcode, count(*) n, sum(length) size from log group by all").df()
    expected = log.df.groupby(["direction", "opcode"], observed=True)["length"].agg(["size", "sum"])
    found = answer.set_index(["direction", "opcode"]).loc[expected.index]
    assert found["n"].tolist() == expected["size"].tolist()
    assert found["size"].astype(int).tolist() == expected["sum"].tolist()


def test_polars_takes_a_log(make_log: Callable[..., FrameLog]) -> None:
    """Payloads, texts, categories and times of nanoseconds are the same."""
    polars = pytest.importorskip("polars")
    log = make_log()
    frame = polars.DataFrame(log)
    for name in ("payload", "text", "direction", "seq"):
        expected = (
            log.df.index if name == "seq" else log.df[name].astype(object).where(log.df[name].notna(), None)
        )
        assert frame[name].to_list() == expected.tolist(), name
    assert frame["time"].dt.timestamp("ns").to_list() == log.df["time"].astype("int64").tolist()


def test_a_log_is_a_table_of_others(make_log: Callable[..., FrameLog]) -> None:
    """FrameLog.from_frames takes it as any table of Arrow."""
    log = make_log()
    assert pd.Series(FrameLog.from_frames(log).df["payload"]).equals(log.df["payload"])

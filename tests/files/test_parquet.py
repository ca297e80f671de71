"""Parquet: lossless, and the DataFrame itself for anyone who has pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load


def test_a_log_of_many_segments_comes_back_equal(make_log: Any, same_log: Any, tmp_path: Path) -> None:
    """Messages that go on from one segment to the next keep their number."""
    log = make_log(7000)
    assert len(log) > 65_536
    same_log(log, load(log.save(tmp_path / "log.parquet")))


def test_pandas_alone_reads_the_dataframe(make_log: Callable[[], FrameLog], tmp_path: Path) -> None:
    """pd.read_parquet gives log.df, dtypes and attrs included, and three columns more."""
    log = make_log()
    df = pd.read_parquet(log.save(tmp_path / "log.parquet"))
    assert list(df.columns[-3:]) == ["connection", "wire_header", "wire_payload"]
    own = df[df.columns[:-3]]
    assert own.equals(log.df) and own.dtypes.equals(log.df.dtypes) and df.attrs == log.df.attrs


def test_a_value_repeated_in_a_dictionary_is_refused_as_a_bomb(make_log: Any, tmp_path: Path) -> None:
    """A file of some kilobytes that would become 8 GB of payloads is refused before they are made."""
    path = make_log().save(tmp_path / "log.parquet")
    table = pq.read_table(path)
    rows = 8192
    row = table.slice(1, 1)
    columns = {name: pa.repeat(row.column(name)[0], rows) for name in row.schema.names if name != "payload"}
    columns["seq"] = pa.array(range(rows), pa.int64())
    columns["text"] = pa.nulls(rows, pa.large_string())
    value = pa.array([b"x" * (1 << 20)], pa.large_binary())
    columns["payload"] = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), value)
    bomb = pa.table({name: columns[name] for name in table.schema.names})
    header = table.schema.metadata[b"wsnotebook"].replace(b'"rows":%d' % len(table), b'"rows":%d' % rows)
    pq.write_table(bomb.replace_schema_metadata({b"wsnotebook": header}), path)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(FileError, match="row group 0.*bomb"):
        load(path)


def test_a_parquet_file_of_someone_else_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """The sentence says which call reads it all the same."""
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(FileError, match=r"pandas\.read_parquet"):
        load(path)

"""Parquet: lossless, and the DataFrame itself for anyone who has pandas."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from logs import with_all_opcodes

from wsnotebook.errors import FileError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.files.parquet import read_dataframe
from wsnotebook.log.columns import FILE_COLUMNS


@pytest.mark.long
def test_a_log_of_many_segments_comes_back_equal(make_log: Any, same_log: Any, tmp_path: Path) -> None:
    """Messages that go on from one segment to the next keep their number."""
    log = make_log(7000)
    assert len(log) > 65_536
    same_log(log, load(log.save(tmp_path / "log.parquet")))


def test_pandas_alone_reads_the_dataframe(make_log: Callable[[], FrameLog], tmp_path: Path) -> None:
    """pd.read_parquet gives log.df with times of microseconds, payloads of rows without a text, and three columns more."""
    log = make_log()
    log.note("kernel stall", "busy", "s0", 1.5)
    with pd.option_context("mode.string_storage", "pyarrow"):  # pandas 2 makes Python's strings otherwise
        df = pd.read_parquet(log.save(tmp_path / "log.parquet"))
    assert df.ws.stalls()["duration"].tolist() == [1.5]
    assert json.loads(json.dumps(log.df.attrs)) == df.attrs
    assert list(df.columns[-3:]) == ["time_ns", "wire_header", "wire_payload"]
    same = [name for name in log.df.columns if name not in ("time", "payload")]
    expected = with_all_opcodes(log.df[same])
    assert df[same].equals(expected) and df[same].dtypes.equals(expected.dtypes)
    assert df["time"].equals(log.df["time"].dt.floor("us").dt.as_unit("us"))
    assert df["time_ns"].tolist() == log.df["time"].astype("int64").tolist()
    assert any(time % 1000 for time in df["time_ns"])
    has_text = log.df["text"].notna()
    assert df["payload"].isna().equals(has_text) and has_text.any()
    assert df["payload"][~has_text].equals(log.df["payload"][~has_text])


def test_a_text_is_stored_once(tmp_path: Path) -> None:
    """Texts that cannot be compressed take their own size."""
    texts = [secrets.token_hex(500) for _ in range(200)]
    path = FrameLog.from_frames([(1, "in", text) for text in texts]).save(tmp_path / "log.parquet")
    assert path.stat().st_size < 1.2 * 1000 * len(texts)
    assert load(path).df["payload"].tolist() == [text.encode() for text in texts]


def test_duckdb_and_polars_read_a_file(make_log: Callable[[], FrameLog], tmp_path: Path) -> None:
    """Times with their zone, texts, categories; and the handshake in the metadata, as JSON."""
    log = make_log()
    path = log.save(tmp_path / "log.parquet")
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    rows = duckdb.sql(
        f"select epoch_ns(time), time_ns, direction, text from '{path}' order by seq"
    ).fetchall()
    df = log.df.astype({"text": object})
    times = df["time"].astype("int64")
    texts = df["text"].where(df["text"].notna(), None)
    assert rows == list(zip(times // 1000 * 1000, times, df["direction"], texts, strict=True))
    frame = polars.read_parquet(path)
    assert frame["text"].to_list() == texts.tolist() and frame["time_ns"].to_list() == times.tolist()
    assert str(frame["time"].dtype) == "Datetime(time_unit='us', time_zone='UTC')"
    ((found,),) = duckdb.sql(
        "select decode(value)::json->>'$.connections[0].request' "
        f"from parquet_kv_metadata('{path}') where decode(key) = 'wsnotebook'"
    ).fetchall()
    assert found == log.connections[0].request.decode() and found.startswith("GET /feed HTTP/1.1")


def write_bomb(
    path: Path, columns: dict[str, Any], *, only: Collection[str] | None = None, **options: Any
) -> None:
    """Write a file of ours of one row group, with other values in some columns and the same in all rows of the others.

    Args:
        path: the file.
        columns: the other values.
        only: the columns that it has; None for all.
        options: of pyarrow's writer.
    """
    table = pq.read_table(FrameLog.from_frames([(1, "in", b"x")]).save(path))
    rows = len(next(iter(columns.values())))
    columns = {"seq": pa.array(range(rows)), **columns}
    names = [name for name in table.schema.names if only is None or name in only]
    for name in names:
        if name not in columns:
            columns[name] = pa.repeat(table.column(name)[0], rows)
    header = table.schema.metadata[b"wsnotebook"].replace(b'"rows":1,', b'"rows":%d,' % rows)
    bomb = pa.table({name: columns[name] for name in names})
    with pq.ParquetWriter(path, bomb.schema, **options) as writer:
        writer.write_table(bomb, row_group_size=rows)
        writer.add_key_value_metadata({b"wsnotebook": header})


def repeated(name: str, value: bytes, rows: int) -> dict[str, Any]:
    """Return a column with one value in each row, which stands once in a dictionary."""
    kind = next(column.kind.arrow for column in FILE_COLUMNS if column.name == name)
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    places = pa.repeat(pa.scalar(0, pa.int8()), rows)
    return {name: pa.DictionaryArray.from_arrays(places, pa.array([value]).cast(kind))}


def hide_dictionary(path: Path, column: str) -> None:
    """Let the footer say that a column has no page of indices into a dictionary: RLE instead of RLE_DICTIONARY."""
    data = path.read_bytes()
    in_footer = rb"(\x19[\x15-\xf5])([\x00-\x10]{1,4})(\x19\x18%c%s)" % (len(column), column.encode())
    hidden = re.sub(in_footer, lambda found: found[1] + found[2].replace(b"\x10", b"\x06") + found[3], data)
    assert hidden != data
    path.write_bytes(hidden)


@pytest.mark.parametrize("name", ["payload", "detail", "wire_header"])
@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_value_repeated_in_a_dictionary_is_refused_as_a_bomb(
    name: str, is_hidden: bool, tmp_path: Path
) -> None:
    """A file of some kilobytes that would become 8 GB of values is refused before they are made, whatever its footer says."""
    path = tmp_path / "bomb.parquet"
    write_bomb(path, repeated(name, b"x" * (1 << 20), 8192))
    if is_hidden:
        hide_dictionary(path, name)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(FileError, match="row group 0.*bomb"):
        load(path)


@pytest.mark.long
def test_rows_that_take_no_bytes_are_refused_as_a_bomb(tmp_path: Path) -> None:
    """Also where few columns are read, as Dask asks for them."""
    path = tmp_path / "bomb.parquet"
    write_bomb(path, repeated("direction", b"in", 20_000_000), only=("direction",))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(FileError, match="bomb"):
        read_dataframe(path, ["direction"])


def test_a_repeated_name_stands_once_in_memory(tmp_path: Path) -> None:
    """Also where the file does not say that its column is a category."""
    path = tmp_path / "bomb.parquet"
    write_bomb(path, repeated("session", b"x" * (1 << 20), 8192), only=("session",), store_schema=False)
    df = read_dataframe(path, ["session"])
    assert len(df) == 8192 and df["session"].memory_usage(deep=True) < 4 << 20


@pytest.mark.long
def test_a_small_file_never_takes_much_memory(tmp_path: Path) -> None:
    """Each kind of bomb is refused by its own sentence, not by the allocator, in a process that may have 2.5 GiB."""
    paths = {name: tmp_path / f"{name}.parquet" for name in ("pages", "repeating", "hidden")}
    mebibyte = pa.array([bytes(1 << 20)], pa.large_binary())
    plain = {"use_dictionary": False, "compression": "zstd"}
    write_bomb(paths["pages"], {"payload": pa.chunked_array([mebibyte] * 2000)}, **plain)
    encoding = {"column_encoding": {"payload": "DELTA_BYTE_ARRAY"}}
    write_bomb(paths["repeating"], {"payload": pa.chunked_array([mebibyte] * 2000)}, **plain, **encoding)
    write_bomb(paths["hidden"], repeated("payload", bytes(1 << 20), 8192), compression="zstd")
    hide_dictionary(paths["hidden"], "payload")
    assert all(path.stat().st_size < 1_000_000 for path in paths.values())
    script = Path(__file__).with_name("loadinlittlememory.py")
    done = subprocess.run(
        [sys.executable, script, str(5 << 29), *paths.values()], capture_output=True, text=True, check=False
    )
    said = dict(zip(paths, done.stdout.splitlines(), strict=True))
    assert "refused as a decompression bomb" in said["pages"], said
    assert "DELTA_BYTE_ARRAY" in said["repeating"], said
    assert "refused as a decompression bomb" in said["hidden"], said


def test_a_parquet_file_of_someone_else_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """The sentence says which call reads it all the same."""
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(FileError, match=r"pandas\.read_parquet"):
        load(path)

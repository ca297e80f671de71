"""Columns in files: each column of the table is in each format, or in that format's exceptions with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from newcolumns import NEW_COLUMNS

from wsnotebook.files import jsonl, parquet
from wsnotebook.files.formats import LOADABLE
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.header import Header
from wsnotebook.files.loading import load
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.columns import CATEGORY, FILE_COLUMNS, INDEX, TIME, WHOLE_ROWS, Absent, Column, Json

TABLES = pytest.mark.parametrize(
    "columns", [FILE_COLUMNS, (*FILE_COLUMNS, *NEW_COLUMNS)], ids=["as it is", "with new columns"]
)


def absent(column: Column, how: object) -> bool:
    """Return whether a format leaves a column out, which it must give a reason for."""
    assert not isinstance(how, Absent) or how.reason, f"{column.name} is left out without a reason"
    return isinstance(how, Absent)


def write(format: Any, log: FrameLog, path: Path, columns: Sequence[Column]) -> Path:
    """Write a log with another table of columns."""
    header = Header.of(log)
    format.write(header, header.runs(log), path, RunningFrames(columns))
    return path


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a JSONL file, but for the first."""
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


@TABLES
def test_jsonl_has_every_column(
    columns: tuple[Column, ...], make_log: Callable[[], FrameLog], tmp_path: Path
) -> None:
    """In every line, or in those that have a value; and no key that the table does not say."""
    lines = lines_of(write(jsonl, make_log(), tmp_path / "log.jsonl", columns))
    keys = {"base64"}
    for column in (INDEX, *columns):
        if absent(column, column.jsonl) or column.jsonl is Json.UNLESS_TEXT:
            assert not any(column.name in line for line in lines), column.name
        else:
            keys.add(column.name)
            count = sum(column.name in line for line in lines)
            assert count == len(lines) if column.jsonl is Json.ALWAYS else 0 < count < len(lines), column.name
    assert {key for line in lines for key in line} == keys
    assert all(("text" in line) != ("base64" in line) for line in lines)


@TABLES
def test_parquet_has_every_column(
    columns: tuple[Column, ...], make_log: Callable[[], FrameLog], tmp_path: Path
) -> None:
    """With the Arrow type and the dtype that the table says; but times have microseconds."""
    path = write(parquet, make_log(), tmp_path / "log.parquet", columns)
    there = [column for column in columns if not absent(column, column.parquet)]
    schema, df = pq.read_schema(path), pd.read_parquet(path)
    assert {*schema.names} == {INDEX.name, *(column.name for column in there)}
    assert {name: str(dtype) for name, dtype in df.dtypes.items()} == {
        column.name: column.kind.pandas.replace("[ns, ", "[us, ") for column in there
    }
    assert df.index.name == INDEX.name
    for column in there:
        found = schema.field(column.name).type
        expected = pa.timestamp("us", "UTC") if column.kind is TIME else column.kind.arrow
        same = pa.types.is_dictionary(found) if column.kind is CATEGORY else found == expected
        assert same, f"{column.name} is {found}"


def test_a_new_column_has_its_values_in_each_file(make_log: Callable[[], FrameLog], tmp_path: Path) -> None:
    """Floats, missing numbers, flags, categories, bytes and texts, as they are in the DataFrame."""
    log, columns = make_log(), (*FILE_COLUMNS, *NEW_COLUMNS)
    lines = lines_of(write(jsonl, log, tmp_path / "log.jsonl", columns))
    df = pd.read_parquet(write(parquet, log, tmp_path / "log.parquet", columns))
    length = log.df["length"].tolist()
    assert [line["kilobytes"] for line in lines] == df["kilobytes"].tolist() == [n / 1000 for n in length]
    halves = [None if n % 2 else n // 2 for n in length]
    assert (
        [line.get("half") for line in lines]
        == halves
        == df["half"].astype(object).where(df["half"].notna(), None).tolist()
    )
    assert [line["is_long"] for line in lines] == [n > 100 for n in length]
    assert {line["url"] for line in lines} == {*df["url"]} == {"ws://example.test/feed"}
    assert {*df["note"]} == {"2 connections"}
    assert df["first"].dropna().tolist() == [payload[:1] for payload in log.df["payload"] if payload]


@pytest.mark.parametrize("format", [jsonl, parquet], ids=lambda format: format.__name__)
def test_a_file_with_a_new_column_loads(
    format: Any, make_log: Callable[[], FrameLog], same_log: Any, tmp_path: Path
) -> None:
    """A column that follows from others is passed over, as it is filled again."""
    log = make_log()
    path = tmp_path / f"log.{format.__name__.rpartition('.')[2]}"
    same_log(log, load(write(format, log, path, (*FILE_COLUMNS, *NEW_COLUMNS))))


def test_a_format_has_columns_or_a_reason_why_not() -> None:
    """Those that keep whole rows fill every column again, and the table names them."""
    assert {*LOADABLE} == {".jsonl", ".parquet", *WHOLE_ROWS} and all(WHOLE_ROWS.values())

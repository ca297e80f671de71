"""The table of columns: each row is complete, and a row that is added reaches numbers and DataFrame."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from newcolumns import NEW_COLUMNS

from wsnotebook.log.columns import CATEGORY, COLUMNS, FILE_COLUMNS, INDEX, Column
from wsnotebook.log.dataframe import Frames
from wsnotebook.log.numbercolumns import NumberColumns
from wsnotebook.log.rowlog import RowLog


def test_every_name_is_there_once() -> None:
    """Also among the columns that only files have."""
    names = [column.name for column in (INDEX, *FILE_COLUMNS)]
    assert len({*names}) == len(names) and FILE_COLUMNS[: len(COLUMNS)] == COLUMNS


@pytest.mark.parametrize("column", FILE_COLUMNS, ids=lambda column: column.name)
def test_a_row_of_the_table_is_complete(column: Column) -> None:
    """It has a meaning, and is filled the one way that its kind asks for."""
    assert column.meaning
    assert (column.fill is not None) == (column.kind.storage is not None) == (column.build is None)
    assert (column.categories is not None) == (column.kind is CATEGORY)


def test_a_column_that_is_added_is_in_numbers_and_dataframe(make_log: Callable[[], RowLog]) -> None:
    """Whole at once or grown run by run, with the dtype of its kind; the columns of before stay as they were."""
    log = make_log()
    columns = (*COLUMNS, *NEW_COLUMNS)
    numbers = NumberColumns(0, columns=columns)
    frames = Frames(log.first, capacity=0, columns=columns, only_occurring=True)
    for start in range(log.first, log.end, 3):
        for rows in log.rows(start, min(start + 3, log.end)):
            numbers.extend(rows, log.connections)
            frames.extend(rows, log.connections)
    df = frames.dataframe(log.connections)
    assert {*numbers.arrays} == {column.name for column in columns if column.kind.storage is not None}
    assert {*numbers.missing} == {"wire_length", "frame_length", "message", "close_code", "half"}
    assert {name: str(dtype) for name, dtype in df.dtypes.items()} == {
        column.name: column.kind.pandas for column in columns
    }
    assert df[log.df.columns].equals(log.df)
    length = log.df["length"]
    assert df["kilobytes"].tolist() == (length / 1000).tolist()
    assert df["half"].fillna(-1).tolist() == (length // 2).where(length % 2 == 0, -1).tolist()
    assert df["is_long"].tolist() == (length > 100).tolist()
    assert {*df["url"]} == {"ws://example.test/feed"}
    assert df["first"].dropna().tolist() == [payload[:1] for payload in log.df["payload"] if payload]
    assert {*df["note"]} == {"2 connections"}

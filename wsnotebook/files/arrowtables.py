"""Frames as tables of Arrow: a run of rows at a time, with the columns, the index and the metadata of their DataFrame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from wsnotebook.analysis.versions import with_attrs
from wsnotebook.files.header import Header
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.columns import COLUMNS, Column
from wsnotebook.log.dataframe import Frames
from wsnotebook.log.events import lateness
from wsnotebook.log.rowlog import RowLog

__all__ = ["reader_of", "schema_of", "table_of"]


def schema_of(header: Header, columns: Sequence[Column], present: Sequence[Column]) -> pa.Schema:
    """Return the schema of the rows of a header, with the metadata from which pandas restores dtypes and index.

    Args:
        header: of the log.
        columns: the table of columns.
        present: those of them that the schema has.
    """
    frames = Frames(header.first, columns=columns)
    empty = frames.dataframe(header.connections, header.dropped, header.truncated, lateness(header.events))
    return with_attrs(table_of(empty, present).schema, empty.attrs)


def table_of(df: pd.DataFrame, present: Sequence[Column]) -> pa.Table:
    """Return some columns of a DataFrame of frames as a table, its index as the column ``seq``."""
    return pa.Table.from_pandas(df[[column.name for column in present]], preserve_index=True)


def reader_of(log: RowLog) -> Any:
    """Return a RecordBatchReader of the rows of a log as it is now; rows on disk are read when they are asked for."""
    header = Header.of(log)
    schema = schema_of(header, COLUMNS, COLUMNS)
    return pa.RecordBatchReader.from_batches(schema, _batches(log, header, schema))


def _batches(log: RowLog, header: Header, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    running = RunningFrames(COLUMNS)
    for rows in header.runs(log):
        yield from table_of(running.dataframe(rows, header.connections), COLUMNS).cast(schema).to_batches()

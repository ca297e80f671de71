"""Parquet: every column of the DataFrame, more columns for the wire image, and the header in the schema's metadata.

``pandas.read_parquet`` of such a file returns the columns of ``log.df`` as parquetcolumns.py stores them, and three more.
Payloads are compressed with LZ4, which expands by 255 at most: so the limits refuse a bomb and never a file of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wsnotebook.errors import FileError
from wsnotebook.files.arrowrows import READ, rows_of
from wsnotebook.files.arrowtables import schema_of, table_of
from wsnotebook.files.header import FORMER_STATUSES, Header
from wsnotebook.files.parquetcolumns import Budget, check_types, restored, stored, stored_names
from wsnotebook.files.parquetlayout import check_pages, chunks_of
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.files.storage import StoredFile, stored_file
from wsnotebook.log.columns import COLUMNS, INDEX, STRING, Absent, Parquet
from wsnotebook.log.restore import check
from wsnotebook.log.rows import Rows
from wsnotebook.log.segment import MAX_ROWS
from wsnotebook.wire.batch import STATUSES

__all__ = ["read", "read_dataframe", "read_header", "write"]

METADATA_KEY = b"wsnotebook"
"""Key of the header in the schema's metadata."""

_STRINGS = {column.name for column in COLUMNS if column.kind is STRING}
_STRING_DTYPE = pd.StringDtype("pyarrow")  # pandas 2 reads them as Python's strings

_ROOM = 1 << 30  # bytes that any file may need in memory
_EXPANSION = 1000  # bytes in memory for each byte of the file, beyond that
_ROW_COST = 64  # bytes of a row beside its payload while it is read


def write(
    header: Header, runs: Iterable[Rows], path: Path | StoredFile, running: RunningFrames | None = None
) -> None:
    """Write a header and its rows to a Parquet file, one row group a run.

    Args:
        header: what the file says of the log beside its rows.
        runs: the rows, in order.
        path: the file.
        running: has the table of columns and the messages that are open before the first row.
    """
    running = running or RunningFrames()
    present = [column for column in running.columns if not isinstance(column.parquet, Absent)]
    columns = [INDEX, *present]
    names = [column.name for column in columns]
    schema = stored(schema_of(header, running.columns, present).empty_table()).schema
    schema = schema.with_metadata({**schema.metadata, METADATA_KEY: header.to_json().encode()})
    with (
        stored_file(path).create() as sink,
        pq.ParquetWriter(
            sink,
            schema,
            compression={name: "lz4" for name in names},
            use_dictionary=[column.name for column in columns if column.parquet is Parquet.DICTIONARY],
            column_encoding={
                column.name: "DELTA_BINARY_PACKED" for column in columns if column.parquet is Parquet.DELTA
            },
            write_statistics=[column.name for column in columns if column.parquet is not Parquet.BULKY],
            write_page_checksum=True,
        ) as writer,
    ):
        for rows in runs:
            table = table_of(running.dataframe(rows, header.connections), present)
            writer.write_table(stored(table).cast(schema), row_group_size=MAX_ROWS)


def read(path: Path | StoredFile) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of a Parquet file.

    Raises:
        FileError: the file is damaged; from the iterator too, which names the row group.
    """
    file = _open(path)
    try:
        header = _header(path, file)
    except FileError:
        file.close()
        raise
    return header, _read_rows(path, file, header)


def read_header(path: Path | StoredFile) -> Header:
    """Return the header of a Parquet file.

    Raises:
        FileError: the file is damaged, or not of this package.
    """
    with _open(path) as file:
        return _header(path, file)


def read_dataframe(path: Path | StoredFile, columns: list[str] | None = None) -> pd.DataFrame:
    """Return the DataFrame of a Parquet file as it was saved, without the columns of the wire image.

    Args:
        columns: read only these.

    Raises:
        FileError: the file is damaged, or not of this package.
    """
    with _open(path) as file:
        header = _header(path, file)
        try:
            names = columns or [column.name for column in COLUMNS]
            df = _dataframe(file, names, header, _budget(path, header))
        except (pa.ArrowException, OSError, ValueError, LookupError) as error:
            raise FileError(path, "", str(error)) from error
    if "status" in df:
        df["status"] = (
            df["status"].cat.rename_categories(FORMER_STATUSES).cat.set_categories(list(STATUSES.values()))
        )
    return df


def _dataframe(file: pq.ParquetFile, names: list[str], header: Header, budget: Budget) -> pd.DataFrame:
    """Return some columns; the files of former versions have no ``recording``."""
    there = file.schema_arrow.names
    if "recording" in there or "recording" not in names:
        table = file.read(stored_names(names, there), use_pandas_metadata=True)
        batches = [restored(batch, budget) for batch in table.to_batches()]
        df: pd.DataFrame = pa.Table.from_batches(
            batches or [restored(_no_rows(table.schema), budget)]
        ).to_pandas()
        return df[names].astype({name: _STRING_DTYPE for name in names if name in _STRINGS})
    stored = [name for name in dict.fromkeys([*names, "connection"]) if name != "recording"]
    df = _dataframe(file, stored, header, budget)
    of_each = pd.Categorical([connection.recording for connection in header.connections])
    return df.assign(recording=of_each.take(df["connection"].to_numpy()))[names]


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema)


def _open(path: Path | StoredFile) -> pq.ParquetFile:
    file = stored_file(path).open()  # a file that does not exist or cannot be opened raises OSError here
    try:
        repeated = check_pages(file, chunks_of(file), _room(path))
        # One long value repeated a million times must not become a million long values.
        return pq.ParquetFile(file, page_checksum_verification=True, read_dictionary=sorted(repeated))
    except (pa.ArrowException, OSError, ValueError, LookupError) as error:
        file.close()
        raise FileError(path, "footer", f"it cannot be read as Parquet: {error}") from error


def _room(path: Path | StoredFile) -> int:
    """Return the bytes that the values of a file may have."""
    return _ROOM + _EXPANSION * stored_file(path).size


def _budget(path: Path | StoredFile, header: Header) -> Budget:
    """Return what the long values of a file may need beside its rows."""
    budget = Budget(_room(path))
    budget.spend(_ROW_COST * header.rows)
    return budget


def _header(path: Path | StoredFile, file: pq.ParquetFile) -> Header:
    metadata = file.metadata.metadata or {}
    if METADATA_KEY not in metadata:
        raise FileError(
            path,
            "footer",
            "not written by log.save(): FrameLog.from_frames(pandas.read_parquet(path)) makes a log of it",
        )
    try:
        header = Header.from_dict(json.loads(metadata[METADATA_KEY]))
    except (ValueError, RecursionError) as error:
        raise FileError(path, "footer", str(error)) from error
    if header.rows != file.metadata.num_rows:
        raise FileError(path, "footer", f"{file.metadata.num_rows} rows where the header says {header.rows}")
    return header


def _read_rows(path: Path | StoredFile, file: pq.ParquetFile, header: Header) -> Iterator[Rows]:
    """Yield the rows of a file, and close it."""
    place, seq = "footer", header.first
    with file:
        try:
            names = stored_names(READ, file.schema_arrow.names)
            check_types(file.schema_arrow, names)
            budget = _budget(path, header)
            for group in range(file.metadata.num_row_groups):
                place = f"row group {group}"
                for batch in file.iter_batches(MAX_ROWS, row_groups=[group], columns=names):
                    rows = rows_of(restored(batch, budget), seq, header.connections)
                    yield check(rows, len(header.connections))
                    seq += len(batch)
        except (pa.ArrowException, OSError, ValueError, LookupError) as error:
            raise FileError(path, place, str(error)) from error
    if seq != header.first + header.rows:
        raise FileError(path, place, f"the file has {seq - header.first} rows, its header says {header.rows}")

"""Parquet: every column of the DataFrame, more columns for the wire image, and the header in the schema's metadata.

``pandas.read_parquet`` of such a file returns ``log.df`` and three columns more. Payloads are compressed with LZ4, which
expands by 255 at most: so the limits below refuse a decompression bomb and never a file of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wsnotebook.errors import FileError
from wsnotebook.files.arrowrows import BULKY, READ, Budget, rows_of
from wsnotebook.files.header import FORMER_STATUSES, Header
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.columns import CATEGORY, COLUMNS, FILE_COLUMNS, INDEX, Absent, Column, Parquet
from wsnotebook.log.dataframe import Frames
from wsnotebook.log.restore import check
from wsnotebook.log.rows import Rows
from wsnotebook.log.segment import MAX_ROWS
from wsnotebook.wire.batch import STATUSES

__all__ = ["read", "read_dataframe", "read_header", "write"]

METADATA_KEY = b"wsnotebook"
"""Key of the header in the schema's metadata."""

_FILE_ONLY = {column.name for column in FILE_COLUMNS[len(COLUMNS) :]}

_ROOM = 1 << 30  # bytes that any file may need in memory
_EXPANSION = 1000  # bytes in memory for each byte of the file, beyond that
_ROW_COST = 64  # bytes of a row beside its payload while it is read


def write(header: Header, runs: Iterable[Rows], path: Path, running: RunningFrames | None = None) -> None:
    """Write a header and its rows to a Parquet file, one row group a run.

    Args:
        header: what the file says of the log beside its rows.
        runs: the rows, in order.
        path: the file.
        running: has the table of columns and the messages that are open before the first row.
    """
    running = running or RunningFrames()
    schema = _schema(header, running.columns)
    columns = [column for column in (INDEX, *running.columns) if not isinstance(column.parquet, Absent)]
    names = [column.name for column in columns]
    with pq.ParquetWriter(
        path,
        schema,
        compression={name: "lz4" for name in names},
        use_dictionary=[column.name for column in columns if column.parquet is Parquet.DICTIONARY],
        column_encoding={
            column.name: "DELTA_BINARY_PACKED" for column in columns if column.parquet is Parquet.DELTA
        },
        write_statistics=[column.name for column in columns if column.parquet is not Parquet.BULKY],
        write_page_checksum=True,
    ) as writer:
        for rows in runs:
            table = _table(running.dataframe(rows, header.connections), running.columns)
            writer.write_table(table.cast(schema), row_group_size=MAX_ROWS)


def _table(df: pd.DataFrame, columns: Sequence[Column]) -> pa.Table:
    absent = [column.name for column in columns if isinstance(column.parquet, Absent)]
    return pa.Table.from_pandas(df.drop(columns=absent) if absent else df, preserve_index=True)


def _schema(header: Header, columns: Sequence[Column]) -> pa.Schema:
    """Return the schema of the whole file, with the header and the metadata of pandas."""
    losses = {"dropped": header.dropped, "truncated": header.truncated}
    empty = Frames(header.first, columns=columns).dataframe(header.connections, **losses)
    schema = _table(empty, columns).schema
    return schema.with_metadata({**schema.metadata, METADATA_KEY: header.to_json().encode()})


def read(path: Path) -> tuple[Header, Iterator[Rows]]:
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


def read_header(path: Path) -> Header:
    """Return the header of a Parquet file.

    Raises:
        FileError: the file is damaged, or not of this package.
    """
    with _open(path) as file:
        return _header(path, file)


def read_dataframe(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Return the DataFrame of a Parquet file as it was saved, without the columns of the wire image.

    Args:
        columns: read only these.

    Raises:
        FileError: the file is damaged, or not of this package.
    """
    with _open(path) as file:
        _header(path, file)
        try:
            names = columns or [name for name in file.schema_arrow.names if name not in _FILE_ONLY]
            df: pd.DataFrame = file.read(names, use_pandas_metadata=True).to_pandas()
        except (pa.ArrowException, OSError, ValueError, LookupError) as error:
            raise FileError(path, "", str(error)) from error
    if "status" in df:
        df["status"] = (
            df["status"].cat.rename_categories(FORMER_STATUSES).cat.set_categories(list(STATUSES.values()))
        )
    return df


def _open(path: Path) -> pq.ParquetFile:
    source = pa.OSFile(str(path))  # a file that does not exist or cannot be opened raises OSError here
    try:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        encoded = {
            column.path_in_schema
            for group in groups
            for column in map(group.column, range(group.num_columns))
            if any("DICTIONARY" in encoding for encoding in column.encodings)
        }
        if encoded & BULKY:  # one long value repeated a million times must not become a million long values
            file.close()
            source = pa.OSFile(str(path))
            file = pq.ParquetFile(
                source, page_checksum_verification=True, read_dictionary=sorted(encoded & BULKY)
            )
    except (pa.ArrowException, OSError, ValueError) as error:
        source.close()
        raise FileError(path, "footer", f"not a Parquet file, or damaged: {error}") from error
    return file


def _header(path: Path, file: pq.ParquetFile) -> Header:
    metadata = file.metadata.metadata or {}
    if METADATA_KEY not in metadata:
        raise FileError(
            path, "footer", "not written by log.save(); pandas.read_parquet() reads it as a DataFrame"
        )
    try:
        header = Header.from_dict(json.loads(metadata[METADATA_KEY]))
    except (ValueError, RecursionError) as error:
        raise FileError(path, "footer", str(error)) from error
    if header.rows != file.metadata.num_rows:
        raise FileError(path, "footer", f"{file.metadata.num_rows} rows where the header says {header.rows}")
    return header


def _read_rows(path: Path, file: pq.ParquetFile, header: Header) -> Iterator[Rows]:
    """Yield the rows of a file, and close it."""
    budget = Budget(_ROOM + _EXPANSION * path.stat().st_size)
    place, seq = "footer", header.first
    with file:
        try:
            _check_schema(file.schema_arrow)
            budget.spend(_ROW_COST * header.rows)
            for group in range(file.metadata.num_row_groups):
                place = f"row group {group}"
                for batch in file.iter_batches(MAX_ROWS, row_groups=[group], columns=list(READ)):
                    yield check(rows_of(batch, seq, budget), len(header.connections))
                    seq += len(batch)
        except (pa.ArrowException, OSError, ValueError, LookupError) as error:
            raise FileError(path, place, str(error)) from error
    if seq != header.first + header.rows:
        raise FileError(path, place, f"the file has {seq - header.first} rows, its header says {header.rows}")


def _check_schema(schema: pa.Schema) -> None:
    for name, column in READ.items():
        if schema.names.count(name) != 1:
            raise ValueError(f"column {name} is missing, or there twice")
        found = schema.field(name).type
        if pa.types.is_dictionary(found) and (column.kind is CATEGORY or name in BULKY):
            continue  # categories have dictionaries, and bulky columns where _open asked for them
        if found != column.kind.arrow:
            raise ValueError(f"column {name} is {found}, not {column.kind.arrow}")

"""A dataset: recordings as Parquet parts in one directory, for a log that outgrows one file or one machine.

Several recordings at once, for pandas or Dask, are datasetreader.py; a recording that still grows is partwriter.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from wsnotebook.errors import FileError
from wsnotebook.files import parquet
from wsnotebook.files.header import Header
from wsnotebook.files.parts import former_parts, recording_of, recordings, replace_parts
from wsnotebook.files.storage import StoredFile, storage_at
from wsnotebook.log.rows import Rows

__all__ = ["parts_of", "read", "read_parts", "write"]


def parts_of(path: str | Path) -> list[StoredFile]:
    """Return the parts of a directory that has one recording.

    Raises:
        FileError: the directory has no recording, or several.
    """
    found = recordings(storage_at(path))
    if len(found) != 1:
        problem = "several recordings" if found else "no parts of a recording"
        raise FileError(path, "", f"{problem} in this directory: wsnotebook.open_dataset() reads several")
    return next(iter(found.values()))


def read(path: str | Path) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of the recording in a directory that has one.

    Raises:
        FileError: the directory has no recording, or several; or a part is damaged or missing.
    """
    return read_parts(parts_of(path))


def read_parts(parts: Sequence[StoredFile]) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of one recording.

    Raises:
        FileError: a part is damaged or missing.
    """
    first = parquet.read_header(parts[0]).first
    last = parquet.read_header(parts[-1])  # it has all connections and events
    header = last._replace(first=first, rows=last.first + last.rows - first)
    return header, _rows_of(parts, first)


def _rows_of(parts: Sequence[StoredFile], seq: int) -> Iterator[Rows]:
    for part in parts:
        for rows in parquet.read(part)[1]:
            if rows.first != seq:
                raise FileError(
                    part, "", f"begins at seq {rows.first} where {seq} follows: a part is missing"
                )
            yield rows
            seq += len(rows)


def write(header: Header, runs: Iterable[Rows], path: str | Path) -> None:
    """Write a header and its rows into a directory; older parts of the same recording are replaced, others stay."""
    storage = storage_at(path)
    old = recordings(storage).get(recording_of(header), [])
    replace_parts(storage, header, runs, [*old, *former_parts(storage, header)])

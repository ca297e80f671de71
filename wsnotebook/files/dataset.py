"""A dataset: recordings as Parquet parts in one directory, for a log that outgrows one file or one machine.

Several recordings at once, for pandas or Dask, are datasetreader.py; a recording that still grows is partwriter.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from wsnotebook.errors import FileError
from wsnotebook.files import parquet
from wsnotebook.files.header import Header
from wsnotebook.files.parts import groups, recording_name, recordings, write_part
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.rows import Rows

__all__ = ["parts_of", "read", "read_parts", "write"]


def parts_of(path: Path) -> list[Path]:
    """Return the parts of a directory that has one recording.

    Raises:
        FileError: the directory has no recording, or several.
    """
    found = recordings(path)
    if len(found) != 1:
        problem = "several recordings" if found else "no parts of a recording"
        raise FileError(path, "", f"{problem} in this directory: wsnotebook.open_dataset() reads several")
    return next(iter(found.values()))


def read(path: Path) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of the recording in a directory that has one.

    Raises:
        FileError: the directory has no recording, or several; or a part is damaged or missing.
    """
    return read_parts(parts_of(path))


def read_parts(parts: Sequence[Path]) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of one recording.

    Raises:
        FileError: a part is damaged or missing.
    """
    first = parquet.read_header(parts[0]).first
    header = parquet.read_header(parts[-1])._replace(
        first=first
    )  # the last part has all connections and events
    return header, _rows_of(parts, first)


def _rows_of(parts: Sequence[Path], seq: int) -> Iterator[Rows]:
    for part in parts:
        for rows in parquet.read(part)[1]:
            if rows.first != seq:
                raise FileError(
                    part, "", f"begins at seq {rows.first} where {seq} follows: a part is missing"
                )
            yield rows
            seq += len(rows)


def write(header: Header, runs: Iterable[Rows], path: Path) -> None:
    """Write a header and its rows into a directory; older parts of the same recording are replaced, others stay."""
    path.mkdir(parents=True, exist_ok=True)
    name = recording_name(header.connections)
    running = RunningFrames()
    written = []
    try:
        for group in groups(runs):
            written.append(write_part(path, name, group, header, running))
        for old in recordings(path).get(name, []):
            old.unlink()
        for unfinished, part in written:
            os.replace(unfinished, part)
    finally:
        for unfinished, _ in written:
            unfinished.unlink(missing_ok=True)

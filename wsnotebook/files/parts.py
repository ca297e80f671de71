"""Parts: the files of a dataset, each a Parquet file named by its recording and its first ``seq``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from wsnotebook.files import parquet
from wsnotebook.files.header import Header
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.connections import Connection
from wsnotebook.log.rows import Rows

__all__ = ["groups", "recording_name", "recordings", "write_part"]

_RUNS = 16  # runs of rows in a saved part: about a million frames, or 128 MiB of payload


def recordings(directory: Path) -> dict[str, list[Path]]:
    """Return the parts of each recording in a directory, in order of their rows."""
    found: dict[str, list[Path]] = {}
    for path in sorted(directory.glob("*-*.parquet")):
        if not path.name.startswith("."):
            found.setdefault(path.name.rpartition("-")[0], []).append(path)
    return found


def groups(runs: Iterable[Rows]) -> Iterator[list[Rows]]:
    """Yield the runs of each part; an empty log has one part without rows."""
    group: list[Rows] = []
    is_first = True
    for rows in runs:
        group.append(rows)
        if len(group) == _RUNS:
            yield group
            group, is_first = [], False
    if group or is_first:
        yield group


def write_part(
    directory: Path, name: str, runs: list[Rows], header: Header, running: RunningFrames
) -> tuple[Path, Path]:
    """Write a part under a temporary name, which no reader finds; return this path and the final one."""
    first = runs[0].first if runs else header.first
    part = directory / f"{name}-{first:012}.parquet"
    unfinished = part.with_name(f".{part.name}.{os.getpid()}.unfinished")
    header = header._replace(first=first, rows=sum(map(len, runs)))
    parquet.write(header, runs, unfinished, running)
    return unfinished, part


def recording_name(connections: list[Connection]) -> str:
    """Return the name of a recording. It is the same for the same log, so that saving it again replaces its parts.

    It begins with the time at which the first connection was opened, so that names sort as recordings do.
    """
    if not connections:
        return "empty"
    first = connections[0]
    seconds, nanoseconds = divmod(first.opened_ns, 10**9)
    opened = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    words = f"{first.session}|{first.url}|{first.opened_ns}"
    return (
        f"{opened:%Y%m%dT%H%M%S}{nanoseconds:09}-{hashlib.blake2b(words.encode(), digest_size=6).hexdigest()}"
    )

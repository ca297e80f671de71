"""Saving: writes a whole log to one file or directory; recorder.py writes a log while it grows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from wsnotebook.files.filelock import is_locked
from wsnotebook.files.formats import writer_for
from wsnotebook.files.header import Header
from wsnotebook.files.paths import is_directory, is_url, unfinished_name
from wsnotebook.files.privatefile import make_private
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.rows import Rows

__all__ = ["Watch", "save"]


Watch: TypeAlias = Callable[[Iterator[Rows]], Iterator[Rows]]
"""Hands runs of rows on, and sees how far they are."""


def save(log: RowLog, path: str | Path, watch: Watch = iter) -> str | Path:
    """Write a whole log to a file, in the format that its suffix names; return the path, of a URL itself.

    The file appears whole or not at all: an older one of this name stays until the new one is complete. Only its owner may
    read it.

    Args:
        log: the log; frames that arrive meanwhile are not in the file.
        path: ``.parquet``, ``.jsonl``, ``.har`` or ``.pcapng``; or "name/", a directory of Parquet parts, also a URL
            such as "s3://bucket/feeds/".
        watch: called with the rows that are written.

    Raises:
        ValueError: no format has this suffix, or the format cannot hold this log.
        OSError: the file cannot be written.
    """
    header = Header.of(log)
    if is_directory(path):
        from wsnotebook.files import dataset  # it loads pyarrow

        dataset.write(header, watch(header.runs(log)), path)  # part by part, each whole
        return path if is_url(path) else Path(path)
    writer, target = writer_for(path), Path(path)
    if is_locked(target):
        raise ValueError(
            f"{target} is being recorded: call stop_recording() first, or save under another name"
        )
    unfinished = target.with_name(unfinished_name(target.name))
    try:
        make_private(unfinished)
        writer.write(header, watch(header.runs(log)), unfinished)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target

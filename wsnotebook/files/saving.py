"""Saving: writes a whole log to one file or directory; recorder.py writes a log while it grows."""

from __future__ import annotations

import os
from pathlib import Path

from wsnotebook.files.filelock import is_locked
from wsnotebook.files.formats import is_directory, writer_for
from wsnotebook.files.header import Header
from wsnotebook.log.rowlog import RowLog

__all__ = ["save"]


def save(log: RowLog, path: str | Path) -> Path:
    """Write a whole log to a file, in the format that its suffix names; return the path.

    The file appears whole or not at all: an older one of this name stays until the new one is complete.

    Args:
        log: the log; frames that arrive meanwhile are not in the file.
        path: ``.parquet``, ``.jsonl``, ``.har`` or ``.pcapng``; or "name/", a directory of Parquet parts.

    Raises:
        ValueError: no format has this suffix, or the format cannot hold this log.
        OSError: the file cannot be written.
    """
    writer, target = writer_for(path), Path(path)
    header = Header.of(log)
    if is_directory(path):
        writer.write(header, header.runs(log), target)  # part by part, each whole
        return target
    if is_locked(target):
        raise ValueError(
            f"{target} is being recorded: call stop_recording() first, or save under another name"
        )
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        writer.write(header, header.runs(log), unfinished)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target

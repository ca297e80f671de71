"""Files: a log goes to and comes from each format by the suffix of the path; one module a format."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from wsnotebook.files.filelock import is_locked
from wsnotebook.files.recorder import is_directory
from wsnotebook.log.framelog import FrameLog

__all__ = ["SUFFIXES", "load", "save"]

SUFFIXES = {
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".har": "har",
    ".pcapng": "pcapng.format",
    ".pcap": "pcapng.pcap",
}
"""Suffix of a path, and the module of this folder that knows the format."""


def save(log: FrameLog, path: str | Path) -> Path:
    """Write a whole log to a file, in the format that its suffix names; return the path.

    The file appears whole or not at all: an older one of this name stays until the new one is complete.

    Args:
        log: the log; frames that arrive meanwhile are not in the file.
        path: ``.parquet``, ``.jsonl``, ``.har`` or ``.pcapng``; or "name/", a directory of Parquet parts.

    Raises:
        ValueError: no format has this suffix, or the format cannot hold this log.
        OSError: the file cannot be written.
    """
    if is_directory(path):
        from wsnotebook.files.dataset import save_parts  # it loads pyarrow

        return save_parts(log, Path(path))
    path = Path(path)
    module = _module(path, "save")
    if is_locked(path):
        raise ValueError(f"{path} is being recorded: call stop_recording() first, or save under another name")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        module.save(log, unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def load(path: str | Path) -> FrameLog:
    """Read a log from a file that ``log.save``, a browser, mitmproxy, tcpdump or Wireshark wrote.

    Args:
        path: ``.parquet``, ``.jsonl``, ``.har``, ``.pcapng`` or ``.pcap``; or a directory with one recording.

    Raises:
        ValueError: no format has this suffix.
        FileError: the file is damaged or not of its format; it names the place.
        OSError: the file is not there or cannot be read.
    """
    if is_directory(path):
        from wsnotebook.files.dataset import load_parts  # it loads pyarrow

        return load_parts(Path(path))
    path = Path(path)
    log: FrameLog = _module(path, "load").load(path)
    return log


def _module(path: Path, verb: str) -> Any:
    name = SUFFIXES.get(path.suffix.lower())
    module = import_module(f"{__name__}.{name}") if name else None  # a format may load pyarrow
    if not hasattr(module, verb):
        able = [suffix for suffix in SUFFIXES if verb == "load" or suffix != ".pcap"]
        raise ValueError(
            f"{path.name!r}: cannot {verb} {path.suffix or 'without a suffix'}; use {', '.join(able)}, or 'name/' for a "
            "directory of parts"
        )
    return module

"""The target file of a verb: checks its path, and writes a log to it during the work or at the end.

A .pcapng and a directory grow with the log; the other formats can only be written complete.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from wsnotebook.cli.console import write_error
from wsnotebook.cli.outcome import Failed, WrongUsage
from wsnotebook.files.formats import SAVABLE
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.paths import is_directory

__all__ = ["check_new", "check_writable", "recording", "summary"]

FORMATS = f"{', '.join(SAVABLE)}, or 'name/' for a directory of Parquet parts"


def check_writable(path: str) -> None:
    """Check that a recording can be written to ``path``, before the connection is opened.

    Raises:
        WrongUsage: an unknown suffix, or the folder does not exist.
    """
    target = Path(path)
    if not is_directory(path) and target.suffix.lower() not in SAVABLE:
        raise WrongUsage(f"{path}: cannot write {target.suffix or 'a file without a suffix'}; use {FORMATS}")
    if not target.parent.is_dir():
        raise WrongUsage(f"{path}: the folder {target.parent} is not there: make it first")


def check_new(path: str) -> None:
    """Check that ``path`` can be written and is not a file with content, because no recording is overwritten.

    Raises:
        WrongUsage: see check_writable, or the file is not empty.
    """
    check_writable(path)
    target = Path(path)
    if target.is_file() and target.stat().st_size:
        raise WrongUsage(f"{path} has something in it: delete it, or record to another name")


@contextlib.contextmanager
def recording(log: FrameLog, path: str | None) -> Iterator[None]:
    """Write to ``path`` the frames that are added to a log in the block.

    Args:
        log: the log of the sessions or the server in the block.
        path: a ``.pcapng`` or a directory is written during the block, another format at its end; None writes none.

    Raises:
        Failed: the file could not be written; the message names the pcapng file that has the frames instead.
    """
    if path is None:
        yield
        return
    if is_directory(path) or path.lower().endswith(".pcapng"):
        log.record_to(path)
        try:
            yield
        finally:
            log.stop_recording()
        return
    try:
        yield
    finally:
        _save(log, path)


def _save(log: FrameLog, path: str) -> None:
    try:
        log.save(path)
    except (ValueError, OSError) as error:
        write_error(f"{path} could not be written: {error}")
        raise Failed(f"the recording is in {_rescue(log, path)}: see 'wsnotebook convert'") from error


def _rescue(log: FrameLog, path: str) -> Path:
    """Save a log as pcapng beside ``path``, or in a temporary folder, and return the path.

    A HAR is limited in size and the target folder may be removed; hours of frames must not be lost for that.
    """
    with contextlib.suppress(OSError):
        return log.save(Path(f"{path}.pcapng"))
    return log.save(Path(tempfile.mkdtemp(prefix="wsnotebook-")) / f"{Path(path).name}.pcapng")


def summary(log: FrameLog) -> str:
    """Return the numbers of frames and sessions of a log, such as "1,200 frames of 2 sessions"."""
    sessions = len({connection.session for connection in log.connections})
    text = f"{len(log):,} frame{'s' * (len(log) != 1)} of {sessions} session{'s' * (sessions != 1)}"
    return text + (f", {log.dropped:,} dropped" if log.dropped else "")

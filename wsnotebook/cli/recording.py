"""Where a verb of the terminal keeps a log: as it comes where the format can, otherwise when the work ends."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from wsnotebook.cli.console import complain
from wsnotebook.cli.outcome import Failed, WrongUsage
from wsnotebook.files.formats import SAVABLE, is_directory
from wsnotebook.files.framelog import FrameLog

__all__ = ["check_new", "check_writable", "recording", "summary"]

FORMATS = f"{', '.join(SAVABLE)}, or 'name/' for a directory of Parquet parts"


def check_writable(path: str) -> None:
    """Hold a path against what can be written, before anything else is done.

    Raises:
        WrongUsage: another suffix, or a folder that is not there.
    """
    target = Path(path)
    if not is_directory(path) and target.suffix.lower() not in SAVABLE:
        raise WrongUsage(f"{path}: cannot write {target.suffix or 'a file without a suffix'}; use {FORMATS}")
    if not target.parent.is_dir():
        raise WrongUsage(f"{path}: the folder {target.parent} is not there: make it first")


def check_new(path: str) -> None:
    """Hold a path against what can be recorded to: a recording is never overwritten.

    Raises:
        WrongUsage: it cannot be written, or has something in it.
    """
    check_writable(path)
    target = Path(path)
    if target.is_file() and target.stat().st_size:
        raise WrongUsage(f"{path} has something in it: delete it, or record to another name")


@contextlib.contextmanager
def recording(log: FrameLog, path: str | None) -> Iterator[None]:
    """Keep what a log gets in the block: a ``.pcapng`` or a directory grows with it, others are written at the end.

    Raises:
        Failed: the file could not be written; the sentence says where the frames are.
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
        complain(f"{path} could not be written: {error}")
        raise Failed(f"the recording is in {_rescue(log, path)}: see 'wsnotebook convert'") from error


def _rescue(log: FrameLog, path: str) -> Path:
    """Save a log where it can be: a HAR has a limit, a folder may be gone, and hours must not be lost for that."""
    with contextlib.suppress(OSError):
        return log.save(f"{path}.pcapng")
    return log.save(Path(tempfile.mkdtemp(prefix="wsnotebook-")) / f"{Path(path).name}.pcapng")


def summary(log: FrameLog) -> str:
    """Return how much there is in a log, in words."""
    sessions = len({connection.session for connection in log.connections})
    text = f"{len(log):,} frame{'s' * (len(log) != 1)} of {sessions} session{'s' * (sessions != 1)}"
    return text + (f", {log.dropped:,} dropped" if log.dropped else "")

"""Loading: reads a file, or the one recording of a directory, into a log."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from wsnotebook.files.formats import reader_for
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.header import Header
from wsnotebook.log.rows import Rows

__all__ = ["load", "to_log"]


def load(path: str | Path) -> FrameLog:
    """Read a log from a file that ``log.save``, a browser, Playwright, mitmproxy, tcpdump or Wireshark wrote.

    Args:
        path: ``.parquet``, ``.jsonl``, ``.har``, ``.pcapng`` or ``.pcap``, also under another suffix, ``.har.gz`` or
            ``.har.zip``; or a directory with one recording.

    Raises:
        ValueError: no format has this content or suffix.
        FileError: the file is damaged or not of its format; ``place`` says where.
        OSError: the file does not exist or cannot be read.
    """
    return to_log(*reader_for(path).read(Path(path)))


def to_log(header: Header, runs: Iterable[Rows]) -> FrameLog:
    """Return a log with the header and the rows of a file; beyond the retention its rows are spilled as they are read."""
    log = FrameLog.starting_at(header.first, header.connections)
    log.restore(header.events, dropped=header.dropped, truncated=header.truncated)
    for rows in runs:
        log.adopt(rows)
    return log

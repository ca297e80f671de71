"""Loading: reads a file, or the one recording of a directory, into a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from wsnotebook.files.formats import capture_reader_for, reader_for
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.header import Header
from wsnotebook.files.paths import is_directory
from wsnotebook.log.rows import Rows

__all__ = ["load", "open_log", "to_log"]


def load(
    path: str | Path,
    *,
    port: int | None = None,
    keylog: str | Path | None = None,
    strict: bool = False,
) -> FrameLog:
    """Read a log from a file that ``log.save``, a browser, Playwright, mitmproxy, tcpdump or Wireshark wrote.

    Example: ``load("feed.parquet").df.ws.counts()``.

    Args:
        path: ``.parquet``, ``.jsonl``, ``.har``, ``.pcapng``, ``.pcap`` or ``.cap``, also under another suffix,
            ``.har.gz``, ``.har.zip`` or ``.pcap.gz``, or a trace of Playwright; or a directory with one recording, or
            with one of these HARs, or a URL such as "s3://bucket/feed/".
        port: of a captured server whose connections are WebSockets, where the capture begins after their handshakes
            and too little of both directions shows it.
        keylog: file with the keys of captured TLS, as clients write it to SSLKEYLOGFILE; tshark has to be installed.
        strict: refuse a damaged capture or ``.pcapng``; otherwise what is whole is read, and events name the damage.

    Raises:
        ValueError: no format has this content or suffix, or a keyword is for captures and this is none.
        FileError: the file is damaged or not of its format; ``place`` says where.
        OSError: the file does not exist or cannot be read.
    """
    return to_log(*open_log(path, port=port, keylog=keylog, strict=strict))


def open_log(
    path: str | Path,
    *,
    port: int | None = None,
    keylog: str | Path | None = None,
    strict: bool = False,
) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of a file as load() takes it; rows are read when they are asked for, as far as can be.

    Raises:
        ValueError, OSError: as of load(); from the iterator too.
    """
    capture = capture_reader_for(path)
    if capture is not None:
        keys = None if keylog is None else Path(keylog)
        return capture.read(Path(path), port=port, keylog=keys, strict=strict)
    if port is not None or keylog is not None:
        raise ValueError(f"{str(path)!r} is no capture, which port= and keylog= are for")
    path = _of_playwright(path) or path
    if is_directory(path):
        from wsnotebook.files import dataset  # it loads pyarrow

        return dataset.read(path)
    return reader_for(path).read(Path(path))


def _of_playwright(path: str | Path) -> Path | None:
    """Return the one HAR, or the file of a trace, in a directory into which Playwright has put messages too, if it is one."""
    found = [each for pattern in ("*.har", "*.network") for each in Path(path).glob(pattern)]
    return found[0] if len(found) == 1 and not any(Path(path).glob("*.parquet")) else None


def to_log(header: Header, runs: Iterable[Rows]) -> FrameLog:
    """Return a log with the header and the rows of a file; beyond the retention its rows are spilled as they are read."""
    return header.to_log(FrameLog, runs)

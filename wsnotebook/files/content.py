"""Content: the format of a file by its first bytes, compressed with gzip or not; a suffix is often wrong.

What a file holds is decided here; which module reads it, in formats.py.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from pathlib import Path
from typing import BinaryIO, cast

__all__ = ["DAMAGED_GZIP", "TRACE_START", "is_har", "kind_of", "open_plain"]

DAMAGED_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)
"""Exceptions that reading from open_plain() raises where the gzip file is damaged."""

TRACE_START = b'{"type":"resource-snapshot"'
"""First bytes of a file that has the entries of a trace of Playwright, which also comes in a zip."""
_GZIP = b"\x1f\x8b"
_HEAD = 4096  # bytes that decide
_STARTS = {
    ".parquet": re.compile(rb"PAR1"),
    ".pcapng": re.compile(rb"\n\r\r\n"),
    ".pcap": re.compile(rb"\xa1\xb2(\xc3\xd4|\x3c\x4d)|(\xd4\xc3|\x4d\x3c)\xb2\xa1"),
    ".jsonl": re.compile(rb'\{"wsnotebook":'),
    ".har": re.compile(rb"PK\x03\x04|" + re.escape(TRACE_START)),
}
"""First bytes of each format, after gzip is undone."""
_HAR = re.compile(r'\ufeff?\s*\{.*?"log"\s*:\s*\{', re.DOTALL)


def kind_of(path: Path) -> str | None:
    """Return the usual suffix of the format that the first bytes of a file show; None where they show none.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.is_file():
        return None
    try:
        with open_plain(path) as file:
            head = file.read(_HEAD)
    except DAMAGED_GZIP:
        return None
    found = next((kind for kind, start in _STARTS.items() if start.match(head)), None)
    return ".har" if found is None and is_har(head) else found


def is_har(head: bytes) -> bool:
    """Return whether the first bytes of a file, of which a few hundred are enough, are of a HAR, in any UTF."""
    return _HAR.match(head.decode(json.detect_encoding(head), "ignore")) is not None


def open_plain(path: Path) -> BinaryIO:
    """Open a file to read its bytes, those within where it is compressed with gzip.

    A few bytes of gzip can become gigabytes: read with a limit.
    """
    file = path.open("rb")
    with_gzip = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    if not with_gzip:
        return file
    file.close()
    return cast(BinaryIO, gzip.open(path))

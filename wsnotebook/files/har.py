"""HAR: an entry a connection, with _webSocketMessages as Chrome writes them, and all of the log in ``_wsnotebook``.

Files of browsers, Playwright and mitmproxy load too: harforeign.py reads them.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wsnotebook.errors import FileError
from wsnotebook.files.harfile import HarFile
from wsnotebook.files.harforeign import read_foreign
from wsnotebook.files.harwriting import MessageJoiner, entry_of
from wsnotebook.files.header import Header
from wsnotebook.files.pcapng.runblocks import Run, run_data
from wsnotebook.files.pcapng.runreader import RunReader
from wsnotebook.log.segment import Rows

__all__ = ["read", "write"]

_MAX_PAYLOAD = 128 << 20  # bytes of payload: such a file has them twice, as text and in base64


def write(header: Header, runs: Iterable[Rows], path: Path) -> None:
    """Write a header and its rows to a HAR file.

    Raises:
        ValueError: the rows are too large for a format that is read as a whole.
    """
    messages: list[list[dict[str, Any]]] = [[] for _ in header.connections]
    joined = MessageJoiner()
    blobs = []
    room = _MAX_PAYLOAD
    for rows in runs:
        room -= int(rows.offsets[-1] - rows.offsets[0]) + 64 * len(rows)
        if room < 0:
            raise ValueError(
                f"a HAR has room for {_MAX_PAYLOAD >> 20} MiB of payload: save this log as .parquet"
            )
        blobs.append(base64.b64encode(run_data(rows)).decode())
        for number, message in joined.take(rows):
            messages[number].append(message)
    document = {
        "log": {
            "version": "1.2",
            "creator": {"name": "wsnotebook", "version": "1"},
            "pages": [],
            "entries": [entry_of(*pair) for pair in zip(header.connections, messages, strict=True)],
            "_wsnotebook": {**header.to_dict(), "frames": blobs},
        }
    }
    with path.open("w", encoding="ascii") as file:
        json.dump(document, file, separators=(",", ":"))


def read(path: Path) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of a HAR file, also of one in gzip, in a zip, or of a trace of Playwright.

    Raises:
        FileError: the file is damaged, or has no HAR; from the iterator too.
    """
    place = _Place(path)
    with HarFile(path) as file:
        own = file.log.get("_wsnotebook")
        if own is None:
            return read_foreign(file)
    with place:
        place.text = "_wsnotebook"
        header = Header.from_dict(own)
        return header, _read_own(header, own["frames"], place)


class _Place:
    """The part of the document that is being read; as a context manager, it turns what damage raises into FileErrors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = ""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, _WRONG):
            raise FileError(self.path, self.text, _sentence(error)) from error


_WRONG = (ValueError, LookupError, TypeError, AttributeError, OverflowError, struct.error)


def _sentence(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, binascii.Error):
        return "damaged base64"
    return str(error) if isinstance(error, ValueError) else "a value of the wrong kind"


def _read_own(header: Header, blobs: list[str], place: _Place) -> Iterator[Rows]:
    """Yield the rows of a document that write() made."""
    runs = RunReader(header.connections, header.first)
    with place:
        for number, blob in enumerate(blobs):
            place.text = f"_wsnotebook, frames {number}"
            run, wire = Run.with_wire(base64.b64decode(blob, validate=True))
            runs.add(run)
            runs.add_packet(wire)
            yield runs.take()
        if runs.next != header.first + header.rows:
            raise ValueError(f"{runs.next - header.first} frames where the header says {header.rows}")

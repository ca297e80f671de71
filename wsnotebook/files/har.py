"""HAR: an entry a connection, with _webSocketMessages as Chrome writes them, and all of the log in ``_wsnotebook``.

Files of browsers, Playwright and mitmproxy load too: harforeign.py reads them.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from wsnotebook.errors import FileError
from wsnotebook.files.harfile import HarFile
from wsnotebook.files.harforeign import ForeignReader
from wsnotebook.files.harlog import CREATOR, FRAMES, MAX_BLOB, OWN, HarLog, members_of_log
from wsnotebook.files.harwriting import MessageJoiner, entry_of
from wsnotebook.files.header import Header
from wsnotebook.files.jsonstream import JsonStream
from wsnotebook.files.pcapng.runblocks import Run, run_data
from wsnotebook.files.pcapng.runreader import RunReader
from wsnotebook.log.events import Event
from wsnotebook.log.rows import Rows

__all__ = ["read", "write"]

_MAX_FILE = 512 << 20  # bytes: messages are collected by connection, and blobs, before the first is written
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def write(header: Header, runs: Iterable[Rows], path: Path) -> None:
    """Write a header and its rows to a HAR file.

    Raises:
        ValueError: the rows are too large for a format that is read as a whole.
    """
    messages: list[list[dict[str, Any]]] = [[] for _ in header.connections]
    blobs: list[str] = []
    document = _document(header, messages, blobs)
    size = len(_ENCODER.encode(document))
    joined = MessageJoiner()
    for rows in runs:
        blobs.append(base64.b64encode(run_data(rows)).decode())
        size += len(blobs[-1]) + 3  # two quotes and a comma
        for number, message in joined.take(rows):
            messages[number].append(message)
            size += len(_ENCODER.encode(message)) + 1
        if size > _MAX_FILE:
            raise ValueError(
                f"this log needs a HAR of over {_MAX_FILE >> 20} MiB, which would be collected in memory: save it as .parquet"
            )
    with path.open("w", encoding="ascii") as file:
        file.writelines(_ENCODER.iterencode(document))


def _document(
    header: Header, messages: Sequence[Sequence[dict[str, Any]]], blobs: Sequence[str]
) -> dict[str, Any]:
    """Return the whole of a file.

    Args:
        header: of the log.
        messages: those of each connection.
        blobs: each run of rows in base64.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": CREATOR, "version": "1"},
            "pages": [],
            "entries": [entry_of(*pair) for pair in zip(header.connections, messages, strict=True)],
            OWN: {**header.to_dict(), FRAMES: blobs},
        }
    }


def read(path: Path) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of a HAR file, also of one in gzip, in a zip, or of a trace of Playwright.

    Raises:
        FileError: the file has no HAR, or a damaged one of ours; from the iterator too.
    """
    with HarFile(path) as file:
        header, runs = _read_trace(file) if file.trace else _read_har(file)
    if file.left_out:
        time_ns = max((connection.opened_ns for connection in header.connections), default=0)
        header.events.append(Event(time_ns, time_ns, "", "truncated", file.left_out))
    return header, runs


def _read_trace(file: HarFile) -> tuple[Header, Iterator[Rows]]:
    reader = ForeignReader(file)
    reader.read_trace()
    return reader.result()


def _read_har(file: HarFile) -> tuple[Header, Iterator[Rows]]:
    reader = ForeignReader(file)
    own = HarLog(file, reader).own
    if own is None:
        return reader.result()
    place = _Place(file.path)
    with place:
        place.text = OWN
        header = Header.from_dict(own)
    return header, _read_own(header, place)


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


def _read_own(header: Header, place: _Place) -> Iterator[Rows]:
    """Yield the rows of a document that write() made."""
    runs = RunReader(header.connections, header.first)
    with place:
        for number, blob in enumerate(_blobs(place.path)):
            place.text = f"{OWN}, frames {number}"
            run, wire = Run.with_wire(base64.b64decode(blob, validate=True))
            runs.add(run)
            runs.add_packet(wire)
            yield runs.take()
        if runs.next != header.first + header.rows:
            raise ValueError(f"{runs.next - header.first} frames where the header says {header.rows}")


def _blobs(path: Path) -> Iterator[Any]:
    """Yield the frames in our own part, a run at a time."""
    with HarFile(path) as file, file.document() as document:
        stream = JsonStream(document)
        for name in members_of_log(stream):
            for key in stream.members() if name == OWN else ():
                if key == FRAMES:
                    yield from stream.values(MAX_BLOB)

"""HAR: an entry a connection, with _webSocketMessages as Chrome writes them, and all of the log in ``_wsnotebook``.

Files of Chrome and mitmproxy load too. They have messages, not frames: masks, fragments, compression and control frames
are not in them, and the ``detail`` of every row says so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wsnotebook.errors import FileError
from wsnotebook.files.harwriting import MessageJoiner, entry_of
from wsnotebook.files.header import Header, connection_from
from wsnotebook.files.jsontext import parse
from wsnotebook.files.pcapng.runblocks import Run, run_data
from wsnotebook.files.pcapng.runreader import RunReader
from wsnotebook.files.rowbuilder import Row, RowBuilder
from wsnotebook.log.code import pack_code
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.segment import Rows
from wsnotebook.wire.batch import Flag, first_byte

__all__ = ["read", "write"]

_MAX_FILE = 512 << 20  # bytes: JSON has to be read as a whole
_MAX_PAYLOAD = 128 << 20  # bytes of payload: such a file has them twice, as text and in base64
_UNKNOWN = "from a HAR of messages: mask, fragments and compression are not known"
_NEEDED = ("type", "time", "opcode", "data")


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
    """Return the header and the rows of a HAR file.

    Raises:
        FileError: the file is damaged; from the iterator too.
    """
    if path.stat().st_size > _MAX_FILE:
        raise FileError(
            path, "", f"a HAR of more than {_MAX_FILE >> 20} MiB is not read: JSON has to be read as a whole"
        )
    place = _Place(path)
    with path.open("rb") as file, place:
        har = parse(file.read(_MAX_FILE))["log"]
        if "_wsnotebook" in har:
            place.text = "_wsnotebook"
            header = Header.from_dict(har["_wsnotebook"])
            return header, _read_own(header, har["_wsnotebook"]["frames"], place)
        header, messages = _read_entries(har["entries"], place)
        return header, _read_messages(header, messages, place)


class _Place:
    """The part of the document that is being read; as a context manager, it turns what damage raises into FileErrors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = ""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, (ValueError, LookupError, TypeError, AttributeError, OverflowError)):
            sentence = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise FileError(self.path, self.text, sentence) from error


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


def _read_entries(entries: list[Any], place: _Place) -> tuple[Header, list[Row]]:
    """Return the header and the messages of a document of Chrome or mitmproxy."""
    connections: list[Connection] = []
    events, found = [], []
    for number, entry in enumerate(entries):
        place.text = f"entry {number}"
        if "_webSocketMessages" not in entry:
            continue
        connection = _connection(entry, connections)
        skipped = 0
        for count, message in enumerate(entry["_webSocketMessages"]):
            place.text = f"entry {number}, message {count}"
            if all(name in message for name in _NEEDED):
                found.append(_row(message, len(connections)))
            else:
                skipped += 1  # Chrome's importer skips them too
        if skipped:
            detail = f"{skipped} messages of the HAR lack type, time, opcode or data"
            opened = connection.opened_ns
            events.append(Event(opened, opened, connection.session, "truncated", detail))
        connections.append(connection)
    place.text = ""
    if not connections:
        raise ValueError(
            "no entry has _webSocketMessages: export the HAR while the WebSocket's tab is recorded"
        )
    return Header(0, len(found), connections, events, 0, 0), found


def _read_messages(header: Header, messages: list[Row], place: _Place) -> Iterator[Rows]:
    """Yield the rows of messages, by time."""
    rows = RowBuilder(0)
    with place:
        for row in sorted(messages, key=lambda row: row.time_ns):
            rows.add(row)
            if rows.is_full:
                yield rows.take(len(header.connections))
        yield rows.take(len(header.connections))


def _connection(entry: dict[str, Any], others: Sequence[Connection]) -> Connection:
    request, response = entry["request"], entry["response"]
    url = str(request["url"])
    count = sum(other.url == url for other in others)
    target = "/" + url.partition("://")[2].partition("/")[2]
    started = datetime.fromisoformat(str(entry["startedDateTime"]))
    values = {
        "session": url.partition("://")[2] + (f" ({count + 1})" if count else ""),
        "attempt": 0,
        "url": url,
        "request": _lines(f"{request['method']} {target} HTTP/1.1", request.get("headers", ())),
        "response": _lines(
            f"HTTP/1.1 {response['status']} {response['statusText']}", response.get("headers", ())
        ),
        "opened_ns": int(started.timestamp() * 1e6) * 1000,
        "has_secrets": True,
    }
    return connection_from(values)


def _lines(first: str, headers: Any) -> str:
    lines = [first, *(f"{header['name']}: {header['value']}" for header in headers)]
    return (
        "".join(" ".join(line.splitlines()) + "\r\n" for line in lines)
        .encode("latin-1", "replace")
        .decode("latin-1")
        + "\r\n"
    )


def _row(message: dict[str, Any], connection: int) -> Row:
    """Return the row of a message of Chrome or mitmproxy."""
    opcode, data, time = message["opcode"], message["data"], message["time"]
    if type(opcode) is not int or not 0 <= opcode <= 15 or not isinstance(data, str):
        raise ValueError("opcode is a number from 0 to 15, data is text")
    is_text = opcode == 1
    payload = data.encode("utf-8", "replace") if is_text else base64.b64decode(data, validate=True)
    time_ns = round(float(time) * 1e6) * 1000  # a float of seconds since 1970 is exact to microseconds
    if not 0 <= time_ns < 1 << 63:
        raise ValueError(f"time is {time!r}, not seconds since 1970")
    sent = ("receive", "send").index(message["type"])
    return Row(
        head=first_byte(opcode, fin=1, rsv1=0, rsv2=0, rsv3=0),
        flags=Flag.TEXT if is_text else 0,
        payload=payload,
        time_ns=time_ns,
        monotonic_ns=time_ns,
        code=pack_code(connection, sent),
        detail=_UNKNOWN,
    )

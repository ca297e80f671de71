"""The rows of a HAR of a browser, Playwright or another program: all that can be read, and events for the rest.

Such files have messages, not frames: masks, fragments, compression and control frames are not in them, and the
``detail`` of every row says so. Nothing in an entry or message refuses the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from zipfile import BadZipFile

from wsnotebook.errors import FileError
from wsnotebook.files.harcreator import no_messages
from wsnotebook.files.harentry import MESSAGES, HarEntry
from wsnotebook.files.harfile import HarFile
from wsnotebook.files.harmessage import HarMessage, read_message, shown
from wsnotebook.files.haroddities import Oddities
from wsnotebook.files.header import Header
from wsnotebook.files.jsontext import parse
from wsnotebook.files.rowbuilder import Row, RowBuilder
from wsnotebook.log.code import pack_code
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rows import Rows
from wsnotebook.wire.batch import Flag, first_byte
from wsnotebook.wire.frames import Opcode

__all__ = ["read_foreign"]

_UNKNOWN = "from a HAR of messages: mask, fragments and compression are not known"
_UNTIMED = f"{_UNKNOWN}; the time neither: it is that of the message or entry before"


def read_foreign(file: HarFile) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows, by time, of an open HAR that another program wrote.

    Raises:
        FileError: no entry has messages, or files that belong to it are too large.
    """
    entries = file.log.get("entries")
    listed = entries if isinstance(entries, list) else []
    reader = _Entries(file)
    for number, values in enumerate(listed):
        reader.add(number, values)
    if not reader.connections:
        raise FileError(file.path, "", no_messages(file.log, listed))
    header = Header(0, len(reader.rows), reader.connections, reader.events(), 0, 0)
    return header, _runs(reader.rows, len(reader.connections))


def _runs(found: list[Row], connections: int) -> Iterator[Rows]:
    """Yield the rows by time; those of one time stay in the order of the file."""
    rows = RowBuilder(0)
    for row in sorted(found, key=lambda row: row.time_ns):
        rows.add(row)
        if rows.is_full:
            yield rows.take(connections)
    yield rows.take(connections)


class _Entries:
    """Read entries into connections and rows."""

    def __init__(self, file: HarFile) -> None:
        self.connections: list[Connection] = []
        self.rows: list[Row] = []
        self._file = file
        self._odd = Oddities()
        self._names: Counter[str] = Counter()
        self._latest_ns = 0

    def events(self) -> list[Event]:
        """Return the events, by time."""
        first_ns = min((row.time_ns for row in self.rows), default=self._latest_ns)
        return sorted(self._odd.events(first_ns), key=lambda event: event.time_ns)

    def add(self, number: int, values: Any) -> None:
        """Add an entry, if it is one of a WebSocket."""
        if not isinstance(values, dict):
            self._odd.add(number, f"{shown(values)} is no entry")
            return
        entry = HarEntry(number, values, self._odd)
        messages = self._messages(entry)
        if messages is None:
            return
        entry.check()
        found = list(self._readable(number, messages))
        opened_ns = self._opened(entry, found)
        name = entry.url.partition("://")[2] or f"entry {number}"
        self._names[entry.url] += 1
        count = self._names[entry.url]
        connection = entry.connection(name + (f" ({count})" if count > 1 else ""), opened_ns)
        self._odd.place(number, opened_ns, connection.session)
        self._add_messages(number, opened_ns, found)
        self.connections.append(connection)

    def _messages(self, entry: HarEntry) -> Iterable[Any] | None:
        """Return the messages of an entry; None where it is not one of a WebSocket, or has no place for them."""
        messages = entry.values.get(MESSAGES)
        if isinstance(messages, list):
            return messages
        if entry.attachment:
            return self._attached(entry)
        if MESSAGES not in entry.values:
            return None
        self._odd.add(entry.number, f"{MESSAGES} is {shown(messages)}, no list")
        return ()

    def _attached(self, entry: HarEntry) -> Iterable[Any]:
        """Return the messages in the file that an entry names."""
        name = shown(entry.attachment)
        try:
            data = self._file.attached(entry.attachment)
        except (OSError, BadZipFile):
            self._odd.add(entry.number, f"its messages are in {name}, which cannot be read")
            return ()
        if data is None:
            self._odd.add(entry.number, f"its messages are in {name}: keep that file beside the HAR")
            return ()
        return _lines(data)

    def _readable(self, number: int, messages: Iterable[Any]) -> Iterator[tuple[int, HarMessage]]:
        """Yield the messages that have a payload, with their numbers; the others become events."""
        for place, value in enumerate(messages):
            message = read_message(value)
            if message.error is not None:
                self._odd.add(number, message.error, place, "error")
            elif message.odd:
                self._odd.add(number, message.odd, place)
            if message.payload is not None:
                yield place, message

    def _opened(self, entry: HarEntry, found: list[tuple[int, HarMessage]]) -> int:
        """Return the time of an entry, or the best that the file has for it."""
        times = (message.time_ns for _, message in found if message.time_ns is not None)
        opened_ns = entry.started_ns
        if opened_ns is None:
            opened_ns = next(times, self._latest_ns)
        self._latest_ns = max(self._latest_ns, opened_ns)
        return opened_ns

    def _add_messages(self, number: int, opened_ns: int, found: list[tuple[int, HarMessage]]) -> None:
        time_ns = opened_ns
        for place, message in found:
            if message.time_ns is None:
                self._odd.add(number, "no time: it is that of the message or entry before", place)
            else:
                time_ns = message.time_ns
            self.rows.append(_row(message, time_ns, pack_code(len(self.connections), message.sent)))


def _lines(data: bytes) -> Iterator[Any]:
    """Yield the messages of a file that has one a line; a line that is not JSON as text."""
    for line in data.splitlines():
        try:
            if line.strip():
                yield parse(line)
        except ValueError:
            yield line.decode("utf-8", "replace")


def _row(message: HarMessage, time_ns: int, code: int) -> Row:
    assert message.payload is not None
    return Row(
        head=first_byte(message.opcode, fin=1, rsv1=0, rsv2=0, rsv3=0),
        flags=Flag.TEXT if message.opcode == Opcode.TEXT else 0,
        payload=message.payload,
        time_ns=time_ns,
        monotonic_ns=time_ns,
        code=code,
        detail=_UNKNOWN if message.time_ns is not None else _UNTIMED,
    )

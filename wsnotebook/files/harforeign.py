"""The rows of a HAR of a browser, Playwright or another program: all that can be read, and events for the rest.

Such files have messages, not frames: masks, fragments, compression and control frames are not in them, and the
``detail`` of every row says so. Nothing in an entry or message refuses the file.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from wsnotebook.errors import FileError
from wsnotebook.files.harcreator import no_messages
from wsnotebook.files.harentry import MESSAGES, HarEntry, read_part
from wsnotebook.files.harentrymessages import EntryMessages
from wsnotebook.files.harfile import HarFile
from wsnotebook.files.harmessage import shown
from wsnotebook.files.haroddities import Oddities
from wsnotebook.files.harrows import MessageRows
from wsnotebook.files.header import Header
from wsnotebook.files.jsonstream import BrokenJson, JsonStream
from wsnotebook.files.jsontext import parse
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rows import Rows

__all__ = ["MAX_MESSAGE", "ForeignReader"]

MAX_MESSAGE = 256 << 20
"""Characters of a message that is read."""
_MOST_CONNECTIONS = 100_000  # of one file: an entry of 30 bytes would make one of 500
_SNAPSHOT = "snapshot"  # key of the entry in a line of a trace


class ForeignReader:
    """Read entries into connections and rows.

    Args:
        file: the files that the entries stand in.
    """

    def __init__(self, file: HarFile) -> None:
        self.creator: object = None
        """Value of ``creator`` in the log."""
        self._file = file
        self._entries = 0
        self._opened = 0  # entries with the status that opens a WebSocket
        self._connections: list[Connection] = []
        self._rows = MessageRows()
        self._odd = Oddities()
        self._names: Counter[str] = Counter()
        self._latest_ns = 0
        self._stopped = ""

    def read_entries(self, stream: JsonStream) -> None:
        """Read the list of entries that comes next.

        Raises:
            BrokenJson: it is cut off or damaged; all before the place was read.
        """
        for _ in stream.items() if stream.peek() == "[" else ():
            self._read_entry(stream)

    def read_trace(self) -> None:
        """Read the entries of a trace of Playwright."""
        self.creator = {"name": "Playwright"}
        try:
            for line in self._file.trace_lines():
                self._read_line(JsonStream(io.BytesIO(line)))
        except OSError as error:
            self.stop(str(error))

    def stop(self, problem: str) -> None:
        """Note why nothing behind the last entry can be read; the first reason counts."""
        if self._stopped:
            return
        last = f"within or behind entry {self._entries - 1}" if self._entries else "before the first entry"
        self._stopped = f"the rest of the HAR, {last}, cannot be read: {problem}"

    def result(self) -> tuple[Header, Iterator[Rows]]:
        """Return the header and the rows, by time.

        Raises:
            FileError: no entry has messages.
        """
        if not self._connections:
            problem = no_messages(self.creator, self._opened, self._entries)
            raise FileError(self._file.path, "", self._stopped or problem)
        events = self._odd.events(self._rows.earliest(self._latest_ns))
        if self._stopped:
            events.append(Event(self._latest_ns, self._latest_ns, "", "truncated", self._stopped))
        events.sort(key=lambda event: event.time_ns)
        header = Header(0, len(self._rows), self._connections, events, 0, 0)
        return header, self._rows.runs(len(self._connections))

    def _read_line(self, stream: JsonStream) -> None:
        """Read a line of a trace, which may have an entry."""
        try:
            for key in stream.members() if stream.peek() == "{" else ():
                if key == _SNAPSHOT:
                    self._read_entry(stream)
        except BrokenJson as error:
            self._odd.add(self._entries, f"a line of the trace cannot be read: {error}")

    def _read_entry(self, stream: JsonStream) -> None:
        """Read the entry that comes next, if it is one of a WebSocket."""
        if len(self._connections) >= _MOST_CONNECTIONS:
            self.stop(f"a HAR of over {_MOST_CONNECTIONS:,} connections")
            stream.skip()
            return
        number, self._entries = self._entries, self._entries + 1
        if stream.peek() != "{":
            self._odd.add(number, f"{shown(stream.value(MAX_MESSAGE))} is no entry")
            self._odd.count_lost(len(self._rows))
            return
        messages = EntryMessages(number, len(self._connections), self._rows, self._odd)
        values: dict[str, Any] = {}
        is_whole = False
        try:
            for key in stream.members():
                if key == MESSAGES and stream.peek() == "[":
                    values[key] = []
                    messages.add(stream.values(MAX_MESSAGE))
                else:
                    read_part(stream, key, values)
            is_whole = True
        finally:  # where it is cut off, what was read of it counts
            self._add(HarEntry(number, values, self._odd), messages, is_whole)

    def _add(self, entry: HarEntry, messages: EntryMessages, is_whole: bool) -> None:
        """Add the connection of an entry whose messages were read, if it is one of a WebSocket."""
        self._opened += entry.is_opened
        if not isinstance(entry.values.get(MESSAGES), list):
            if entry.attachment:
                self._read_attached(entry, messages)
            elif MESSAGES in entry.values:
                self._odd.add(entry.number, f"{MESSAGES} is {shown(entry.values[MESSAGES])}, no list")
            else:
                if entry.is_websocket:
                    self._odd.add(
                        entry.number, f"a WebSocket without {MESSAGES}: its messages are not in the HAR"
                    )
                elif "request" not in entry.values:
                    self._odd.count_lost(len(self._rows))
                return
        if is_whole:
            entry.check()
        opened_ns = entry.started_ns
        if opened_ns is None:
            opened_ns = self._latest_ns if messages.first_ns is None else messages.first_ns
        self._latest_ns = max(self._latest_ns, opened_ns)
        messages.settle(opened_ns)
        name = entry.url.partition("://")[2] or f"entry {entry.number}"
        self._names[entry.url] += 1
        count = self._names[entry.url]
        connection = entry.connection(name + (f" ({count})" if count > 1 else ""), opened_ns)
        self._odd.place(entry.number, opened_ns, connection.session)
        self._connections.append(connection)

    def _read_attached(self, entry: HarEntry, messages: EntryMessages) -> None:
        """Read the messages in the file that an entry names."""
        name = shown(entry.attachment)
        try:
            lines = self._file.attached(entry.attachment)
            if lines is None:
                self._odd.add(entry.number, f"its messages are in {name}: keep that file beside the HAR")
            else:
                messages.add(map(_message_in, filter(bytes.strip, lines)))
        except OSError:
            self._odd.add(entry.number, f"its messages are in {name}, which cannot be read to its end")


def _message_in(line: bytes) -> object:
    """Return the message in a line; a line that is not JSON as text."""
    try:
        return parse(line)
    except ValueError:
        return line.decode("utf-8", "replace")

"""EntryMessages: the messages of one entry of a HAR become rows; those that cannot be read, events."""

from __future__ import annotations

from collections.abc import Iterable

from wsnotebook.files.harmessage import read_message
from wsnotebook.files.haroddities import Oddities
from wsnotebook.files.harrows import MessageRows
from wsnotebook.log.code import pack_code

__all__ = ["EntryMessages"]


class EntryMessages:
    """Read the messages of one entry.

    Args:
        number: of the entry.
        connection: number that its connection will have.
        rows: takes the rows.
        odd: takes what cannot be read.
    """

    def __init__(self, number: int, connection: int, rows: MessageRows, odd: Oddities) -> None:
        self.first_ns: int | None = None
        """First time that a message has, ns since the epoch; None so far."""
        self._number = number
        self._codes = pack_code(connection, False), pack_code(connection, True)
        self._rows = rows
        self._odd = odd
        self._start = len(rows)
        self._untimed_stop = self._start  # of the rows before the first time
        self._place = 0  # of the next message
        self._time_ns = 0  # last that a message has

    def add(self, values: Iterable[object]) -> None:
        """Add messages as they stand in the file."""
        for value in values:
            self._add(value)
            self._place += 1

    def settle(self, opened_ns: int) -> None:
        """Give the messages that stand before the first time that of the entry."""
        self._rows.set_times(self._start, self._untimed_stop, opened_ns)

    def _add(self, value: object) -> None:
        message = read_message(value)
        if message.time_ns is not None:
            self._time_ns = message.time_ns
            if self.first_ns is None:
                self.first_ns = message.time_ns
        if message.error is not None:
            self._note(message.error, "error")
        elif message.odd:
            self._note(message.odd)
        if message.payload is None:
            self._odd.count_lost(len(self._rows))
            return
        is_timed = message.time_ns is not None
        if not is_timed:
            self._note("no time: it is that of the message or entry before")
        self._rows.add(message.opcode, message.payload, self._codes[message.sent], self._time_ns, is_timed)
        if self.first_ns is None:
            self._untimed_stop = len(self._rows)

    def _note(self, problem: str, kind: str = "truncated") -> None:
        """Note what cannot be read of a message, at the last time before it, if there is one."""
        time_ns = None if self.first_ns is None else self._time_ns
        self._odd.add(self._number, problem, self._place, kind, time_ns)

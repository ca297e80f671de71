"""Oddities: what a HAR has that cannot be read, collected into a few events that name entry and message."""

from __future__ import annotations

from dataclasses import dataclass, field

from wsnotebook.files.jsonstream import BrokenJson
from wsnotebook.log.events import Event

__all__ = ["Oddities"]

_MOST = 10_000  # events of one file; a hostile one has millions of oddities
_MOST_LOST = 100_000  # values beside the rows: one of three bytes takes microseconds
_NAMED = 5  # messages named in one event


class Oddities:
    """Collect the oddities of a file; the same one in many messages of an entry is one event."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str, str], _Found] = {}
        self._left_out = 0
        self._lost = 0
        self._times: dict[int, tuple[int, str]] = {}

    def add(
        self,
        entry: int,
        problem: str,
        message: int | None = None,
        kind: str = "truncated",
        time_ns: int | None = None,
    ) -> None:
        """Add the problem of an entry, or of one of its messages, whose time may be known."""
        found = self._found.get((entry, kind, problem))
        if found is None:
            if len(self._found) >= _MOST:
                self._left_out += 1
                return
            found = self._found[entry, kind, problem] = _Found(time_ns)
        found.count += 1
        if message is not None and len(found.messages) < _NAMED:
            found.messages.append(message)

    def count_lost(self, rows: int) -> None:
        """Count a value that is no entry, or a message that is no row, where the file has had so many rows so far.

        Raises:
            BrokenJson: there are far more of them than rows.
        """
        self._lost += 1
        if self._lost > _MOST_LOST + rows:
            raise BrokenJson(f"over {_MOST_LOST:,} values are none of a HAR")

    def place(self, entry: int, time_ns: int, session: str) -> None:
        """Give the events of an entry a time and a session."""
        self._times[entry] = time_ns, session

    def events(self, elsewhere_ns: int) -> list[Event]:
        """Return the events in the order of the file; those without a time of their own have that of their
        entry, or the one given."""
        events = []
        for (entry, kind, problem), found in self._found.items():
            time_ns, session = self._times.get(entry, (elsewhere_ns, ""))
            if found.time_ns is not None:
                time_ns = found.time_ns
            events.append(Event(time_ns, time_ns, session, kind, f"entry {entry}{found.where}: {problem}"))
        if self._left_out:
            problem = f"{self._left_out} more values of the HAR cannot be read"
            events.append(Event(elsewhere_ns, elsewhere_ns, "", "truncated", problem))
        return events


@dataclass
class _Found:
    """How often a problem was found."""

    time_ns: int | None
    """Of the first message; None where it is not known."""
    count: int = 0
    messages: list[int] = field(default_factory=list)
    """The first of them; none for a problem of the entry."""

    @property
    def where(self) -> str:
        """The messages, for a person."""
        if not self.messages:
            return ""
        names = ", ".join(map(str, self.messages)) + (", …" if self.count > len(self.messages) else "")
        return f", message {names}" if self.count == 1 else f", {self.count} messages: {names}"

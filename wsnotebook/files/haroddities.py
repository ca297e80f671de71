"""Oddities: what a HAR has that cannot be read, collected into a few events that name entry and message."""

from __future__ import annotations

from wsnotebook.log.events import Event

__all__ = ["Oddities"]

_MOST = 10_000  # events of one file; a hostile one has millions of oddities
_NAMED = 5  # messages named in one event


class Oddities:
    """Collect the oddities of a file; the same one in many messages of an entry is one event."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str, str, str], list[int]] = {}  # count, then the first messages
        self._left_out = 0
        self._times: dict[int, tuple[int, str]] = {}

    def add(self, entry: int, problem: str, message: int | None = None, kind: str = "truncated") -> None:
        """Add the problem of an entry, or of one of its messages."""
        key = entry, kind, problem, "" if message is None else "message"
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _MOST:
                self._left_out += 1
                return
            found = self._found[key] = [0]
        found[0] += 1
        if message is not None and len(found) <= _NAMED:
            found.append(message)

    def place(self, entry: int, time_ns: int, session: str) -> None:
        """Give the events of an entry a time and a session."""
        self._times[entry] = time_ns, session

    def events(self, elsewhere_ns: int) -> list[Event]:
        """Return the events in the order of the file; those of entries without a place have the time given."""
        events = []
        for (entry, kind, problem, what), (count, *messages) in self._found.items():
            time_ns, session = self._times.get(entry, (elsewhere_ns, ""))
            where = f"entry {entry}"
            if what:
                names = ", ".join(map(str, messages)) + (", …" if count > len(messages) else "")
                where += f", message {names}" if count == 1 else f", {count} messages: {names}"
            events.append(Event(time_ns, time_ns, session, kind, f"{where}: {problem}"))
        if self._left_out:
            problem = f"{self._left_out} more values of the HAR cannot be read"
            events.append(Event(elsewhere_ns, elsewhere_ns, "", "truncated", problem))
        return events

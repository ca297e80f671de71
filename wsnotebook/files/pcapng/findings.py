"""Findings: what reading a capture has found so far, which all of its connections share."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from wsnotebook.log.events import Event
from wsnotebook.log.restore import NO_TIME
from wsnotebook.log.rowlog import RowLog
from wsnotebook.wire.batch import Batch

__all__ = ["Findings"]

_MOST = 1000  # events of one kind; a capture with a small snap length has one for each packet


class Findings:
    """Rows and events of a capture.

    Args:
        port: of a server whose connections are WebSockets, also where no handshake says so.
    """

    def __init__(self, port: int | None = None) -> None:
        self.port = port
        self.log = RowLog()
        self.log.recording_id = ""  # the capture has none: its connections name it when they are loaded
        self.likely: list[tuple[tuple[str, int], tuple[str, int]]] = []
        """Both ends of connections that may be WebSockets."""
        self._events: list[Event] = []
        self._counts: Counter[str] = Counter()
        self._names: Counter[str] = Counter()
        self._last_ns = 0
        self._has_times = False

    def name(self, name: str) -> str:
        """Return a session name that no other connection has."""
        self._names[name] += 1
        count = self._names[name]
        return name if count == 1 else f"{name} ({count})"

    def append(self, batch: Batch, connection: int, direction: Literal["in", "out"], time_ns: int) -> None:
        """Append judged frames."""
        if time_ns != NO_TIME:
            self._last_ns, self._has_times = time_ns, True
        self.log.append(batch, connection, direction, time_ns, self._last_ns)

    def note(self, kind: str, detail: str, time_ns: int | None = None, session: str = "") -> None:
        """Append an event; without a time it has that of the last frames."""
        if time_ns is None:
            time_ns = self._last_ns if self._has_times else NO_TIME
        self._counts[kind] += 1
        if self._counts[kind] <= _MOST:
            monotonic_ns = self._last_ns if time_ns == NO_TIME else time_ns
            self._events.append(Event(time_ns, monotonic_ns, session, kind, detail))

    def events(self) -> list[Event]:
        """Return the events; of those that are too many, their number."""
        last = self._last_ns
        return self._events + [
            Event(last, last, "", kind, f"{count - _MOST} more events of this kind")
            for kind, count in self._counts.items()
            if count > _MOST
        ]

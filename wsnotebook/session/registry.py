"""Registry: sessions in the order of opening, held weakly; OPENED has those of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["OPENED", "Registry"]


class Registry:
    """Sessions that something else keeps alive. Any thread may use it."""

    def __init__(self) -> None:
        self._sessions: WeakValueDictionary[int, ClientWebSocketSession] = WeakValueDictionary()
        self._lock = threading.Lock()  # a dict that another thread adds to must not be iterated

    def add(self, session: ClientWebSocketSession) -> None:
        """Add a session as the last one; one that is there keeps its place."""
        with self._lock:
            self._sessions[id(session)] = session  # setdefault() would raise and catch a KeyError for each

    def discard(self, session: ClientWebSocketSession) -> None:
        """Remove a session, if it is there."""
        with self._lock:
            self._sessions.pop(id(session), None)

    def __iter__(self) -> Iterator[ClientWebSocketSession]:
        with self._lock:
            return iter(list(self._sessions.values()))


OPENED = Registry()
"""The sessions that connect() has opened in this process."""
